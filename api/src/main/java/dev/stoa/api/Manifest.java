package dev.stoa.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an app says of itself, from {@code stoa.toml}. Everything is optional: a build adds what it detects, see
 * {@link ManifestFile} for the file's grammar.
 *
 * @param name       the app's name, where the folder's own is not wanted
 * @param domains    more host names that lead to the app
 * @param buildpack  the buildpack to use instead of the detected one
 * @param processes  by process type, such as {@code web}
 * @param release    the command to run once for each release, before it takes traffic
 * @param env        default config; config vars set by {@code stoa config set} win
 */
public record Manifest(
        Optional<AppName> name,
        List<String> domains,
        Optional<String> buildpack,
        Map<String, ProcessManifest> processes,
        Optional<String> release,
        Map<String, String> env) {

    public static final Manifest EMPTY =
            new Manifest(Optional.empty(), List.of(), Optional.empty(), Map.of(), Optional.empty(), Map.of());

    public Manifest {
        domains = List.copyOf(domains);
        processes = Map.copyOf(processes);
        env = Map.copyOf(env);
    }

    /** The entry of a process type, or one that leaves everything to the defaults. */
    public ProcessManifest process(String type) {
        return processes.getOrDefault(type, ProcessManifest.DEFAULT);
    }

    /**
     * One process type.
     *
     * @param command   a shell command; absent where the Procfile or the buildpack gives it
     * @param instances how many to run when the user has not scaled
     * @param memoryBytes the most memory one instance may use
     * @param cpu       the most CPU one instance may use, in cores
     * @param health    a path that answers 2xx when the instance is ready; absent: a TCP connect is enough
     */
    public record ProcessManifest(
            Optional<String> command,
            Optional<Integer> instances,
            Optional<Long> memoryBytes,
            Optional<Double> cpu,
            Optional<String> health) {
        public static final ProcessManifest DEFAULT = new ProcessManifest(
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }
}
