package dev.stoa.platform.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to run.
 *
 * @param id       unique, [a-z0-9-]
 * @param tenant   whose it is: instances of different tenants see nothing of each other
 * @param slug     the files to run in; the working directory
 * @param slugUse  whether writes stay with this instance or change the slug
 * @param mount    the path at which the slug stands for the instance, from {@link Engine#slugMount}
 * @param command  a shell command, run by {@code sh -c}
 * @param env      the whole environment but what the engine adds: PORT, HOME, TMPDIR, and a PATH to the system's
 *     programs where {@code env} has none
 * @param readable directories outside the system's own that the instance may read, such as a language's toolchain
 * @param writable directories that the instance may write, at the same path inside; of the same tenant
 * @param limits   of the whole instance
 * @param net      what it has to do with the network
 * @param mounts   folders that stand at paths of the instance's own; nothing where {@link Engine#mounts} is false
 */
public record InstanceSpec(
        String id,
        int tenant,
        Path slug,
        SlugUse slugUse,
        String mount,
        String command,
        Map<String, String> env,
        List<Path> readable,
        List<Path> writable,
        Limits limits,
        Net net,
        List<Mount> mounts) {
    public InstanceSpec {
        env = Map.copyOf(env);
        readable = List.copyOf(readable);
        writable = List.copyOf(writable);
        mounts = List.copyOf(mounts);
    }

    /** Without mounts. */
    public InstanceSpec(
            String id,
            int tenant,
            Path slug,
            SlugUse slugUse,
            String mount,
            String command,
            Map<String, String> env,
            List<Path> readable,
            List<Path> writable,
            Limits limits,
            Net net) {
        this(id, tenant, slug, slugUse, mount, command, env, readable, writable, limits, net, List.of());
    }

    /** What {@link Engine#prepare} makes ready: all but what the instance's shell is told at last. */
    public InstanceSpec surroundings() {
        return with("", Map.of(), new Net(net.listens(), net.port(), List.of()));
    }

    /** The same with another environment. */
    public InstanceSpec with(Map<String, String> otherEnv) {
        return with(command, otherEnv, net);
    }

    private InstanceSpec with(String otherCommand, Map<String, String> otherEnv, Net otherNet) {
        return new InstanceSpec(
                id, tenant, slug, slugUse, mount, otherCommand, otherEnv, readable, writable, limits, otherNet, mounts);
    }

    /**
     * A folder that stands at a path of the instance's own.
     *
     * @param folder   on disk; of the same tenant
     * @param path     absolute, such as {@code /data}
     * @param readOnly whether the instance may only read it
     */
    public record Mount(Path folder, String path, boolean readOnly) {}

    /**
     * What an instance has to do with the network, beside its way out.
     *
     * @param listens whether it takes connections
     * @param port    on which it listens whatever PORT says; empty: it obeys PORT
     * @param names   host names that lead it to the platform
     */
    public record Net(boolean listens, Optional<Integer> port, List<String> names) {
        public static final Net SILENT = new Net(false, Optional.empty(), List.of());

        public Net {
            names = List.copyOf(names);
        }
    }

    /** What happens to what the instance writes into its slug. */
    public enum SlugUse {
        /** It is gone with the instance: each has a layer of its own over the slug. */
        EPHEMERAL,
        /** It changes the slug: for builds. */
        IN_PLACE
    }
}
