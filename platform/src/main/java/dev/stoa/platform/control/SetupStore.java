package dev.stoa.platform.control;

import dev.stoa.api.AppSetup;
import dev.stoa.api.Json;
import dev.stoa.api.MergedManifest;
import java.time.Instant;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;

/** What builds ask for beyond their manifests, and which apps have been set up. */
final class SetupStore {
    private final Jdbi jdbi;

    SetupStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** @param origins by key of the manifest, where it comes from */
    record Declared(AppSetup setup, Map<String, String> origins) {
        static final Declared NOTHING = new Declared(AppSetup.NONE, Map.of());

        Declared {
            origins = Map.copyOf(origins);
        }
    }

    void declare(String build, MergedManifest merged) {
        jdbi.useHandle(handle -> handle.createUpdate("update builds set declared = :declared where id = :build")
                .bind("declared", Json.write(new Declared(merged.setup(), merged.origins())))
                .bind("build", build)
                .execute());
    }

    Declared declared(String build) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select declared from builds where id = :build and declared is not null")
                        .bind("build", build)
                        .mapTo(String.class)
                        .findOne()
                        .map(json -> Json.read(json, Declared.class))
                        .orElse(Declared.NOTHING));
    }

    boolean isSetUp(int app) {
        return jdbi.withHandle(handle -> handle.createQuery("select set_up_at is not null from apps where id = :app")
                .bind("app", app)
                .mapTo(Boolean.class)
                .one());
    }

    void setUp(int app, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("update apps set set_up_at = :now where id = :app")
                .bind("now", now)
                .bind("app", app)
                .execute());
    }
}
