package dev.stoa.platform.resource;

import dev.stoa.api.BackupRequests.Backup;
import dev.stoa.api.BackupRequests.Backups;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;

/** Tells people what is in an archive. */
final class BackupListing {
    private BackupListing() {}

    static Backups of(
            String database, BackupArchive archive, String place, Optional<String> proving, List<String> problems) {
        try {
            NavigableMap<WalName, BackupArchive.Wal> log = archive.wal();
            List<Backup> backups = new ArrayList<>();
            for (BackupArchive.Backup backup : archive.backups()) {
                boolean isProving = proving.filter(backup.id()::equals).isPresent();
                String otherwise = isProving ? "proving" : "not proven";
                backups.add(new Backup(
                        backup.id(),
                        backup.proof().isPresent() ? "proven" : otherwise,
                        backup.manifest().finishedAt(),
                        until(backup.manifest(), log),
                        backup.sizeBytes(),
                        backup.manifest().sizeBytes(),
                        backup.manifest().version(),
                        backup.proof().map(BackupArchive.Proof::at),
                        backup.proof().map(BackupArchive.Proof::checked)));
            }
            return new Backups(database, archive.id(), place, Optional.empty(), Optional.empty(), backups, problems);
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BACKUP_FAILED,
                    "the backups in %s cannot be read: %s".formatted(archive.text(), e),
                    "see that the place is there, and that the platform may read it",
                    e);
        }
    }

    /** Of a database that was destroyed. */
    static Backups of(KeptArchive kept) {
        Backups all = of(kept.name(), kept.place().open(), kept.place().to(), Optional.empty(), List.of());
        return new Backups(
                all.database(),
                all.archive(),
                all.place(),
                Optional.of(kept.destroyedAt()),
                Optional.of(kept.until()),
                all.backups(),
                all.problems());
    }

    /** In a few words, for a glance at the database. */
    static String summary(WatchedDatabase of) {
        try {
            List<BackupArchive.Backup> all = of.archive.backups();
            if (all.isEmpty()) {
                return "none yet, to " + of.place.to();
            }
            BackupArchive.Backup last = all.getLast();
            return "%d, the last %s (%s), to %s"
                    .formatted(
                            all.size(),
                            last.manifest().finishedAt().truncatedTo(ChronoUnit.SECONDS),
                            last.proof().isPresent() ? "proven" : "not proven",
                            of.place.to());
        } catch (IOException | StoaException e) {
            return "cannot be read: " + WatchedDatabase.why(e);
        }
    }

    /** Empty if not even the log is there that the backup itself needs. */
    private static Optional<Instant> until(BackupManifest backup, NavigableMap<WalName, BackupArchive.Wal> log) {
        Optional<BackupArchive.Wal> last = Optional.empty();
        for (WalName next = new WalName(backup.startWal());
                log.containsKey(next);
                next = next.next(backup.segmentBytes())) {
            last = Optional.of(log.get(next));
        }
        return last.filter(wal -> wal.name().text().compareTo(backup.stopWal()) >= 0)
                .map(wal -> wal.until().isBefore(backup.finishedAt()) ? backup.finishedAt() : wal.until());
    }
}
