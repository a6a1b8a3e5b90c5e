package dev.stoa.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The bodies of the requests on the backups of databases, and what they answer. */
public final class BackupRequests {
    private BackupRequests() {}

    /**
     * A base backup.
     *
     * @param state     proven, proving, or not proven
     * @param from      the earliest moment that it can be restored to
     * @param until     the latest
     * @param sizeBytes compressed, without the log
     * @param dataBytes of the database that a restore makes
     * @param provenAt  when it was last started and read through
     * @param checked   what was done then
     */
    public record Backup(
            String id,
            String state,
            Instant from,
            Optional<Instant> until,
            long sizeBytes,
            long dataBytes,
            String version,
            Optional<Instant> provenAt,
            Optional<String> checked) {}

    /**
     * All backups of a database.
     *
     * @param archive     the folder of this database's in the place
     * @param place       a folder or a bucket
     * @param destroyedAt of a database that is no more
     * @param keptUntil   after that, its backups go too
     * @param problems    sentences: what keeps it from being backed up
     */
    public record Backups(
            String database,
            String archive,
            String place,
            Optional<Instant> destroyedAt,
            Optional<Instant> keptUntil,
            List<Backup> backups,
            List<String> problems) {
        public Backups {
            backups = List.copyOf(backups);
            problems = List.copyOf(problems);
        }
    }

    /**
     * @param as new database's name; absent: the same, of one that was destroyed
     * @param to absent: the latest moment that there is
     */
    public record Restore(Optional<String> as, Optional<Instant> to) {}

    /**
     * A restore of a database that this platform does not know.
     *
     * @param place   where the backups are
     * @param key     the recovery key
     * @param archive which database's, if there are several
     */
    public record RestoreFrom(Place place, String key, Optional<String> archive, String as, Optional<Instant> to) {}

    /**
     * @param to       a folder, or {@code s3://bucket/prefix}
     * @param endpoint of an S3 server that is not Amazon's
     */
    public record Place(
            String to,
            Optional<String> endpoint,
            Optional<String> region,
            Optional<String> accessKey,
            Optional<String> secretKey) {}

    public record Fork(String as) {}

    /** @param version of PostgreSQL; absent: the one that Stoa brings */
    public record Upgrade(Optional<String> version) {}

    /** @param over the database whose apps are to have this one instead */
    public record Promote(String over) {}

    /** @param key without which no backup can be read */
    public record RecoveryKey(String key, String archive, String place) {}

    /**
     * Something that takes long.
     *
     * @param state   running, done or failed
     * @param result  what came of it: a backup's id, or a database's name
     * @param problem why it failed
     */
    public record Work(String id, String state, String what, Optional<String> result, Optional<Problem> problem) {}
}
