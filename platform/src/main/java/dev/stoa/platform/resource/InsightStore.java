package dev.stoa.platform.resource;

import dev.stoa.api.DatabaseInsight;
import dev.stoa.api.DatabaseInsight.Rows;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What PostgreSQL's own statistics tell of a database. */
public final class InsightStore implements AutoCloseable {
    /** Undefined table or function: a database somewhere else may lack an extension. */
    private static final List<String> NOT_THERE = List.of("42P01", "42883", "55000");

    private static final String FACTS = """
            select current_setting('server_version') as "PostgreSQL",
                   pg_size_pretty(pg_database_size(current_database())) as "data",
                   (select count(*) from pg_stat_activity
                     where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid())
                     || ' of ' || current_setting('max_connections') as "connections",
                   coalesce((select round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 1) || ' %'
                               from pg_stat_database where datname = current_database()), 'none yet') as "cache hits",
                   date_trunc('second', now() - pg_postmaster_start_time())::text as "up for"
            """;

    private static final String SLOW = """
            select calls::text, round(total_exec_time::numeric, 1) || ' ms' as total,
                   round(mean_exec_time::numeric, 2) || ' ms' as mean, rows::text,
                   left(regexp_replace(query, '\\s+', ' ', 'g'), 200) as query
              from pg_stat_statements s join pg_database d on d.oid = s.dbid
             where d.datname = current_database() and s.userid <> 'stoa'::regrole
             order by total_exec_time desc limit 20
            """;

    /** The same where there is no role of the platform's. */
    private static final String SLOW_ELSEWHERE = SLOW.replace(" and s.userid <> 'stoa'::regrole", "");

    private static final String LOCKS = """
            select w.pid::text as waits, array_to_string(pg_blocking_pids(w.pid), ', ') as "for",
                   date_trunc('second', now() - w.query_start)::text as since,
                   left(regexp_replace(w.query, '\\s+', ' ', 'g'), 100) as query,
                   left(regexp_replace(b.query, '\\s+', ' ', 'g'), 100) as "blocked by",
                   b.state as "which is"
              from pg_stat_activity w join pg_stat_activity b on b.pid = any (pg_blocking_pids(w.pid))
             where w.datname = current_database()
             order by w.query_start limit 50
            """;

    /** Tables that are read whole again and again, and indexes that nobody uses. */
    private static final String INDEXES = """
            select * from (
            select 'may need an index' as what, relid::regclass::text as name,
                   seq_scan || ' times read whole, ' || coalesce(idx_scan, 0) || ' times by an index, about '
                     || n_live_tup || ' rows' as why, pg_size_pretty(pg_relation_size(relid)) as size
              from pg_stat_user_tables
             where n_live_tup > 10000 and seq_scan > 10 and seq_scan > coalesce(idx_scan, 0)
             order by seq_tup_read desc limit 20) missing
            union all select * from (
            select 'is not used', indexrelid::regclass::text, 'never read since ' ||
                     coalesce((select stats_reset::date::text from pg_stat_database where datname = current_database()),
                              'the database was made'),
                   pg_size_pretty(pg_relation_size(indexrelid))
              from pg_stat_user_indexes join pg_index using (indexrelid)
             where idx_scan = 0 and not indisunique and pg_relation_size(indexrelid) > 1024 * 1024
             order by pg_relation_size(indexrelid) desc limit 20) unused
            """;

    /** By dead rows: an estimate that costs nothing. */
    private static final String BLOAT = """
            select relid::regclass::text as "table", pg_size_pretty(pg_total_relation_size(relid)) as size,
                   n_dead_tup::text as "dead rows",
                   round(100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0), 1) || ' %' as share,
                   coalesce(greatest(last_vacuum, last_autovacuum)::timestamp(0)::text, 'never') as vacuumed
              from pg_stat_user_tables where n_dead_tup > 0
             order by n_dead_tup desc limit 20
            """;

    private final Connection connection;

    InsightStore(Connection connection) {
        this.connection = connection;
    }

    static InsightStore open(int port, String password) {
        try {
            return new InsightStore(RoleStore.connect(
                    "jdbc:postgresql://127.0.0.1:%d/%s?sslmode=disable&gssEncMode=disable"
                            .formatted(port, RoleStore.DATABASE),
                    PostgresCluster.USER,
                    password));
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /** In the order in which people want to read them. */
    Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        Rows rows = read(FACTS);
        for (int i = 0; i < rows.columns().size(); i++) {
            facts.put(rows.columns().get(i), rows.rows().getFirst().get(i));
        }
        return facts;
    }

    public DatabaseInsight all() {
        boolean own =
                read("select 1 from pg_roles where rolname = 'stoa'").rows().size() == 1;
        return new DatabaseInsight(read(own ? SLOW : SLOW_ELSEWHERE), read(LOCKS), read(INDEXES), read(BLOAT));
    }

    private Rows read(String sql) {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            List<String> columns = new ArrayList<>();
            for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                columns.add(result.getMetaData().getColumnLabel(i));
            }
            List<List<String>> rows = new ArrayList<>();
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= columns.size(); i++) {
                    row.add(Optional.ofNullable(result.getString(i)).orElse(""));
                }
                rows.add(row);
            }
            return new Rows(columns, rows);
        } catch (SQLException e) {
            if (NOT_THERE.contains(e.getSQLState())) {
                return new Rows(List.of("not there"), List.of(List.of(String.valueOf(e.getMessage()))));
            }
            throw failed(e);
        }
    }

    private static StoaException failed(SQLException e) {
        return new StoaException(
                ErrorCode.INTERNAL,
                "cannot read the statistics of the database: " + e.getMessage(),
                "see that it runs: stoa db list",
                e);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            System.getLogger(InsightStore.class.getName()).log(System.Logger.Level.DEBUG, "closing failed", e);
        }
    }
}
