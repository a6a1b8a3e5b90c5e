package dev.stoa.platform.control;

import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** Rollouts: the taking of a release to its instances. */
final class RolloutStore {
    private final Jdbi jdbi;

    RolloutStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** @param state {@code pending}, {@code active}, {@code superseded} or {@code failed} */
    record RolloutRow(long id, int app, int version, String state, Optional<Problem> problem, Instant createdAt) {
        boolean pending() {
            return state.equals("pending");
        }

        boolean active() {
            return state.equals("active");
        }
    }

    RolloutRow add(int app, int version, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        insert into rollouts (app_id, version, state, created_at)
                        values (:app, :version, 'pending', :now)
                        returning *
                        """)
                .bind("app", app)
                .bind("version", version)
                .bind("now", now)
                .map(RolloutStore::rollout)
                .one());
    }

    RolloutRow get(long id) {
        return jdbi.withHandle(handle -> handle.createQuery("select * from rollouts where id = :id")
                .bind("id", id)
                .map(RolloutStore::rollout)
                .one());
    }

    /** The active and the pending one, where they are. */
    List<RolloutRow> current(int app) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select * from rollouts where app_id = :app and state in ('active', 'pending')")
                .bind("app", app)
                .map(RolloutStore::rollout)
                .list());
    }

    /** The pending rollout serves from now on, and so does its release: one transaction for both. */
    void activate(RolloutRow rollout) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate("update rollouts set state = 'superseded' where app_id = :app and state = 'active'")
                    .bind("app", rollout.app())
                    .execute();
            handle.createUpdate("update rollouts set state = 'active' where id = :id")
                    .bind("id", rollout.id())
                    .execute();
            handle.createUpdate("""
                            update releases set state = 'superseded'
                            where app_id = :app and state = 'active' and version <> :version
                            """)
                    .bind("app", rollout.app())
                    .bind("version", rollout.version())
                    .execute();
            handle.createUpdate("update releases set state = 'active' where app_id = :app and version = :version")
                    .bind("app", rollout.app())
                    .bind("version", rollout.version())
                    .execute();
        });
    }

    /** The pending rollout has failed, and so has its release, unless that serves already (a restart). */
    void fail(RolloutRow rollout, Problem problem) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate(
                            "update rollouts set state = 'failed', problem = :problem where id = :id and state = 'pending'")
                    .bind("id", rollout.id())
                    .bind("problem", Json.write(problem))
                    .execute();
            handle.createUpdate("""
                            update releases set state = 'failed', reason = :reason
                            where app_id = :app and version = :version and state = 'pending'
                            """)
                    .bind("app", rollout.app())
                    .bind("version", rollout.version())
                    .bind("reason", problem.detail())
                    .execute();
        });
    }

    private static RolloutRow rollout(ResultSet row, StatementContext context) throws SQLException {
        return new RolloutRow(
                row.getLong("id"),
                row.getInt("app_id"),
                row.getInt("version"),
                row.getString("state"),
                Optional.ofNullable(row.getString("problem")).map(json -> Json.read(json, Problem.class)),
                row.getTimestamp("created_at").toInstant());
    }
}
