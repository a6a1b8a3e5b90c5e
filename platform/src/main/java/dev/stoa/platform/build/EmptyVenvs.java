package dev.stoa.platform.build;

import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Virtual environments with nothing in them but pip, to copy: what {@code python -m venv} makes, made once for each Python, as
 * installing pip takes it seconds.
 *
 * <p>They are made outside the sandbox, where no code of an app runs, so that all apps may have them.
 */
final class EmptyVenvs {
    private static final System.Logger LOG = System.getLogger(EmptyVenvs.class.getName());

    private static final int MAKING_SECONDS_MAX = 120;

    private final Path folder;

    EmptyVenvs(Path folder) {
        this.folder = folder;
    }

    /** The one for this Python; empty where it could not be made. */
    synchronized Optional<DependencyCache> of(Toolchains.Tool python) throws InterruptedException {
        try {
            String key = DependencyCache.key(List.of(
                    python.program().toString(),
                    python.version(),
                    Files.getLastModifiedTime(python.program()).toString()));
            DependencyCache entry = new DependencyCache(folder, key, PythonEnvironment.VENV);
            return entry.isPresent() || make(python, folder.resolve(key)) ? Optional.of(entry) : Optional.empty();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot keep a virtual environment for later builds", e);
            return Optional.empty();
        }
    }

    /** In a folder that stands for a slug, as the environment names the slug that it is in. */
    private boolean make(Toolchains.Tool python, Path target) throws IOException, InterruptedException {
        Path slug = Files.createTempDirectory(Files.createDirectories(folder), "new-");
        try {
            if (!create(python, slug) || !Files.exists(slug.resolve(PythonEnvironment.VENV + "/bin/pip"))) {
                return false;
            }
            Files.writeString(slug.resolve(PythonEnvironment.MOUNT_FILE), slug.toString());
            Files.move(slug.resolve(PythonEnvironment.VENV), target);
            return true;
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            // Somebody else was faster.
            return true;
        } finally {
            FileTree.delete(slug);
        }
    }

    private static boolean create(Toolchains.Tool python, Path slug) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        // Readable for every tenant.
                        "umask 022; exec \"$0\" -I -m venv \"$1\"",
                        python.program().toString(),
                        slug.resolve(PythonEnvironment.VENV).toString())
                .directory(slug.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().put("PATH", BuildEnvironment.SYSTEM_PATH);
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            return process.waitFor(MAKING_SECONDS_MAX, TimeUnit.SECONDS) && process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }
}
