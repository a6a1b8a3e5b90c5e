package dev.stoa.platform.control;

import dev.stoa.api.GitSource;
import dev.stoa.api.GitUrl;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.source.git.SshKey;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** Which repositories apps come from, their keys, and the pushes that were taken. */
final class GitStore {
    /** So many pushes of an app are remembered, and refused if they come again. */
    private static final int DELIVERIES_MAX = 10_000;

    private final Jdbi jdbi;
    private final Secrets secrets;

    GitStore(Jdbi jdbi, Secrets secrets) {
        this.jdbi = jdbi;
        this.secrets = secrets;
    }

    /** @param source its ref is the branch; absent: the forge's default */
    record ConnectionRow(int app, GitSource source, String secret, Instant createdAt) {}

    record KeyRow(SshKey key, Instant createdAt) {}

    record DeliveryRow(String deploy, String commit) {}

    Optional<ConnectionRow> connection(int app) {
        return jdbi.withHandle(handle -> handle.createQuery("select * from git_connections where app_id = :app")
                .bind("app", app)
                .map(this::connectionRow)
                .findOne());
    }

    private ConnectionRow connectionRow(ResultSet row, StatementContext context) throws SQLException {
        return new ConnectionRow(
                row.getInt("app_id"),
                new GitSource(GitUrl.parse(opened(row.getBytes("url"))), Optional.ofNullable(row.getString("branch"))),
                opened(row.getBytes("secret")),
                row.getTimestamp("created_at").toInstant());
    }

    void connect(int app, GitSource source, String secret, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into git_connections (app_id, url, branch, secret, created_at)
                        values (:app, :url, :branch, :secret, :now)
                        on conflict (app_id) do update
                        set url = excluded.url, branch = excluded.branch, secret = excluded.secret,
                            created_at = excluded.created_at
                        """)
                .bind("app", app)
                .bind("url", sealed(source.url().complete()))
                .bind("branch", source.ref())
                .bind("secret", sealed(secret))
                .bind("now", now)
                .execute());
    }

    boolean disconnect(int app) {
        return jdbi.withHandle(handle -> handle.createUpdate("delete from git_connections where app_id = :app")
                        .bind("app", app)
                        .execute()
                > 0);
    }

    Optional<KeyRow> key(int app) {
        return jdbi.withHandle(handle -> handle.createQuery("select * from deploy_keys where app_id = :app")
                .bind("app", app)
                .map((row, context) -> new KeyRow(
                        SshKey.of(secrets.open(row.getBytes("private_key")), row.getBytes("public_key")),
                        row.getTimestamp("created_at").toInstant()))
                .findOne());
    }

    /** Keeps the key that there is, unless it is to be replaced. */
    void addKey(int app, SshKey key, boolean replace, Instant now) {
        String conflict = replace ? """
                do update set private_key = excluded.private_key, public_key = excluded.public_key,
                    created_at = excluded.created_at
                """ : "do nothing";
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into deploy_keys (app_id, private_key, public_key, created_at)
                        values (:app, :private, :public, :now)
                        on conflict (app_id)
                        """ + conflict)
                .bind("app", app)
                .bind("private", secrets.seal(key.privateKey()))
                .bind("public", key.publicKey())
                .bind("now", now)
                .execute());
    }

    /** Says where a deploy that will be submitted gets its source, and forgets those of deploys that are forgotten. */
    void addDeploy(String deploy, int app, GitSource source, boolean pushed) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate("""
                            delete from git_deploys g
                            where app_id = :app and not exists (select 1 from deploys d where d.id = g.deploy_id)
                            """).bind("app", app).execute();
            handle.createUpdate("""
                            insert into git_deploys (deploy_id, app_id, url, ref, pushed)
                            values (:deploy, :app, :url, :ref, :pushed)
                            """)
                    .bind("deploy", deploy)
                    .bind("app", app)
                    .bind("url", sealed(source.url().complete()))
                    .bind("ref", source.ref())
                    .bind("pushed", pushed)
                    .execute();
        });
    }

    /** Where a deploy gets its source, if it is fetched. */
    Optional<GitSource> source(String deploy) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select url, ref from git_deploys where deploy_id = :deploy")
                .bind("deploy", deploy)
                .map((row, context) -> new GitSource(
                        GitUrl.parse(opened(row.getBytes("url"))), Optional.ofNullable(row.getString("ref"))))
                .findOne());
    }

    /** Notes which commit a deploy is, and what it is called now that this is known. */
    void fetched(String deploy, String commit, String description) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate("update git_deploys set commit_id = :commit where deploy_id = :deploy")
                    .bind("commit", commit)
                    .bind("deploy", deploy)
                    .execute();
            handle.createUpdate("update deploys set description = :description where id = :deploy")
                    .bind("description", description)
                    .bind("deploy", deploy)
                    .execute();
        });
    }

    /** The deploys of pushes that wait for their turn. */
    List<String> waitingPushes(int app) {
        return jdbi.withHandle(handle ->
                handle.createQuery("""
                        select d.id from deploys d join git_deploys g on g.deploy_id = d.id
                        where d.app_id = :app and d.state = 'queued' and d.finished_at is null and g.pushed
                        order by d.created_at
                        """).bind("app", app).mapTo(String.class).list());
    }

    /** A push that was taken with this number, or with exactly this content. */
    Optional<DeliveryRow> delivery(int app, Optional<String> delivery, byte[] bodyHash) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select deploy_id, commit_id from webhook_deliveries
                        where app_id = :app and (body_hash = :hash or delivery = :delivery)
                        order by id desc limit 1
                        """)
                .bind("app", app)
                .bind("hash", bodyHash)
                .bind("delivery", delivery)
                .map((row, context) -> new DeliveryRow(row.getString(1), row.getString(2)))
                .findOne());
    }

    /** The push that was taken last. */
    Optional<DeliveryRow> lastDelivery(int app) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select deploy_id, commit_id from webhook_deliveries
                        where app_id = :app order by id desc limit 1
                        """)
                .bind("app", app)
                .map((row, context) -> new DeliveryRow(row.getString(1), row.getString(2)))
                .findOne());
    }

    void addDelivery(int app, Optional<String> delivery, byte[] bodyHash, DeliveryRow row, Instant now) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate("""
                            insert into webhook_deliveries (app_id, delivery, body_hash, commit_id, deploy_id, received_at)
                            values (:app, :delivery, :hash, :commit, :deploy, :now)
                            on conflict (app_id, body_hash) do nothing
                            """)
                    .bind("app", app)
                    .bind("delivery", delivery)
                    .bind("hash", bodyHash)
                    .bind("commit", row.commit())
                    .bind("deploy", row.deploy())
                    .bind("now", now)
                    .execute();
            handle.createUpdate("""
                            delete from webhook_deliveries where app_id = :app and id <= (
                                select id from webhook_deliveries where app_id = :app
                                order by id desc offset :keep limit 1)
                            """)
                    .bind("app", app)
                    .bind("keep", DELIVERIES_MAX)
                    .execute();
        });
    }

    private byte[] sealed(String text) {
        return secrets.seal(text.getBytes(StandardCharsets.UTF_8));
    }

    private String opened(byte[] sealed) {
        return new String(secrets.open(sealed), StandardCharsets.UTF_8);
    }
}
