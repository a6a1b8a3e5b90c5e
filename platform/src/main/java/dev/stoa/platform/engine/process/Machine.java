package dev.stoa.platform.engine.process;

import dev.stoa.api.StoaException;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What the machine that the platform runs on allows. */
final class Machine {
    private static final System.Logger LOG = System.getLogger(Machine.class.getName());

    private static final Limits UNLIMITED = new Limits(Long.MAX_VALUE, 1, Integer.MAX_VALUE);

    private Machine() {}

    static boolean root() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid") instanceof Integer uid && uid == 0;
        } catch (IOException | UnsupportedOperationException e) {
            return System.getProperty("user.name", "").equals("root");
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

    static boolean works(Sandbox sandbox, Path directory) {
        Path trial = directory.resolve(".trial");
        InstanceFiles files = new InstanceFiles(trial.resolve("instance"));
        try {
            InstanceFiles.delete(trial);
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
                    false);
            Launcher launcher = new Launcher(sandbox, Scripts.extract(directory.resolve(".scripts")), List.of());
            Process shim = launcher.launch(
                    spec,
                    files,
                    Cgroups.Group.NONE,
                    0,
                    new InstanceFiles.Recorded(0, "true", 0, sandbox.isolated(), Instant.EPOCH),
                    Stdio.LOGGED);
            shim.waitFor();
            return files.exit().filter(exit -> exit.status() == 0).isPresent();
        } catch (StoaException | IOException e) {
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
            InstanceFiles.delete(trial);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "could not delete what a trial left path=" + trial, e);
        }
    }
}
