package dev.stoa.platform.control;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** What the platform knows of each instance that the engine does not: its slot, its crashes, whether it was told to go. */
final class InstanceStore {
    private final Jdbi jdbi;

    InstanceStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** @param exit how it ended, for people; there together with {@code exitedAt} */
    record InstanceRow(
            String id,
            int app,
            Slot slot,
            int crashes,
            boolean stopping,
            Instant startedAt,
            Optional<Instant> exitedAt,
            Optional<String> exit) {}

    void add(InstanceRow instance) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into instances (id, app_id, rollout_id, process, number, crashes, started_at)
                        values (:id, :app, :rollout, :process, :number, :crashes, :startedAt)
                        """)
                .bind("id", instance.id())
                .bind("app", instance.app())
                .bind("rollout", instance.slot().rollout())
                .bind("process", instance.slot().process())
                .bind("number", instance.slot().number())
                .bind("crashes", instance.crashes())
                .bind("startedAt", instance.startedAt())
                .execute());
    }

    List<InstanceRow> all(int app) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select * from instances where app_id = :app order by process, number, started_at")
                .bind("app", app)
                .map(InstanceStore::instance)
                .list());
    }

    Set<String> ids() {
        return jdbi.withHandle(handle -> handle.createQuery("select id from instances")
                .mapTo(String.class)
                .set());
    }

    int running() {
        return jdbi.withHandle(handle -> handle.createQuery("select count(*) from instances where exited_at is null")
                .mapTo(Integer.class)
                .one());
    }

    void markStopping(String id) {
        jdbi.useHandle(handle -> handle.createUpdate("update instances set stopping = true where id = :id")
                .bind("id", id)
                .execute());
    }

    void markExited(String id, Instant at, String exit) {
        jdbi.useHandle(handle -> handle.createUpdate(
                        "update instances set exited_at = :at, exit = :exit where id = :id and exited_at is null")
                .bind("id", id)
                .bind("at", at)
                .bind("exit", exit)
                .execute());
    }

    void delete(String id) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from instances where id = :id")
                .bind("id", id)
                .execute());
    }

    private static InstanceRow instance(ResultSet row, StatementContext context) throws SQLException {
        return new InstanceRow(
                row.getString("id"),
                row.getInt("app_id"),
                new Slot(row.getLong("rollout_id"), row.getString("process"), row.getInt("number")),
                row.getInt("crashes"),
                row.getBoolean("stopping"),
                row.getTimestamp("started_at").toInstant(),
                Optional.ofNullable(row.getTimestamp("exited_at")).map(Timestamp::toInstant),
                Optional.ofNullable(row.getString("exit")));
    }
}
