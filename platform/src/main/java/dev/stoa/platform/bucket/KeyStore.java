package dev.stoa.platform.bucket;

import dev.stoa.platform.base.Secrets;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/** The keys of the apps. */
final class KeyStore {
    private final Jdbi jdbi;
    private final Secrets secrets;

    KeyStore(Jdbi jdbi, Secrets secrets) {
        this.jdbi = jdbi;
        this.secrets = secrets;
    }

    record Owned(BucketKey key, int app) {}

    /** The key of an app; made by {@code fresh} if it has none. */
    BucketKey of(int app, Supplier<BucketKey> fresh, Instant now) {
        return present(app).orElseGet(() -> {
            insert(app, fresh.get(), now);
            return present(app).orElseThrow();
        });
    }

    private Optional<BucketKey> present(int app) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select id, secret from bucket_keys where app_id = :app and retired_at is null")
                .bind("app", app)
                .map((row, context) -> new BucketKey(row.getString("id"), opened(row.getBytes("secret"))))
                .findOne());
    }

    private void insert(int app, BucketKey key, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into bucket_keys (id, app_id, secret, made_at) values (:id, :app, :secret, :now)
                        on conflict (app_id) where retired_at is null do nothing
                        """)
                .bind("id", key.id())
                .bind("app", app)
                .bind("secret", secrets.seal(key.secret().getBytes(StandardCharsets.UTF_8)))
                .bind("now", now)
                .execute());
    }

    /** The key of before works until then. */
    void rotate(int app, BucketKey key, Instant now, Instant until) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate("update bucket_keys set retired_at = :until where app_id = :app and retired_at is null")
                    .bind("app", app)
                    .bind("until", until)
                    .execute();
            handle.createUpdate(
                            "insert into bucket_keys (id, app_id, secret, made_at) values (:id, :app, :secret, :now)")
                    .bind("id", key.id())
                    .bind("app", app)
                    .bind("secret", secrets.seal(key.secret().getBytes(StandardCharsets.UTF_8)))
                    .bind("now", now)
                    .execute();
        });
    }

    Optional<Owned> find(String id, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select id, app_id, secret from bucket_keys
                        where id = :id and (retired_at is null or retired_at > :now)
                        """)
                .bind("id", id)
                .bind("now", now)
                .map((row, context) -> new Owned(
                        new BucketKey(row.getString("id"), opened(row.getBytes("secret"))), row.getInt("app_id")))
                .findOne());
    }

    void forget(Instant retiredBefore) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from bucket_keys where retired_at < :before")
                .bind("before", retiredBefore)
                .execute());
    }

    private String opened(byte[] sealed) {
        return new String(secrets.open(sealed), StandardCharsets.UTF_8);
    }
}
