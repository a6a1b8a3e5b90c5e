package dev.stoa.platform.engine.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * A way to keep instances apart, and the command lines for it.
 *
 * @param userNamespace whether root's instances get a user namespace of their own; a user's always do
 */
record Sandbox(Kind kind, boolean userNamespace) {
    /** Tenant n runs as the user with this number plus n: above the users of people, below what containers map. */
    static final int FIRST_UID = 70_000;

    /** The shell of the instance gets its script by stdin, so that no secret is in an argument or in a file. */
    private static final List<String> BOOTSTRAP = List.of("/bin/sh");

    /** The script is followed by the command's input, of which this must not read a byte. */
    private static final String ATTACHED_BOOTSTRAP = "eval \"$(dd bs=1 count=$0 2>/dev/null <&3)\"; exit 125";

    enum Kind {
        /** Root's bubblewrap; the app runs as a user of its tenant. */
        BUBBLEWRAP_AS_ROOT("bubblewrap", true, true),
        /** As with bubblewrap, by the tools of util-linux. */
        NAMESPACES("namespaces", true, true),
        /** Without root, all apps run as the platform's user, and see nothing of each other. */
        BUBBLEWRAP_AS_USER("bubblewrap without root", true, false),
        NONE("none", false, false);

        private final String summary;
        private final boolean isolated;
        private final boolean root;

        Kind(String summary, boolean isolated, boolean root) {
            this.summary = summary;
            this.isolated = isolated;
            this.root = root;
        }
    }

    static Sandbox of(Kind kind) {
        return new Sandbox(kind, true);
    }

    /** The best first; each has to prove itself on the machine. */
    static List<Sandbox> candidates(boolean root) {
        return root
                ? List.of(
                        new Sandbox(Kind.BUBBLEWRAP_AS_ROOT, true),
                        new Sandbox(Kind.BUBBLEWRAP_AS_ROOT, false),
                        new Sandbox(Kind.NAMESPACES, true),
                        new Sandbox(Kind.NAMESPACES, false))
                : List.of(new Sandbox(Kind.BUBBLEWRAP_AS_USER, true));
    }

    boolean isolated() {
        return kind.isolated;
    }

    /** The user that a tenant's instances run as, or -1 for the platform's own. */
    int uid(int tenant) {
        return kind.root ? FIRST_UID + tenant : -1;
    }

    /** Whether the shim can mount, which it does in a mount namespace of its own. */
    boolean mounts() {
        return kind.root;
    }

    /** The program that the shim is started by. */
    List<String> shim(Path shell, boolean setsid) {
        List<String> command = new ArrayList<>();
        if (setsid) {
            command.add("setsid");
        }
        if (mounts()) {
            command.addAll(List.of("unshare", "--mount", "--propagation", "private"));
        }
        command.add(shell.toString());
        return command;
    }

    /** What the shim runs: the sandbox around the instance's shell. */
    List<String> command(
            List<String> layout, InstanceFiles files, Path sandboxScript, int uid, List<String> bootstrap) {
        List<String> command = new ArrayList<>();
        switch (kind) {
            case BUBBLEWRAP_AS_ROOT -> {
                command.addAll(List.of("bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc"));
                command.addAll(List.of("--unshare-uts", "--unshare-cgroup-try"));
                command.addAll(layout);
                command.add("--");
                command.addAll(asUser(uid));
            }
            case BUBBLEWRAP_AS_USER -> {
                command.addAll(List.of("bwrap", "--die-with-parent", "--unshare-user", "--unshare-pid"));
                command.addAll(List.of("--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"));
                command.addAll(layout);
                command.add("--");
            }
            case NAMESPACES -> {
                command.addAll(List.of("setpriv", "--pdeathsig", "KILL", "unshare", "--fork", "--kill-child"));
                command.addAll(List.of("--mount", "--pid", "--ipc", "--uts", "--cgroup"));
                command.addAll(List.of(
                        "/bin/sh", sandboxScript.toString(), files.root().toString()));
                command.addAll(layout);
                command.add("--");
                command.addAll(asUser(uid));
            }
            case NONE -> {}
        }
        command.addAll(bootstrap);
        return command;
    }

    /**
     * The shell of the instance, which takes its script from the shim.
     *
     * @param scriptBytes asked for only where the command's input follows the script
     */
    static List<String> bootstrap(Stdio stdio, IntSupplier scriptBytes) {
        return switch (stdio) {
            case Stdio.Logged _ -> BOOTSTRAP;
            case Stdio.Pipes _, Stdio.Terminal _ ->
                List.of("/bin/sh", "-c", ATTACHED_BOOTSTRAP, String.valueOf(scriptBytes.getAsInt()));
        };
    }

    private List<String> asUser(int uid) {
        List<String> command = new ArrayList<>(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid));
        command.addAll(List.of("--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"));
        if (userNamespace) {
            command.addAll(List.of("unshare", "--user", "--map-user=" + uid, "--map-group=" + uid, "--"));
        }
        return command;
    }

    String summary() {
        return kind.summary;
    }

    /** For people: what it does not keep apart, and what to do about it. */
    Optional<String> missing(boolean root) {
        return switch (kind) {
            case NONE ->
                Optional.of("Apps are not kept apart: they run as " + (root ? "root" : "the platform's user")
                        + ", and each can read and change what the others and the platform have. Install bubblewrap"
                        + " (apt install bubblewrap, or dnf install bubblewrap) and start Stoa again.");
            case BUBBLEWRAP_AS_ROOT, NAMESPACES ->
                userNamespace
                        ? Optional.empty()
                        : Optional.of("Apps have no user namespace of their own: set user.max_user_namespaces and"
                                + " kernel.unprivileged_userns_clone with sysctl to allow them.");
            case BUBBLEWRAP_AS_USER -> Optional.empty();
        };
    }
}
