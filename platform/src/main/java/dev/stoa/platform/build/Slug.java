package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a build made: a folder that runs.
 *
 * @param root      where it stands on disk
 * @param mount     where it must stand for its instances
 * @param buildpack such as {@code python}
 * @param processes shell command by process type
 * @param release   a command to run once before the release takes traffic
 * @param env       what the instances need to find their runtime: PATH and the like
 * @param readable  toolchains outside the system's directories
 * @param sizeBytes of the files
 */
public record Slug(
        Path root,
        String mount,
        String buildpack,
        Map<String, String> processes,
        Optional<String> release,
        Map<String, String> env,
        List<Path> readable,
        long sizeBytes) {
    public Slug {
        processes = Map.copyOf(processes);
        env = Map.copyOf(env);
        readable = List.copyOf(readable);
    }

    /** The shell command of a process type that there is. */
    public String command(String process) {
        return Optional.ofNullable(processes.get(process))
                .orElseThrow(() -> new IllegalArgumentException("no process type " + process));
    }
}
