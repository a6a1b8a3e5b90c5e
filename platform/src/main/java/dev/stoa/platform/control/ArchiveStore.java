package dev.stoa.platform.control;

import dev.stoa.api.Json;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.resource.BackupPlace;
import dev.stoa.platform.resource.KeptArchive;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;

/** The backups of databases that were destroyed. */
final class ArchiveStore implements KeptArchive.Register {
    private final Jdbi jdbi;
    private final Secrets secrets;

    ArchiveStore(Jdbi jdbi, Secrets secrets) {
        this.jdbi = jdbi;
        this.secrets = secrets;
    }

    @Override
    public void keep(KeptArchive kept) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into kept_archives (archive, name, place, settings, destroyed_at, kept_until)
                        values (:archive, :name, :place, :settings, :destroyed, :until)
                        on conflict (archive) do update
                        set destroyed_at = excluded.destroyed_at, kept_until = excluded.kept_until
                        """)
                .bind("archive", kept.place().archive())
                .bind("name", kept.name())
                .bind("place", secrets.seal(Json.write(kept.place()).getBytes(StandardCharsets.UTF_8)))
                .bind("settings", Json.write(kept.settings()))
                .bind("destroyed", kept.destroyedAt())
                .bind("until", kept.until())
                .execute());
    }

    @Override
    public List<KeptArchive> all() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select name, place, settings, destroyed_at, kept_until from kept_archives order by destroyed_at desc")
                .map((row, context) -> new KeptArchive(
                        row.getString(1),
                        Json.read(new String(secrets.open(row.getBytes(2)), StandardCharsets.UTF_8), BackupPlace.class),
                        settings(row.getString(3)),
                        row.getTimestamp(4).toInstant(),
                        row.getTimestamp(5).toInstant()))
                .list());
    }

    private static Map<String, String> settings(String json) {
        Map<String, String> settings = new HashMap<>();
        Map<?, ?> read = Json.read(json, Map.class);
        read.forEach((key, value) -> settings.put(String.valueOf(key), String.valueOf(value)));
        return settings;
    }

    @Override
    public void drop(String archive) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from kept_archives where archive = :archive")
                .bind("archive", archive)
                .execute());
    }
}
