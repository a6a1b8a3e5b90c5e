package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Runs the commands of a build, sandboxed by whoever implements it. */
public interface BuildShell {
    /** The path at which {@code slug} stands for the commands of the build and, later, for the instances. */
    String slugMount(Path slug);

    /**
     * Runs a shell command to its end and returns its exit status.
     *
     * @param lines gets each line of its output as it comes
     * @throws InterruptedException when the build is cancelled; everything that the command started has ended then
     */
    int run(Command command, Consumer<String> lines) throws InterruptedException;

    /**
     * One command.
     *
     * @param tenant   on whose behalf
     * @param slug     the working directory, writable
     * @param cache    writable, at the same path inside
     * @param readable toolchains outside the system's directories
     */
    record Command(int tenant, Path slug, Path cache, String script, Map<String, String> env, List<Path> readable) {
        public Command {
            env = Map.copyOf(env);
            readable = List.copyOf(readable);
        }
    }
}
