package dev.stoa.platform.control;

import dev.stoa.platform.base.Secrets;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Jdbi;

/** The config vars of the next release, sealed at rest. */
final class ConfigStore {
    private final Jdbi jdbi;
    private final Secrets secrets;

    ConfigStore(Jdbi jdbi, Secrets secrets) {
        this.jdbi = jdbi;
        this.secrets = secrets;
    }

    /** All of an app, by name. */
    Map<String, String> read(int app) {
        return jdbi.withHandle(handle -> {
            Map<String, String> config = new TreeMap<>();
            handle.createQuery("select name, value from config_vars where app_id = :app")
                    .bind("app", app)
                    .map((row, context) -> Map.entry(row.getString(1), row.getBytes(2)))
                    .forEach(entry -> config.put(entry.getKey(), opened(entry.getValue())));
            return config;
        });
    }

    void change(int app, Map<String, String> set, Collection<String> unset) {
        jdbi.useTransaction(handle -> {
            set.forEach((name, value) -> handle.createUpdate("""
                            insert into config_vars (app_id, name, value) values (:app, :name, :value)
                            on conflict (app_id, name) do update set value = excluded.value
                            """)
                    .bind("app", app)
                    .bind("name", name)
                    .bind("value", secrets.seal(value.getBytes(StandardCharsets.UTF_8)))
                    .execute());
            unset.forEach(name -> handle.createUpdate("delete from config_vars where app_id = :app and name = :name")
                    .bind("app", app)
                    .bind("name", name)
                    .execute());
        });
    }

    /** Puts these in the place of all that there are. */
    void replace(int app, Map<String, String> config) {
        Map<String, String> present = read(app);
        change(
                app,
                config,
                present.keySet().stream()
                        .filter(name -> !config.containsKey(name))
                        .toList());
    }

    private String opened(byte[] sealed) {
        return new String(secrets.open(sealed), StandardCharsets.UTF_8);
    }
}
