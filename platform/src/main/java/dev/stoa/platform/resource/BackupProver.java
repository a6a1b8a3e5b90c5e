package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.stream.Stream;

/** Has backups proven, one of a database at a time, and notes in their archives what came of it. */
final class BackupProver {
    private static final System.Logger LOG = System.getLogger(BackupProver.class.getName());

    private final DatabaseFolder folder;
    private final InstantSource clock;
    private volatile boolean closed;

    BackupProver(DatabaseFolder folder, InstantSource clock) {
        this.folder = folder;
        this.clock = clock;
    }

    private Path scratch(WatchedDatabase of) {
        return folder.root().resolve(of.spec.id() + BackupProof.SUFFIX);
    }

    /** What proofs of a platform that was killed have left. */
    void sweep() {
        try (Stream<Path> files = Files.list(folder.root())) {
            files.filter(file -> file.getFileName().toString().endsWith(BackupProof.SUFFIX))
                    .forEach(BackupProof::clear);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "nothing to sweep", e);
        }
    }

    /** Restores the backup to a scratch folder, starts it and reads it. */
    void prove(WatchedDatabase of, String backup) {
        synchronized (of.proof) {
            of.proving = Optional.of(backup);
            Path scratch = scratch(of);
            try {
                BackupManifest manifest = of.archive.backups().stream()
                        .map(BackupArchive.Backup::manifest)
                        .filter(each -> each.id().equals(backup))
                        .findFirst()
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.NOT_FOUND,
                                "%s has no backup %s".formatted(of.spec.name(), backup),
                                "see: stoa db backups " + of.spec.name()));
                String checked = BackupProof.run(
                        scratch,
                        DatabaseFolder.uid(of.spec),
                        of.cluster.binaries(),
                        of.cluster.settings(),
                        of.archive,
                        manifest);
                of.archive.putProof(backup, new BackupArchive.Proof(clock.instant(), checked));
                of.proofProblem(Optional.empty());
            } catch (IOException | RuntimeException e) {
                if (closed) {
                    return;
                }
                withdraw(of, backup, e);
                Optional<String> problem =
                        Optional.of("the backup %s could not be proven: %s".formatted(backup, WatchedDatabase.why(e)));
                of.proofProblem(problem);
                throw e instanceof StoaException known
                        ? known
                        : new StoaException(ErrorCode.BACKUP_FAILED, problem.get(), "", e);
            } finally {
                of.proving = Optional.empty();
            }
        }
    }

    /** Only what was found damaged loses its proof; a proof that lacked room says nothing of the backup. */
    private static void withdraw(WatchedDatabase of, String backup, Exception e) {
        if (e instanceof StoaException known && known.code() == ErrorCode.DISK_FULL) {
            return;
        }
        try {
            of.archive.withdrawProof(backup);
        } catch (IOException | RuntimeException again) {
            e.addSuppressed(again);
        }
    }

    /** From now on a proof that fails says nothing. */
    void close() {
        closed = true;
    }

    /** Ends the server of a proof that is under way. */
    void end(WatchedDatabase of) {
        if (of.proving.isPresent()) {
            Path scratch = scratch(of);
            Postmaster.running(scratch.resolve(PostgresCluster.DATA))
                    .ifPresent(server -> PostgresCluster.stop(scratch, server));
        }
    }
}
