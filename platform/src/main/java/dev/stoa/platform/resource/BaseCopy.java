package dev.stoa.platform.resource;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;

/** Copies the files of a database that goes on working into its archive, and deletes the copies that are too old. */
final class BaseCopy {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss").withZone(ZoneOffset.UTC);

    private final WalArchiver log;
    private final InstantSource clock;
    private final SecureRandom random;

    BaseCopy(WalArchiver log, InstantSource clock, SecureRandom random) {
        this.log = log;
        this.clock = clock;
        this.random = random;
    }

    /** Returns the backup's id, when the archive also has the log that it needs. */
    String copy(WatchedDatabase of) throws IOException {
        BackupArchive archive = of.archive;
        archive.prepare(of.spec.name());
        archive.dropUnfinished();
        Instant startedAt = clock.instant();
        String id = "%s-%s".formatted(STAMP.format(startedAt), HexFormat.of().toHexDigits((short) random.nextInt()));
        PostgresBinaries binaries = of.cluster.binaries();
        int port = of.cluster.start();
        String password = of.cluster.superuserPassword();
        try (BaseBackupStore store = BaseBackupStore.open(port, password, binaries.major())) {
            String start = store.start("stoa " + id);
            ClusterFiles files = ClusterFiles.of(of.cluster.data());
            List<BackupManifest.Part> parts = BaseBackup.write(of.cluster.data(), files.files(), archive, id);
            BaseBackupStore.Stop stop = store.stop();
            Instant finishedAt = clock.instant();
            String timeline = store.timeline();
            long bytes = store.segmentBytes();
            WalName last = WalName.before(timeline, stop.lsn(), bytes);
            log.awaitArchived(of, last);
            archive.putManifest(new BackupManifest(
                    BackupManifest.FORMAT,
                    id,
                    of.spec.name(),
                    binaries.version(),
                    store.systemIdentifier(),
                    startedAt,
                    finishedAt,
                    start,
                    stop.lsn(),
                    WalName.at(timeline, start, bytes).text(),
                    last.text(),
                    bytes,
                    stop.label(),
                    password,
                    of.spec.setting(Databases.PLAN),
                    files.directories(),
                    parts));
        }
        return id;
    }

    /**
     * Deletes what is older than what is kept: of the backups before that moment only the last stays, which is needed to get
     * from there to it, and the last that is proven.
     */
    void retain(WatchedDatabase of) throws IOException {
        Instant horizon =
                clock.instant().minus(BackupSchedule.of(of.spec.settings()).keep());
        List<BackupArchive.Backup> all = of.archive.backups();
        List<BackupArchive.Backup> before = all.stream()
                .filter(backup -> !backup.manifest().finishedAt().isAfter(horizon))
                .toList();
        int first = Math.min(Math.max(0, before.size() - 1), lastProven(all));
        for (BackupArchive.Backup old : all.subList(0, first)) {
            of.archive.delete(old.id());
        }
        of.archive.dropWalBefore(new WalName(all.get(first).manifest().startWal()));
    }

    /** The first, where none is proven. */
    private static int lastProven(List<BackupArchive.Backup> all) {
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).proof().isPresent()) {
                return i;
            }
        }
        return 0;
    }
}
