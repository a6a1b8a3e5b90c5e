package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.InstanceSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;

/** Starts the shim of an instance, and with it the instance. */
final class Launcher {
    /** A slug that has to be copied may take a while; a launch that takes longer than this hangs. */
    private static final Duration LAUNCH_MAX = Duration.ofMinutes(2);

    private static final int MESSAGE_BYTES_MAX = 1000;

    static final String SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static final Path SHELL = Path.of("/bin/sh");

    /** Where programs are on systems that have none of the usual directories, such as NixOS. */
    static final String SHIM_PATH = SYSTEM_PATH + ":/run/current-system/sw/bin:/run/wrappers/bin";

    private final Sandbox sandbox;
    private final Scripts scripts;
    private final List<Path> hidden;
    private final boolean setsid;

    private final List<String> signals;

    Launcher(Sandbox sandbox, Scripts scripts, List<Path> hidden) {
        this.sandbox = sandbox;
        this.scripts = scripts;
        this.hidden = List.copyOf(hidden);
        this.setsid = onPath("setsid");
        this.signals = Machine.defaultSignals();
    }

    static boolean onPath(String program) {
        for (String directory : SHIM_PATH.split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    /** What the instance's shell does. */
    byte[] script(InstanceSpec spec, int port, Stdio stdio) {
        String home = home(spec);
        return StartScript.of(environment(spec.env(), home, port), home, spec.command(), stdio)
                .getBytes(StandardCharsets.UTF_8);
    }

    private String home(InstanceSpec spec) {
        return sandbox.isolated() ? spec.mount() : spec.slug().toAbsolutePath().toString();
    }

    /**
     * Starts the shim, and by that all there is around the instance's shell, which waits for its script then.
     *
     * @param place in the network of the instances; empty: it shares the machine's
     */
    Process prepare(
            InstanceSpec spec,
            InstanceFiles files,
            Cgroups.Group group,
            Optional<Network.Place> place,
            Stdio stdio,
            int port)
            throws IOException {
        int uid = sandbox.uid(spec.tenant());
        files.create(spec.slug().toAbsolutePath(), uid, home(spec));
        if (place.isPresent()) {
            HostNames.write(files, place.get().gateway(), spec.net().names());
            HostNames.writeResolver(files);
        }
        ProcessBuilder builder = new ProcessBuilder(command(spec, files, group, place, uid, stdio, port));
        builder.environment().clear();
        builder.environment().put("PATH", SHIM_PATH);
        builder.directory(files.directory().toFile());
        if (stdio instanceof Stdio.Logged) {
            builder.redirectError(files.output().toFile());
        }
        return builder.start();
    }

    /** Returns once the instance's shell is about to become the app. */
    void launch(Process shim, InstanceFiles files, byte[] script, Stdio stdio) {
        ScheduledFuture<?> timeout = Threads.after(LAUNCH_MAX, "launch-timeout", () -> end(shim));
        try {
            if (!handOver(shim, script, stdio)) {
                end(shim);
                throw new StoaException(
                        ErrorCode.INTERNAL,
                        "instance " + files.id() + " could not be launched: " + reason(files),
                        "See what `stoa status` says about isolation on this machine.");
            }
        } finally {
            timeout.cancel(false);
        }
    }

    private List<String> command(
            InstanceSpec spec,
            InstanceFiles files,
            Cgroups.Group group,
            Optional<Network.Place> place,
            int uid,
            Stdio stdio,
            int port) {
        List<String> command = new ArrayList<>(signals);
        command.addAll(sandbox.shim(SHELL, setsid));
        command.add(scripts.shim().toString());
        command.add(files.directory().toString());
        for (Path procs : group.procs()) {
            command.addAll(List.of("--join", procs.toString()));
        }
        place.ifPresent(own -> command.addAll(List.of("--net", own.namespace().toString())));
        group.oom().ifPresent(oom -> command.addAll(List.of("--oom", oom.toString())));
        if (sandbox.isolated() && spec.slugUse() == InstanceSpec.SlugUse.EPHEMERAL) {
            command.addAll(List.of("--layer", sandbox.mounts() ? "overlay" : "copy"));
        }
        if (sandbox.mounts()) {
            command.addAll(List.of("--shm", "--owner", String.valueOf(uid)));
        }
        if (sandbox.isolated()) {
            command.add("--contained");
        }
        if (!(stdio instanceof Stdio.Logged)) {
            command.add("--attached");
        }
        if (stdio instanceof Stdio.Terminal terminal) {
            command.addAll(List.of("--tty", terminal.device().toString()));
        }
        command.add("--");
        List<String> layout = sandbox.isolated() ? Layout.of(spec, files, sandbox, hidden, group.views()) : List.of();
        command.addAll(sandbox.command(
                layout,
                files,
                scripts.sandbox(),
                uid,
                Sandbox.bootstrap(stdio, () -> script(spec, port, stdio).length)));
        return command;
    }

    static Map<String, String> environment(Map<String, String> given, String home, int port) {
        Map<String, String> env = new HashMap<>(given);
        env.putIfAbsent("PATH", SYSTEM_PATH);
        env.put("HOME", home);
        env.put("TMPDIR", "/tmp");
        if (port > 0) {
            env.put("PORT", String.valueOf(port));
        }
        return env;
    }

    /** Gives the script to the instance's shell. False if it ended before it was about to become the command. */
    static boolean handOver(Process shim, byte[] script, Stdio stdio) {
        try {
            OutputStream out = shim.getOutputStream();
            out.write(script);
            out.flush();
            // Where pipes are asked for, the command's input follows.
            if (!(stdio instanceof Stdio.Pipes)) {
                out.close();
            }
            boolean started = StartScript.STARTED.equals(line(shim.getInputStream()));
            if (stdio instanceof Stdio.Logged) {
                shim.getInputStream().close();
            }
            return started;
        } catch (IOException e) {
            return false;
        }
    }

    /** Reads no byte beyond the line: what follows is the command's output. */
    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n' && line.length() < MESSAGE_BYTES_MAX; next = in.read()) {
            line.append((char) next);
        }
        return line.toString();
    }

    static void end(Process shim) {
        shim.descendants().forEach(ProcessHandle::destroyForcibly);
        shim.destroyForcibly();
    }

    private static String reason(InstanceFiles files) {
        try (RandomAccessFile output = new RandomAccessFile(files.output().toFile(), "r")) {
            byte[] bytes = new byte[(int) Math.min(MESSAGE_BYTES_MAX, output.length())];
            output.seek(output.length() - bytes.length);
            output.readFully(bytes);
            String text = new String(bytes, StandardCharsets.UTF_8).strip();
            return text.isEmpty() ? "it ended before it had started, and said nothing" : text;
        } catch (IOException e) {
            return "it left no message";
        }
    }
}
