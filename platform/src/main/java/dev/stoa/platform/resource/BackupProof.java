package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Proves a backup: restores it to a scratch folder, starts it, and reads all of it. */
final class BackupProof {
    static final String SUFFIX = "-proof";

    private BackupProof() {}

    /**
     * Returns what was checked, in words.
     *
     * @param scratch a folder for this alone
     * @throws StoaException if it cannot be restored, or read
     */
    static String run(
            Path scratch,
            int uid,
            PostgresBinaries binaries,
            PostgresSettings settings,
            BackupArchive archive,
            BackupManifest manifest)
            throws IOException {
        clear(scratch);
        try {
            List<BackupArchive.Wal> log =
                    archive.walFrom(new WalName(manifest.startWal()), manifest.segmentBytes()).stream()
                            .filter(wal -> wal.name().text().compareTo(manifest.stopWal()) <= 0)
                            .toList();
            Postmaster server = new ClusterRestore(scratch, uid, binaries, settings)
                    .run(archive, manifest, log, new ClusterRestore.Goal.Consistency());
            return read(server.port(), manifest);
        } finally {
            clear(scratch);
        }
    }

    private static String read(int port, BackupManifest manifest) {
        int tables = 0;
        int indexes = 0;
        try {
            List<String> databases;
            try (BaseBackupStore store = BaseBackupStore.open(port, manifest.password(), manifest.major())) {
                databases = store.databases();
            }
            for (String database : databases) {
                try (BaseBackupStore store =
                        BaseBackupStore.open(port, manifest.password(), manifest.major(), database)) {
                    tables += store.readEverything();
                    indexes += store.checkIndexes();
                }
            }
            return "started; read %d tables and %d indexes".formatted(tables, indexes);
        } catch (BaseBackupStore.Refused e) {
            throw new StoaException(
                    ErrorCode.BACKUP_DAMAGED,
                    "the backup %s of %s starts, and cannot be read: %s"
                            .formatted(manifest.id(), manifest.database(), e.getMessage()),
                    "make another one: stoa db backup " + manifest.database(),
                    e);
        }
    }

    /** Also ends what a platform that was killed has left there. */
    static void clear(Path scratch) {
        Path data = scratch.resolve(PostgresCluster.DATA);
        Postmaster.running(data).ifPresent(postmaster -> PostgresCluster.stop(scratch, postmaster));
        FileTree.delete(scratch);
    }
}
