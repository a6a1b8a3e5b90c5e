package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes a running cluster of a base backup and the write-ahead log. */
final class ClusterRestore {
    /** A log of a week may have to be read. */
    private static final Duration LOG_MAX = Duration.ofDays(2);

    /** What PostgreSQL says where the log has nothing after the moment that was asked for. */
    private static final String NOTHING_AFTER = "recovery ended before configured recovery target was reached";

    /** Room beside the files themselves: some segments of the log, and what PostgreSQL writes at its start. */
    private static final long ROOM_BYTES = 256L << 20;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS'+00'").withZone(ZoneOffset.UTC);

    private final Path home;
    private final int uid;
    private final PostgresBinaries binaries;
    private final PostgresSettings settings;

    /** @param home where the cluster is to be; there is none yet */
    ClusterRestore(Path home, int uid, PostgresBinaries binaries, PostgresSettings settings) {
        this.home = home;
        this.uid = uid;
        this.binaries = binaries;
        this.settings = settings;
    }

    /** Until when the log is to be read. */
    sealed interface Goal {
        /** As little as makes the cluster consistent. */
        record Consistency() implements Goal {}

        /** All of it. */
        record End() implements Goal {}

        /** What was committed until then, and nothing after. The log has all of that. */
        record Moment(Instant instant) implements Goal {}
    }

    /**
     * Returns when the server takes connections.
     *
     * @param log the segments that may be read, from the first that the backup needs on
     * @throws StoaException saying which file is damaged or missing, or what PostgreSQL says
     */
    Postmaster run(BackupArchive archive, BackupManifest manifest, List<BackupArchive.Wal> log, Goal goal)
            throws IOException {
        checkVersion(manifest);
        DatabaseFolder.make(home);
        checkRoom(manifest);
        Path data = home.resolve(PostgresCluster.DATA);
        try {
            BaseBackup.read(archive, manifest, data);
        } catch (IOException e) {
            throw unreadable(manifest, e);
        }
        Files.writeString(data.resolve(ClusterFiles.LABEL), manifest.label());
        Files.createFile(data.resolve("recovery.signal"));
        PostgresCluster.writePrivately(home.resolve(PostgresServer.PASSWORD), manifest.password() + "\n");
        PostgresAccount.choose().own(uid, home);
        try (WalDesk desk = new WalDesk(home, archive, log)) {
            return recovered(desk, manifest, goal);
        }
    }

    private Postmaster recovered(WalDesk desk, BackupManifest manifest, Goal goal) {
        PostgresServer server = new PostgresServer(home, binaries, uid);
        try {
            return server.start(recovering(goal), LOG_MAX);
        } catch (StoaException e) {
            if (desk.problem().isPresent()) {
                throw unreadable(manifest, desk.problem().get());
            }
            if (goal instanceof Goal.Moment && e.message().contains(NOTHING_AFTER)) {
                // Nothing was committed after that moment, so all of the log is what was asked for.
                return recovered(desk, manifest, new Goal.End());
            }
            throw e;
        }
    }

    private void checkVersion(BackupManifest manifest) {
        if (manifest.major() != binaries.major()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the backup %s is of PostgreSQL %s, and would be started with PostgreSQL %s"
                            .formatted(manifest.id(), manifest.version(), binaries.version()),
                    "install it: apt-get install postgresql-%d".formatted(manifest.major()));
        }
    }

    private void checkRoom(BackupManifest manifest) throws IOException {
        long free = Files.getFileStore(home).getUsableSpace();
        long needed = manifest.sizeBytes() + ROOM_BYTES;
        if (free < needed) {
            throw new StoaException(
                    ErrorCode.DISK_FULL,
                    "the disk of %s is too small for the backup %s: it needs %d MB, and %d MB are free"
                            .formatted(home.getParent(), manifest.id(), needed >> 20, free >> 20),
                    "free some room there");
        }
    }

    private static StoaException unreadable(BackupManifest manifest, IOException e) {
        if (DiskFull.causes(e)) {
            return DiskFull.problem(e);
        }
        return new StoaException(
                ErrorCode.BACKUP_DAMAGED,
                "the backup %s of %s cannot be restored: %s"
                        .formatted(manifest.id(), manifest.database(), e.getMessage()),
                "stoa db backups %s lists others; an earlier one, with --to, may do".formatted(manifest.database()),
                e);
    }

    private PostgresSettings recovering(Goal goal) {
        Map<String, String> more = new HashMap<>();
        more.put("archive_mode", "off");
        more.put("restore_command", WalDesk.COMMAND);
        more.put("recovery_target_timeline", "current");
        more.put("recovery_target_action", "promote");
        more.put("hot_standby", "off");
        switch (goal) {
            case Goal.Consistency _ -> {
                more.put("recovery_target", "immediate");
                // It is thrown away afterwards.
                more.put("fsync", "off");
                more.put("autovacuum", "off");
            }
            case Goal.Moment moment -> more.put("recovery_target_time", TIME.format(moment.instant()));
            case Goal.End _ -> {}
        }
        return settings.withMore(more);
    }

    /** What is restored, and from what. */
    record Choice(BackupManifest backup, List<BackupArchive.Wal> log, Goal goal) {}

    /**
     * Decides from which backup to start.
     *
     * @param to    empty for the latest moment that there is
     * @param known everything that was committed until then is in the archive, whatever it says itself
     */
    static Choice choose(BackupArchive archive, Optional<Instant> to, Optional<Instant> known, Instant now)
            throws IOException {
        if (to.filter(instant -> instant.isAfter(now)).isPresent()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s is in the future: it is %s".formatted(to.get(), now),
                    "times without an offset are local ones; with one: 2026-11-20T14:03:11Z");
        }
        List<BackupArchive.Backup> all = archive.backups();
        List<BackupArchive.Backup> usable = all.stream()
                .filter(backup ->
                        to.isEmpty() || !backup.manifest().finishedAt().isAfter(to.get()))
                .toList();
        if (all.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "there is no complete backup in %s".formatted(archive.text()), "");
        }
        if (usable.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s is before the first backup, %s, which can be restored to %s and after"
                            .formatted(
                                    to.get(),
                                    all.getFirst().id(),
                                    all.getFirst().manifest().finishedAt()),
                    "");
        }
        BackupManifest backup = usable.getLast().manifest();
        List<BackupArchive.Wal> log = archive.walFrom(new WalName(backup.startWal()), backup.segmentBytes());
        WalName missing = log.isEmpty()
                ? new WalName(backup.startWal())
                : log.getLast().name().next(backup.segmentBytes());
        Optional<String> latest = log.isEmpty()
                ? Optional.empty()
                : Optional.of(log.getLast().name().text());
        if (latest.isEmpty() || latest.get().compareTo(backup.stopWal()) < 0) {
            throw gap(archive, missing, before(archive, usable));
        }
        boolean broken = archive.wal().keySet().stream()
                .anyMatch(name -> name.timeline().equals(missing.timeline()) && name.compareTo(missing) > 0);
        Instant until = log.getLast().until();
        if (!broken && known.filter(until::isBefore).isPresent()) {
            until = known.get();
        }
        // The backup itself reaches a bit further than the last segment that it waited for.
        if (until.isBefore(backup.finishedAt())) {
            until = backup.finishedAt();
        }
        if (broken && (to.isEmpty() || to.get().isAfter(until))) {
            throw gap(archive, missing, Optional.of(until));
        }
        if (to.filter(until::isBefore).isPresent()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s is after the end of what is archived; the last possible moment is %s"
                            .formatted(to.get(), until),
                    "leave --to out for everything that there is");
        }
        Goal goal = to.isPresent() ? new Goal.Moment(to.get()) : new Goal.End();
        return new Choice(backup, log, goal);
    }

    /** The latest moment that the backups before the last of these reach. */
    private static Optional<Instant> before(BackupArchive archive, List<BackupArchive.Backup> usable)
            throws IOException {
        for (BackupArchive.Backup backup : usable.subList(0, usable.size() - 1).reversed()) {
            List<BackupArchive.Wal> log = archive.walFrom(
                    new WalName(backup.manifest().startWal()), backup.manifest().segmentBytes());
            if (!log.isEmpty()
                    && log.getLast().name().text().compareTo(backup.manifest().stopWal()) >= 0) {
                return Optional.of(log.getLast().until());
            }
        }
        return Optional.empty();
    }

    private static StoaException gap(BackupArchive archive, WalName missing, Optional<Instant> reach) {
        return new StoaException(
                ErrorCode.BACKUP_DAMAGED,
                "the segment %s of the write-ahead log is missing in %s, and what was committed after it is out of reach"
                        .formatted(missing.text(), archive.text()),
                reach.map("the latest moment that can be reached: --to %s"::formatted)
                        .orElse("put the file back, or make a new backup"));
    }
}
