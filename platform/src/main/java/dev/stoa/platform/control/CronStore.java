package dev.stoa.platform.control;

import dev.stoa.api.CronRun;
import dev.stoa.api.Json;
import dev.stoa.api.Manifest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** The history of scheduled jobs, and up to when each schedule has been seen to. */
final class CronStore {
    /** So many entries are kept of each job. */
    static final int HISTORY_MAX = 100;

    /** And so many of an app, whose releases may have had many jobs. */
    static final int APP_HISTORY_MAX = 20_000;

    private final Jdbi jdbi;

    CronStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** @param deadline when it has taken too long; there for one that was started */
    record CronRow(int app, CronRun run, Optional<Instant> deadline) {
        boolean running() {
            return run.state().equals("running");
        }
    }

    /** An app whose active release has scheduled jobs. */
    record Scheduled(int app, int version, String build, Manifest manifest) {}

    /** @param schedule with its time zone */
    record Mark(String schedule, Instant seen) {}

    List<Scheduled> scheduled() {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select r.app_id, r.version, b.id, b.manifest
                        from releases r join builds b on b.id = r.build_id
                        where r.state = 'active' and b.manifest::jsonb -> 'crons' <> '{}'::jsonb
                        order by r.app_id
                        """)
                .map((row, context) -> new Scheduled(
                        row.getInt(1), row.getInt(2), row.getString(3), Json.read(row.getString(4), Manifest.class)))
                .list());
    }

    Map<String, Mark> marks(int app) {
        return jdbi.withHandle(handle -> {
            Map<String, Mark> marks = new HashMap<>();
            handle.createQuery("select name, schedule, seen_until from cron_marks where app_id = :app")
                    .bind("app", app)
                    .map((row, context) -> Map.entry(
                            row.getString(1),
                            new Mark(row.getString(2), row.getTimestamp(3).toInstant())))
                    .forEach(entry -> marks.put(entry.getKey(), entry.getValue()));
            return marks;
        });
    }

    void mark(int app, String name, Mark mark) {
        jdbi.useHandle(handle -> mark(handle, app, name, mark));
    }

    /** In one transaction, so that a run neither starts twice nor gets lost. */
    void add(CronRow row, Mark mark) {
        jdbi.useTransaction(handle -> {
            add(handle, row);
            mark(handle, row.app(), row.run().cron(), mark);
        });
    }

    void add(CronRow row) {
        jdbi.useTransaction(handle -> add(handle, row));
    }

    /** Forgets the marks of jobs that are no longer there, so that they begin anew should they come back. */
    void dropMarks(int app, Collection<String> names) {
        names.forEach(name -> jdbi.useHandle(
                handle -> handle.createUpdate("delete from cron_marks where app_id = :app and name = :name")
                        .bind("app", app)
                        .bind("name", name)
                        .execute()));
    }

    private static void mark(Handle handle, int app, String name, Mark mark) {
        handle.createUpdate("""
                        insert into cron_marks (app_id, name, schedule, seen_until)
                        values (:app, :name, :schedule, :seen)
                        on conflict (app_id, name) do update
                        set schedule = excluded.schedule, seen_until = excluded.seen_until
                        """)
                .bind("app", app)
                .bind("name", name)
                .bind("schedule", mark.schedule())
                .bind("seen", mark.seen())
                .execute();
    }

    private static void add(Handle handle, CronRow row) {
        CronRun run = row.run();
        handle.createUpdate("""
                        insert into cron_runs (id, app_id, name, version, state, count, reason,
                            scheduled_at, started_at, deadline, finished_at)
                        values (:id, :app, :name, :version, :state, :count, :reason,
                            :scheduledAt, :startedAt, :deadline, :finishedAt)
                        """)
                .bind("id", run.id())
                .bind("app", row.app())
                .bind("name", run.cron())
                .bind("version", Integer.parseInt(run.release().substring(1)))
                .bind("state", run.state())
                .bind("count", run.count())
                .bind("reason", run.reason())
                .bind("scheduledAt", run.scheduledAt())
                .bind("startedAt", run.startedAt())
                .bind("deadline", row.deadline())
                .bind("finishedAt", run.finishedAt())
                .execute();
    }

    /** The run is being ended, and this is the state that it will have; the first to say so counts. */
    void ending(String id, String state, String reason) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update cron_runs set ending = :state, reason = :reason
                        where id = :id and state = 'running' and ending is null
                        """)
                .bind("id", id)
                .bind("state", state)
                .bind("reason", reason)
                .execute());
    }

    /** Writes down the end of a run that goes on; what {@link #ending} said wins. */
    void finish(String id, String state, Optional<Integer> status, Optional<String> reason, Instant at) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update cron_runs set state = coalesce(ending, :state), status = :status,
                            reason = coalesce(reason, :reason), finished_at = :at
                        where id = :id and state = 'running'
                        """)
                .bind("id", id)
                .bind("state", state)
                .bind("status", status)
                .bind("reason", reason)
                .bind("at", at)
                .execute());
    }

    /** Of all apps. */
    List<CronRow> running() {
        return jdbi.withHandle(handle -> handle.createQuery("select * from cron_runs where state = 'running'")
                .map(CronStore::row)
                .list());
    }

    /** The ids of the instances of runs that go on. */
    Set<String> instances() {
        return jdbi.withHandle(handle -> handle.createQuery("select id from cron_runs where state = 'running'")
                .mapTo(String.class)
                .set());
    }

    /** Newest first. */
    List<CronRow> history(int app, String name, int limit) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select * from cron_runs where app_id = :app and name = :name
                        order by scheduled_at desc, id limit :limit
                        """)
                .bind("app", app)
                .bind("name", name)
                .bind("limit", limit)
                .map(CronStore::row)
                .list());
    }

    Optional<CronRow> find(String id) {
        return jdbi.withHandle(handle -> handle.createQuery("select * from cron_runs where id = :id")
                .bind("id", id)
                .map(CronStore::row)
                .findOne());
    }

    /** Deletes what is too old of a job's history, and returns the ids of that. */
    List<String> prune(int app, String name) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        delete from cron_runs where app_id = :app and state <> 'running' and (
                            id in (select id from cron_runs where app_id = :app and name = :name
                                order by scheduled_at desc, id offset :keep)
                            or id in (select id from cron_runs where app_id = :app
                                order by scheduled_at desc, id offset :keepOfApp))
                        returning id
                        """)
                .bind("app", app)
                .bind("name", name)
                .bind("keep", HISTORY_MAX)
                .bind("keepOfApp", APP_HISTORY_MAX)
                .mapTo(String.class)
                .list());
    }

    private static CronRow row(ResultSet row, StatementContext context) throws SQLException {
        int status = row.getInt("status");
        boolean noStatus = row.wasNull();
        return new CronRow(
                row.getInt("app_id"),
                new CronRun(
                        row.getString("id"),
                        row.getString("name"),
                        row.getString("state"),
                        "v" + row.getInt("version"),
                        row.getInt("count"),
                        noStatus ? Optional.empty() : Optional.of(status),
                        Optional.ofNullable(row.getString("reason")),
                        row.getTimestamp("scheduled_at").toInstant(),
                        instant(row, "started_at"),
                        instant(row, "finished_at")),
                instant(row, "deadline"));
    }

    private static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getTimestamp(column)).map(Timestamp::toInstant);
    }
}
