package dev.stoa.platform.resource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where PostgreSQL puts the segments of its write-ahead log, and the platform takes them from. The command needs no platform:
 * a segment is copied, forced to the disk and renamed, or PostgreSQL keeps it and tries again.
 */
final class WalSpool {
    private static final String FOLDER = "spool";

    /**
     * That the times of the files are kept says when PostgreSQL last wrote to a segment. A segment is closed after a minute
     * if anything was written to it.
     */
    static final Map<String, String> SETTINGS = Map.of(
            "archive_mode",
            "on",
            "archive_timeout",
            "60",
            "archive_command",
            "cp -p %p ../spool/.%f.new && sync ../spool/.%f.new && mv ../spool/.%f.new ../spool/%f && sync ../spool");

    private WalSpool() {}

    /** Makes the folder, for the cluster's own user. */
    static void prepare(Path home) {
        Path spool = home.resolve(FOLDER);
        if (Files.isDirectory(spool) || !Files.isDirectory(home)) {
            return;
        }
        try {
            DatabaseFolder.make(spool);
            Files.setAttribute(spool, "unix:uid", Files.getAttribute(home, "unix:uid"));
            Files.setAttribute(spool, "unix:gid", Files.getAttribute(home, "unix:gid"));
        } catch (IOException e) {
            throw PostgresCluster.unusable(spool, e);
        }
    }

    /** Moves what there is into the archive, in order; returns how many files that were. */
    static int drain(Path home, BackupArchive archive) throws IOException {
        int moved = 0;
        for (Path file : waiting(home)) {
            try {
                Instant written = Files.getLastModifiedTime(file).toInstant();
                archive.putWal(file.getFileName().toString(), written, file);
                Files.deleteIfExists(file);
                moved++;
            } catch (NoSuchFileException e) {
                if (Files.exists(file)) {
                    throw e;
                }
            }
        }
        return moved;
    }

    static List<Path> waiting(Path home) throws IOException {
        Path spool = home.resolve(FOLDER);
        if (!Files.isDirectory(spool)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(spool)) {
            return files.filter(file -> WalName.isArchived(file.getFileName().toString()))
                    .sorted(Comparator.comparing(Path::getFileName))
                    .toList();
        }
    }

    /** Since when PostgreSQL has been trying to archive a segment, if that is longer ago than {@code patience}. */
    static Optional<Instant> stuckSince(Path data, Instant now, Duration patience) {
        try (Stream<Path> files = Files.list(data.resolve("pg_wal/archive_status"))) {
            return files.filter(file -> file.toString().endsWith(".ready"))
                    .map(WalSpool::modified)
                    .flatMap(Optional::stream)
                    .min(Comparator.naturalOrder())
                    .filter(since -> since.isBefore(now.minus(patience)));
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty();
        }
    }

    private static Optional<Instant> modified(Path file) {
        try {
            return Optional.of(Files.getLastModifiedTime(file).toInstant());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
