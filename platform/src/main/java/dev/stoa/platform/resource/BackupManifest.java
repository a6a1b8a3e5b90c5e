package dev.stoa.platform.resource;

import java.time.Instant;
import java.util.List;

/**
 * What a base backup consists of. It is written last: a backup without it is none.
 *
 * @param format           of the backup; one that this version does not know is refused
 * @param database         its name then
 * @param version          of PostgreSQL, such as 18.6
 * @param systemIdentifier of the cluster
 * @param startedAt        by the platform's clock
 * @param finishedAt       the earliest moment that it can be restored to
 * @param startWal         the first segment of the write-ahead log that a restore needs
 * @param stopWal          the last that it needs to be consistent
 * @param segmentBytes     of a segment of the write-ahead log
 * @param label            the file backup_label
 * @param password         of the cluster's superuser
 * @param plan             of the database
 * @param directories      of the cluster, parents first
 * @param parts            in which the files are
 */
record BackupManifest(
        int format,
        String id,
        String database,
        String version,
        String systemIdentifier,
        Instant startedAt,
        Instant finishedAt,
        String startLsn,
        String stopLsn,
        String startWal,
        String stopWal,
        long segmentBytes,
        String label,
        String password,
        String plan,
        List<String> directories,
        List<Part> parts) {
    static final int FORMAT = 1;

    BackupManifest {
        directories = List.copyOf(directories);
        parts = List.copyOf(parts);
    }

    /** A file of the archive that holds files of the cluster one after the other. */
    record Part(String name, List<Entry> files) {
        Part {
            files = List.copyOf(files);
        }
    }

    /** @param sha256 hexadecimal */
    record Entry(String path, long sizeBytes, String sha256) {}

    int major() {
        return Integer.parseInt(version.replaceFirst("\\D.*", ""));
    }

    /** Of the cluster, as it is after a restore. */
    long sizeBytes() {
        return parts.stream()
                .flatMap(part -> part.files().stream())
                .mapToLong(Entry::sizeBytes)
                .sum();
    }
}
