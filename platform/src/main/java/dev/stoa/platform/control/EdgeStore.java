package dev.stoa.platform.control;

import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/** What the user asked of the edge beyond the manifest: that an app keeps the world out for now. */
final class EdgeStore {
    private final Jdbi jdbi;

    EdgeStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    Optional<Instant> maintenanceSince(int app) {
        return jdbi.withHandle(handle -> handle.createQuery("select since from maintenance where app_id = :app")
                .bind("app", app)
                .mapTo(Instant.class)
                .findOne());
    }

    /** One that has begun goes on. */
    void beginMaintenance(int app, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate(
                        "insert into maintenance (app_id, since) values (:app, :now) on conflict (app_id) do nothing")
                .bind("app", app)
                .bind("now", now)
                .execute());
    }

    void endMaintenance(int app) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from maintenance where app_id = :app")
                .bind("app", app)
                .execute());
    }
}
