package dev.stoa.platform.source.git;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.jgit.api.errors.InvalidRefNameException;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.internal.storage.file.GC;
import org.eclipse.jgit.lib.ConfigConstants;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.StoredConfig;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.storage.pack.PackConfig;

/** A bare git repository on this machine. Its HEAD names the branch that is deployed. */
public final class GitRepository implements AutoCloseable {
    /** The branch that is deployed until another one was. */
    public static final String MAIN = Constants.R_HEADS + "main";

    private static final String MASTER = Constants.R_HEADS + Constants.MASTER;

    /** Each push leaves a pack; so many are put together, and what nothing leads to is dropped. */
    private static final int PACKS_MAX = 8;

    private static final int GC_DELTA_MEMORY_BYTES = 16 << 20;

    static {
        GitSettings.install();
    }

    private final FileRepository repository;

    private GitRepository(FileRepository repository) {
        this.repository = repository;
    }

    /** Opens the repository in this folder, and makes one if there is none. */
    public static GitRepository open(Path folder) {
        try {
            FileRepository repository = (FileRepository) new FileRepositoryBuilder()
                    .setGitDir(folder.toFile())
                    .setBare()
                    .setInitialBranch(Repository.shortenRefName(MAIN))
                    .build();
            if (!exists(folder)) {
                repository.create(true);
                StoredConfig config = repository.getConfig();
                config.setInt(ConfigConstants.CONFIG_GC_SECTION, null, ConfigConstants.CONFIG_KEY_AUTO, 0);
                config.save();
            }
            return new GitRepository(repository);
        } catch (InvalidRefNameException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open the repository " + folder, e);
        }
    }

    public static boolean exists(Path folder) {
        return Files.isRegularFile(folder.resolve(Constants.HEAD));
    }

    public Repository repository() {
        return repository;
    }

    /** The full name of the branch that is deployed; empty while none was. */
    public Optional<String> deployedBranch() throws IOException {
        return Optional.ofNullable(repository.exactRef(Constants.HEAD))
                .filter(head -> head.isSymbolic() && head.getObjectId() != null)
                .map(head -> head.getTarget().getName());
    }

    /** Whether a branch may become the one that is deployed, where none is yet. */
    public static boolean maybeDeployed(String branch) {
        return branch.equals(MAIN) || branch.equals(MASTER);
    }

    /** From now on this branch is deployed, and what a clone shows first. */
    public void deployedBranch(String branch) throws IOException {
        Ref head = repository.exactRef(Constants.HEAD);
        if (head == null || !head.isSymbolic() || !head.getTarget().getName().equals(branch)) {
            repository.updateRef(Constants.HEAD).link(branch);
        }
    }

    /** Whether {@link #tidy} would have something to do. */
    public boolean untidy() {
        return repository.getObjectDatabase().getPacks().size() > PACKS_MAX;
    }

    /** Puts the packs together, and drops what nothing leads to. Nobody else may use the repository meanwhile. */
    public void tidy() throws Exception {
        dropRemains();
        PackConfig packs = new PackConfig(repository);
        packs.setThreads(1);
        packs.setBuildBitmaps(false);
        packs.setDeltaSearchMemoryLimit(GC_DELTA_MEMORY_BYTES);
        packs.setDeltaCacheSize(GC_DELTA_MEMORY_BYTES);
        packs.setBigFileThreshold(GitSettings.IN_MEMORY_BYTES_MAX);
        packs.setWaitPreventRacyPack(false);
        GC gc = new GC(repository);
        gc.setPackConfig(packs);
        // Everything is old enough, also what the tidying up itself has taken out of a pack.
        Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
        gc.setExpire(tomorrow);
        gc.setPackExpire(tomorrow);
        gc.gc().get();
    }

    /** A platform that was killed has left the part of a push that had come, and the mark that it tidies up. */
    private void dropRemains() throws IOException {
        Files.deleteIfExists(repository.getDirectory().toPath().resolve("gc.pid"));
        try (Stream<Path> files = Files.list(repository.getObjectsDirectory().toPath())) {
            for (Path file : files.filter(file -> file.getFileName().toString().startsWith("incoming_"))
                    .toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() {
        repository.close();
    }
}
