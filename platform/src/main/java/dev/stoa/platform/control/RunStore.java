package dev.stoa.platform.control;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** The commands that run by themselves, and how they ended. */
final class RunStore {
    private final Jdbi jdbi;

    RunStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * @param version of the release
     * @param status  empty while it runs, and for one that is lost
     * @param exit    how it ended, for people; there together with {@code exitedAt}
     */
    record RunRow(
            String id,
            int app,
            int version,
            String command,
            boolean stopping,
            Instant startedAt,
            Optional<Instant> exitedAt,
            Optional<Integer> status,
            Optional<String> exit) {}

    void add(RunRow run) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into runs (id, app_id, version, command, started_at)
                        values (:id, :app, :version, :command, :startedAt)
                        """)
                .bind("id", run.id())
                .bind("app", run.app())
                .bind("version", run.version())
                .bind("command", run.command())
                .bind("startedAt", run.startedAt())
                .execute());
    }

    /** Newest first. */
    List<RunRow> all(int app) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select * from runs where app_id = :app order by started_at desc, id")
                        .bind("app", app)
                        .map(RunStore::run)
                        .list());
    }

    List<RunRow> unfinished() {
        return jdbi.withHandle(handle -> handle.createQuery("select * from runs where exited_at is null")
                .map(RunStore::run)
                .list());
    }

    Optional<RunRow> find(String id) {
        return jdbi.withHandle(handle -> handle.createQuery("select * from runs where id = :id")
                .bind("id", id)
                .map(RunStore::run)
                .findOne());
    }

    void markStopping(String id) {
        jdbi.useHandle(handle -> handle.createUpdate("update runs set stopping = true where id = :id")
                .bind("id", id)
                .execute());
    }

    /** Does nothing for one that has its end already. */
    void markExited(String id, Instant at, OptionalInt status, String exit) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update runs set exited_at = :at, status = :status, exit = :exit
                        where id = :id and exited_at is null
                        """)
                .bind("id", id)
                .bind("at", at)
                .bind("status", status.isPresent() ? Integer.valueOf(status.getAsInt()) : null)
                .bind("exit", exit)
                .execute());
    }

    void delete(String id) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from runs where id = :id")
                .bind("id", id)
                .execute());
    }

    /** Forgets all but the last of those that have ended. */
    void keepLast(int app, int count) {
        jdbi.useHandle(handle ->
                handle.createUpdate("""
                        delete from runs where app_id = :app and exited_at is not null and id not in (
                            select id from runs where app_id = :app and exited_at is not null
                            order by started_at desc limit :count)
                        """).bind("app", app).bind("count", count).execute());
    }

    private static RunRow run(ResultSet row, StatementContext context) throws SQLException {
        int status = row.getInt("status");
        return new RunRow(
                row.getString("id"),
                row.getInt("app_id"),
                row.getInt("version"),
                row.getString("command"),
                row.getBoolean("stopping"),
                row.getTimestamp("started_at").toInstant(),
                Optional.ofNullable(row.getTimestamp("exited_at")).map(Timestamp::toInstant),
                row.getObject("status") == null ? Optional.empty() : Optional.of(status),
                Optional.ofNullable(row.getString("exit")));
    }
}
