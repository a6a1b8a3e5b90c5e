package dev.stoa.platform.control;

import dev.stoa.api.Deploy;
import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** The changes on their way, and those that ended. */
final class DeployStore {
    private static final String SELECT = """
            select d.*, a.name as app from deploys d join apps a on a.id = d.app_id
            """;

    private final Jdbi jdbi;

    DeployStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * @param target the release that a rollback goes back to
     * @param canary the share of the requests, in percent, for a release that is to be a canary
     */
    record DeployRow(
            Deploy deploy, int app, Optional<Integer> target, Optional<Integer> canary, Optional<Integer> version) {}

    Deploy add(
            String id,
            int app,
            String kind,
            String description,
            Optional<Integer> target,
            Optional<Integer> canary,
            Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into deploys (id, app_id, kind, state, description, target, canary, created_at)
                        values (:id, :app, :kind, 'queued', :description, :target, :canary, :now)
                        """)
                .bind("id", id)
                .bind("app", app)
                .bind("kind", kind)
                .bind("description", description)
                .bind("target", target)
                .bind("canary", canary)
                .bind("now", now)
                .execute());
        return find(id).orElseThrow().deploy();
    }

    Optional<DeployRow> find(String id) {
        return jdbi.withHandle(handle -> handle.createQuery(SELECT + " where d.id = :id")
                .bind("id", id)
                .map(DeployStore::deploy)
                .findOne());
    }

    /** Newest first. */
    List<Deploy> ofApp(int app, int limit) {
        return jdbi.withHandle(
                handle -> handle.createQuery(SELECT + " where d.app_id = :app order by d.created_at desc limit :limit")
                        .bind("app", app)
                        .bind("limit", limit)
                        .map(DeployStore::deploy)
                        .map(DeployRow::deploy)
                        .list());
    }

    /** Of all apps: first those that have not ended, in the order of the queue, then the newest. */
    List<Deploy> latest(int limit) {
        return jdbi.withHandle(handle -> handle.createQuery(SELECT + """
                         order by d.finished_at is not null,
                            case when d.finished_at is null then d.created_at end, d.created_at desc
                        limit :limit
                        """)
                .bind("limit", limit)
                .map(DeployStore::deploy)
                .map(DeployRow::deploy)
                .list());
    }

    /** Those that have not ended, in the order of the queue. */
    List<DeployRow> open() {
        return jdbi.withHandle(
                handle -> handle.createQuery(SELECT + " where d.finished_at is null order by d.created_at, d.id")
                        .map(DeployStore::deploy)
                        .list());
    }

    void state(String id, String state) {
        jdbi.useHandle(handle -> handle.createUpdate("update deploys set state = :state where id = :id")
                .bind("id", id)
                .bind("state", state)
                .execute());
    }

    void version(String id, int version) {
        jdbi.useHandle(handle -> handle.createUpdate("update deploys set version = :version where id = :id")
                .bind("id", id)
                .bind("version", version)
                .execute());
    }

    /** @param state {@code done}, {@code failed} or {@code cancelled} */
    Deploy end(String id, String state, Optional<Problem> problem, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update deploys set state = :state, problem = :problem, finished_at = :now
                        where id = :id and finished_at is null
                        """)
                .bind("id", id)
                .bind("state", state)
                .bind("problem", problem.map(Json::write))
                .bind("now", now)
                .execute());
        return find(id).orElseThrow().deploy();
    }

    /** Forgets all but the newest {@code keep} that have ended, and returns their ids. */
    List<String> trim(int app, int keep) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        delete from deploys where app_id = :app and finished_at is not null and id not in (
                            select id from deploys where app_id = :app order by created_at desc limit :keep)
                        returning id
                        """)
                .bind("app", app)
                .bind("keep", keep)
                .mapTo(String.class)
                .list());
    }

    private static DeployRow deploy(ResultSet row, StatementContext context) throws SQLException {
        Optional<Integer> version = Optional.ofNullable(row.getObject("version", Integer.class));
        return new DeployRow(
                new Deploy(
                        row.getString("id"),
                        row.getString("app"),
                        row.getString("kind"),
                        row.getString("state"),
                        row.getString("description"),
                        version.map(number -> "v" + number),
                        Optional.ofNullable(row.getString("problem")).map(json -> Json.read(json, Problem.class)),
                        row.getTimestamp("created_at").toInstant(),
                        Optional.ofNullable(row.getTimestamp("finished_at")).map(Timestamp::toInstant)),
                row.getInt("app_id"),
                Optional.ofNullable(row.getObject("target", Integer.class)),
                Optional.ofNullable(row.getObject("canary", Integer.class)),
                version);
    }
}
