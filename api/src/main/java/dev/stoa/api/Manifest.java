package dev.stoa.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an app says of itself, from {@code stoa.toml}. Everything is optional: a build adds what it detects, see
 * {@link ManifestFile} for the file's grammar.
 *
 * @param name      the app's name, where the folder's own is not wanted
 * @param domains   more host names that lead to the app
 * @param port      on which the web process listens whatever PORT says; absent: it obeys PORT
 * @param build     how the source becomes a slug
 * @param processes by process type, such as {@code web}
 * @param release   what runs once for each release
 * @param env       default config; config vars set by {@code stoa config set} win
 * @param network   who else may reach the app
 * @param crons     by name, commands that run on a schedule
 * @param edge      what the router does with the app's requests and answers on its own
 * @param routing   how the router chooses among the app's instances
 * @param resources what the app is given: databases, buckets, volumes, caches
 */
public record Manifest(
        Optional<AppName> name,
        List<String> domains,
        Optional<Integer> port,
        BuildManifest build,
        Map<String, ProcessManifest> processes,
        ReleaseManifest release,
        Map<String, String> env,
        NetworkManifest network,
        Map<String, CronManifest> crons,
        EdgeManifest edge,
        RoutingManifest routing,
        ResourceManifest resources) {

    public static final Manifest EMPTY = new Manifest(
            Optional.empty(),
            List.of(),
            Optional.empty(),
            BuildManifest.DEFAULT,
            Map.of(),
            ReleaseManifest.NONE,
            Map.of(),
            NetworkManifest.CLOSED,
            Map.of(),
            EdgeManifest.DEFAULT,
            RoutingManifest.DEFAULT,
            ResourceManifest.NONE);

    public Manifest {
        domains = List.copyOf(domains);
        processes = Map.copyOf(processes);
        env = Map.copyOf(env);
        crons = Map.copyOf(crons);
    }

    Manifest with(ResourceManifest others) {
        return new Manifest(name, domains, port, build, processes, release, env, network, crons, edge, routing, others);
    }

    /** The entry of a process type, or one that leaves everything to the defaults. */
    public ProcessManifest process(String type) {
        return processes.getOrDefault(type, ProcessManifest.DEFAULT);
    }

    /**
     * How the source becomes a slug.
     *
     * @param buildpack  one of Stoa's own, to use instead of the detected one
     * @param buildpacks Cloud Native Buildpacks: folders of the source, such as {@code ./my-buildpack}, or {@code
     *     URL#ref} of git repositories
     * @param env        names of the config vars that the build may see
     * @param timeout    the longest that a build may take
     */
    public record BuildManifest(
            Optional<String> buildpack, List<String> buildpacks, List<String> env, Optional<Duration> timeout) {
        public static final BuildManifest DEFAULT =
                new BuildManifest(Optional.empty(), List.of(), List.of(), Optional.empty());

        public BuildManifest {
            buildpacks = List.copyOf(buildpacks);
            env = List.copyOf(env);
        }
    }

    /**
     * What runs once for each release, before it takes traffic.
     *
     * @param command a shell command
     * @param timeout the longest that it may take
     */
    public record ReleaseManifest(Optional<String> command, Optional<Duration> timeout) {
        public static final ReleaseManifest NONE = new ReleaseManifest(Optional.empty(), Optional.empty());
    }

    /**
     * Who else may reach the app.
     *
     * @param allow names of apps that may call it as {@code http://NAME.stoa.internal}
     */
    public record NetworkManifest(List<String> allow) {
        public static final NetworkManifest CLOSED = new NetworkManifest(List.of());

        public NetworkManifest {
            allow = List.copyOf(allow);
        }
    }

    /**
     * A command that runs on a schedule.
     *
     * @param schedule five fields as in crontab(5), or a word such as {@code @daily}
     * @param command  a shell command, run in the active release
     * @param timezone an IANA name; absent: UTC
     * @param overlap  whether a run may start while the one before still runs
     * @param timeout  the longest that a run may take
     */
    public record CronManifest(
            String schedule, String command, Optional<String> timezone, boolean overlap, Optional<Duration> timeout) {}

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
            Optional<InstanceRange> instances,
            Optional<Long> memoryBytes,
            Optional<Double> cpu,
            Optional<String> health) {
        public static final ProcessManifest DEFAULT = new ProcessManifest(
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }
}
