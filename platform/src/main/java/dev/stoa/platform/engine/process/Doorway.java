package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.api.TerminalSize;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.Attached;
import dev.stoa.platform.engine.Exit;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The way into a running instance, for one more command: it gets the namespaces, the user and the control groups that the
 * instance's own process has now, whichever sandbox gave them.
 *
 * <p>The user namespace is entered last, by the instance's own user, who has no more rights in it than the instance. Without
 * root, the namespaces belong to a user namespace of the sandbox's; it has to be entered before them.
 */
final class Doorway {
    private static final Duration LAUNCH_MAX = Duration.ofSeconds(30);
    private static final int KILL_ROUNDS_MAX = 20;
    private static final int MESSAGE_BYTES_MAX = 1000;

    /** Of the ioctl that gives the user namespace to which a namespace belongs. */
    private static final long NS_GET_USERNS = 0xb701;

    /** By the names in /proc, with nsenter's options. Entering the mount namespace changes the root directory, too. */
    private static final Map<String, String> NAMESPACES = Map.of(
            "mnt", "--mount", "pid", "--pid", "ipc", "--ipc", "uts", "--uts", "net", "--net", "cgroup", "--cgroup");

    private static final List<String> DROP_RIGHTS = List.of("--clear-groups", "--inh-caps=-all", "--bounding-set=-all");

    private final Scripts scripts;
    private final List<String> signals;
    private final InstantSource clock;

    Doorway(Scripts scripts, InstantSource clock) {
        this.scripts = scripts;
        this.signals = Machine.defaultSignals();
        this.clock = clock;
    }

    /**
     * @param app   the instance's own process
     * @param procs the files by which a process joins the instance's control groups
     * @param home  the working directory, as the instance sees it
     * @param env   all of it
     */
    Attached open(
            String id,
            long app,
            List<Path> procs,
            String home,
            Map<String, String> env,
            String command,
            Optional<TerminalSize> size) {
        int uid = number(app, "Uid").orElseThrow(() -> gone(id));
        Optional<Pty> terminal = size.map(wanted -> AttachedProcess.open(wanted, Machine.root() ? uid : -1));
        boolean opened = false;
        int owner = -1;
        try {
            owner = ownerOfMounts(app);
            Stdio stdio = AttachedProcess.stdio(terminal);
            byte[] script = StartScript.of(env, home, command, stdio).getBytes(StandardCharsets.UTF_8);
            ProcessBuilder builder = new ProcessBuilder(command(app, uid, procs, owner, stdio, script.length));
            builder.environment().clear();
            builder.environment().put("PATH", Launcher.SHIM_PATH);
            Process process = builder.start();
            ScheduledFuture<?> timeout = Threads.after(LAUNCH_MAX, "exec-timeout", () -> end(process));
            boolean started = Launcher.handOver(process, script, stdio);
            timeout.cancel(false);
            if (!started) {
                end(process);
                throw refused(id, reason(process));
            }
            opened = true;
            return new AttachedProcess(process, terminal, () -> exit(process), () -> end(process));
        } catch (IOException e) {
            throw refused(id, String.valueOf(e.getMessage()));
        } finally {
            if (owner >= 0) {
                Libc.close(owner);
            }
            if (!opened) {
                terminal.ifPresent(Pty::close);
            }
        }
    }

    private List<String> command(long app, int uid, List<Path> procs, int owner, Stdio stdio, int scriptBytes)
            throws IOException {
        boolean root = Machine.root();
        String own = namespace("self", "user");
        String users = namespace(String.valueOf(app), "user");
        String outer = owner < 0 ? own : target(Path.of("/proc/self/fd/" + owner));
        List<String> command = new ArrayList<>(signals);
        command.addAll(List.of("setsid", "/bin/sh", scripts.exec().toString()));
        for (Path file : procs) {
            command.addAll(List.of("--join", file.toString()));
        }
        if (!users.equals(outer)) {
            command.addAll(List.of("--users", "/proc/" + app + "/ns/user"));
        }
        if (root && uid != 0) {
            command.addAll(List.of("--owner", String.valueOf(uid)));
        }
        if (stdio instanceof Stdio.Terminal terminal) {
            command.addAll(List.of("--tty", terminal.device().toString()));
        }
        command.add("--");
        List<String> entering = entering(app, own.equals(outer) ? -1 : owner);
        if (!entering.isEmpty()) {
            command.addAll(entering);
            command.add("setpriv");
            if (root && uid != 0) {
                int gid = number(app, "Gid").orElse(uid);
                command.addAll(List.of("--reuid=" + uid, "--regid=" + gid));
                command.addAll(DROP_RIGHTS);
            }
            command.addAll(List.of("--no-new-privs", "--"));
            if (!users.equals(outer)) {
                command.addAll(List.of("nsenter", "--user=/proc/self/fd/9", "--preserve-credentials", "--"));
            }
        }
        command.addAll(Sandbox.bootstrap(stdio, () -> scriptBytes));
        return command;
    }

    /** Nothing for an instance that is in no namespace of its own. */
    private static List<String> entering(long app, int owner) throws IOException {
        List<String> options = new ArrayList<>();
        for (Map.Entry<String, String> namespace : NAMESPACES.entrySet()) {
            if (!namespace(String.valueOf(app), namespace.getKey()).equals(namespace("self", namespace.getKey()))) {
                options.add(namespace.getValue());
            }
        }
        if (options.isEmpty()) {
            return options;
        }
        if (!Launcher.onPath("nsenter") || !Launcher.onPath("setpriv")) {
            throw new IOException("the platform's machine has no nsenter and setpriv; install the package util-linux");
        }
        List<String> command = new ArrayList<>(List.of("nsenter", "--target", String.valueOf(app)));
        command.addAll(options);
        if (owner >= 0) {
            command.add("--user=/proc/" + ProcessHandle.current().pid() + "/fd/" + owner);
            command.add("--preserve-credentials");
        }
        command.add("--");
        return command;
    }

    /** A descriptor of the user namespace that holds the instance's mounts; negative where they are the platform's own. */
    private static int ownerOfMounts(long app) throws IOException {
        if (namespace(String.valueOf(app), "mnt").equals(namespace("self", "mnt"))) {
            return -1;
        }
        int mounts = Libc.open("/proc/" + app + "/ns/mnt", Libc.O_RDONLY | Libc.O_CLOEXEC);
        try {
            return Libc.ioctl(mounts, NS_GET_USERNS, MemorySegment.NULL);
        } finally {
            Libc.close(mounts);
        }
    }

    private static String namespace(String process, String kind) throws IOException {
        Path link = Path.of("/proc", process, "ns", kind);
        // A machine without /proc has no namespaces, and an old kernel not all of them.
        return Files.exists(link) ? target(link) : "";
    }

    private static String target(Path link) throws IOException {
        return Files.readSymbolicLink(link).toString();
    }

    /** From the kernel's status of a process: the effective one of four. */
    private static Optional<Integer> number(long process, String key) {
        try {
            Matcher line = Pattern.compile("(?m)^" + key + ":\\s+\\d+\\s+(\\d+)")
                    .matcher(Files.readString(Path.of("/proc/" + process + "/status")));
            return line.find() ? Optional.of(Integer.valueOf(line.group(1))) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Exit exit(Process process) throws InterruptedException {
        return new Exit(process.waitFor(), Exit.Cause.EXITED, clock.instant());
    }

    /** More than one round, as a process may fork while the others are killed. */
    private static void end(Process process) {
        for (int round = 0; round < KILL_ROUNDS_MAX; round++) {
            List<ProcessHandle> descendants = process.descendants().toList();
            descendants.forEach(ProcessHandle::destroyForcibly);
            if (descendants.isEmpty()) {
                break;
            }
        }
        process.destroyForcibly();
    }

    private static String reason(Process process) throws IOException {
        byte[] said = process.getErrorStream().readNBytes(MESSAGE_BYTES_MAX);
        String text = new String(said, StandardCharsets.UTF_8).strip();
        return text.isEmpty() ? "it ended before it had started, and said nothing" : text;
    }

    static StoaException gone(String id) {
        return new StoaException(ErrorCode.INSTANCE_NOT_RUNNING, "instance " + id + " does not run", "");
    }

    private static StoaException refused(String id, String why) {
        return new StoaException(
                ErrorCode.INTERNAL,
                "a command could not be started in instance " + id + ": " + why,
                "the instance may have ended, or have reached its limits, just now; see: stoa ps");
    }
}
