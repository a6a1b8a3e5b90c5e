package dev.stoa.platform.engine.process;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What the machine that the platform runs on allows. */
final class Machine {
    private static final System.Logger LOG = System.getLogger(Machine.class.getName());

    private static final Limits UNLIMITED = new Limits(Long.MAX_VALUE, 1, Integer.MAX_VALUE);

    private static final List<String> DEFAULT_SIGNALS = List.of("env", "--default-signal");

    private static final String IGNORED = "SigIgn:";

    /** Those up to 31, the lowest bit first; the C library has 32 and 33 for itself. */
    private static final long STANDARD_SIGNALS = 0x7fff_ffffL;

    private Machine() {}

    static boolean root() {
        try {
            return user() == 0;
        } catch (IOException | UnsupportedOperationException e) {
            return System.getProperty("user.name", "").equals("root");
        }
    }

    /** The uid of the platform. */
    static int user() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    /**
     * What commands are started by, so that they get the signals that this process ignores, as one does that was started by
     * nohup: a shell cannot take back that a signal was ignored when it started. Empty where there is nothing to give back.
     */
    static List<String> defaultSignals() {
        return ignoresSignals() && runs(DEFAULT_SIGNALS) ? DEFAULT_SIGNALS : List.of();
    }

    /** False where there is no /proc. */
    private static boolean ignoresSignals() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith(IGNORED))
                    .mapToLong(line -> Long.parseUnsignedLong(
                            line.substring(IGNORED.length()).strip(), 16))
                    .anyMatch(signals -> (signals & STANDARD_SIGNALS) != 0);
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /** Whether this, with {@code true} behind it, runs here: not every env knows every option. */
    private static boolean runs(List<String> prefix) {
        List<String> command = new ArrayList<>(prefix);
        command.add("true");
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The first sandbox in which {@code true} runs: whether a tool is there says little about whether it works. */
    static Sandbox bestSandbox(Path directory) {
        for (Sandbox candidate : Sandbox.candidates(root())) {
            if (works(candidate, directory)) {
                return candidate;
            }
        }
        return Sandbox.of(Sandbox.Kind.NONE);
    }

    /**
     * What instances have of the network.
     *
     * @param own       empty: they share the machine's
     * @param sharedWhy for people, why they do, and what to change
     */
    record Networking(Optional<Network> own, String sharedWhy) {}

    static Networking networking(Sandbox sandbox, Path directory) {
        if (!sandbox.mounts()) {
            return new Networking(
                    Optional.empty(), "start Stoa as root, and with bubblewrap installed, to give each one of its own");
        }
        try {
            return new Networking(Optional.of(Network.open(directory)), "");
        } catch (IOException e) {
            return new Networking(Optional.empty(), String.valueOf(e.getMessage()));
        }
    }

    static boolean works(Sandbox sandbox, Path directory) {
        Path trial = directory.resolve(".trial");
        try {
            FileTree.delete(trial);
            Path slug = Files.createDirectories(trial.resolve("slug"));
            InstanceSpec spec = new InstanceSpec(
                    "trial",
                    0,
                    slug,
                    InstanceSpec.SlugUse.EPHEMERAL,
                    "/app",
                    "true",
                    Map.of(),
                    List.of(),
                    List.of(),
                    UNLIMITED,
                    InstanceSpec.Net.SILENT);
            Launcher launcher = new Launcher(sandbox, Scripts.extract(directory.resolve(".scripts")), List.of());
            Preparer preparer = new Preparer(
                    trial,
                    InstantSource.system(),
                    sandbox,
                    Cgroups.none(),
                    launcher,
                    new Ports(0),
                    new Networking(Optional.empty(), ""));
            Prepared prepared = preparer.prepare(spec, Stdio.LOGGED);
            Instant _ = preparer.launch(prepared, spec, Stdio.LOGGED);
            prepared.shim().waitFor();
            return prepared.files().exit().filter(exit -> exit.status() == 0).isPresent();
        } catch (StoaException | IOException | UncheckedIOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a sandbox does not work here sandbox=" + sandbox, e);
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            delete(trial);
        }
    }

    private static void delete(Path trial) {
        try {
            FileTree.delete(trial);
        } catch (UncheckedIOException e) {
            LOG.log(System.Logger.Level.WARNING, "could not delete what a trial left path=" + trial, e);
        }
    }
}
