package dev.stoa.platform.resource;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The backups of a database that was destroyed.
 *
 * @param name     the database's
 * @param settings the database's
 * @param until    after that they go, too
 */
public record KeptArchive(
        String name, BackupPlace place, Map<String, String> settings, Instant destroyedAt, Instant until) {
    public KeptArchive {
        settings = Map.copyOf(settings);
    }

    /** Where they are remembered. */
    public interface Register {
        void keep(KeptArchive archive);

        /** The latest first. */
        List<KeptArchive> all();

        void drop(String archive);
    }
}
