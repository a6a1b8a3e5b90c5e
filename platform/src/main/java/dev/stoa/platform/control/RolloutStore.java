package dev.stoa.platform.control;

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

/** Rollouts: the taking of a release to its instances. */
final class RolloutStore {
    private final Jdbi jdbi;

    RolloutStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * @param state      {@code pending}, {@code active}, {@code canary}, {@code superseded} or {@code failed}
     * @param percent    of the requests, for one that began as a canary
     * @param promotedAt since when such a one is to become the active one
     */
    record RolloutRow(
            long id,
            int app,
            int version,
            String state,
            Optional<Integer> percent,
            Optional<Instant> promotedAt,
            Optional<Problem> problem,
            Instant createdAt) {
        boolean pending() {
            return state.equals("pending");
        }

        boolean active() {
            return state.equals("active");
        }

        boolean canary() {
            return state.equals("canary");
        }

        /** Whether it is to be beside the active one, not in its place. */
        boolean beside() {
            return percent.isPresent() && promotedAt.isEmpty();
        }

        /** The share of the requests that it gets as a canary, which it keeps while it is promoted. */
        Optional<Integer> share() {
            return percent.filter(share -> canary() || (pending() && promotedAt.isPresent()));
        }

        /** Since when its instances have had time to get healthy. */
        Instant since() {
            return promotedAt.orElse(createdAt);
        }
    }

    RolloutRow add(int app, int version, Instant now) {
        return add(app, version, Optional.empty(), now);
    }

    /** @param percent of the requests, for a canary */
    RolloutRow add(int app, int version, Optional<Integer> percent, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        insert into rollouts (app_id, version, state, percent, created_at)
                        values (:app, :version, 'pending', :percent, :now)
                        returning *
                        """)
                .bind("app", app)
                .bind("version", version)
                .bind("percent", percent)
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

    /** The active one, the pending one and the canary, where they are. */
    List<RolloutRow> current(int app) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select * from rollouts where app_id = :app and state in ('active', 'pending', 'canary')")
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

    /** The pending rollout is a canary from now on, and so is its release. */
    void stand(RolloutRow rollout) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate("update rollouts set state = 'canary' where id = :id and state = 'pending'")
                    .bind("id", rollout.id())
                    .execute();
            handle.createUpdate("""
                            update releases set state = 'canary'
                            where app_id = :app and version = :version and state = 'pending'
                            """)
                    .bind("app", rollout.app())
                    .bind("version", rollout.version())
                    .execute();
        });
    }

    Optional<RolloutRow> canary(int app) {
        return current(app).stream().filter(RolloutRow::canary).findFirst();
    }

    /** The app's canary gets this share; empty: it has none. */
    Optional<RolloutRow> share(int app, int percent) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "update rollouts set percent = :percent where app_id = :app and state = 'canary' returning *")
                .bind("app", app)
                .bind("percent", percent)
                .map(RolloutStore::rollout)
                .findOne());
    }

    /** The app's canary is to become the active one; empty: it has none. */
    Optional<RolloutRow> promote(int app, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        update rollouts set state = 'pending', promoted_at = :now
                        where app_id = :app and state = 'canary'
                        returning *
                        """)
                .bind("app", app)
                .bind("now", now)
                .map(RolloutStore::rollout)
                .findOne());
    }

    /** What was being promoted stays a canary. */
    void demote(RolloutRow rollout) {
        jdbi.useHandle(
                handle -> handle.createUpdate("""
                        update rollouts set state = 'canary', promoted_at = null
                        where id = :id and state = 'pending' and promoted_at is not null
                        """).bind("id", rollout.id()).execute());
    }

    /** The app's canary is none any more; empty: it had none. */
    Optional<RolloutRow> withdraw(int app, String reason) {
        return jdbi.inTransaction(handle -> {
            Optional<RolloutRow> ended = handle.createQuery("""
                            update rollouts set state = 'superseded'
                            where app_id = :app and state = 'canary'
                            returning *
                            """)
                    .bind("app", app)
                    .map(RolloutStore::rollout)
                    .findOne();
            handle.createUpdate("""
                            update releases set state = 'withdrawn', reason = :reason
                            where app_id = :app and state = 'canary' and version = :version
                            """)
                    .bind("app", app)
                    .bind("version", ended.map(RolloutRow::version).orElse(0))
                    .bind("reason", reason)
                    .execute();
            return ended;
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
                            where app_id = :app and version = :version and state in ('pending', 'canary')
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
                Optional.ofNullable(row.getObject("percent", Integer.class)),
                Optional.ofNullable(row.getTimestamp("promoted_at")).map(Timestamp::toInstant),
                Optional.ofNullable(row.getString("problem")).map(json -> Json.read(json, Problem.class)),
                row.getTimestamp("created_at").toInstant());
    }
}
