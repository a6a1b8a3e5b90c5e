package dev.stoa.platform.resource;

import dev.stoa.api.DatabaseRequests.SqlAnswer;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A connection in which a person's statements are run as they come. */
final class PromptStore implements AutoCloseable {
    private static final int ROWS_MAX = 1000;
    private static final int CELL_CHARS_MAX = 10_000;
    private static final int STATEMENT_SECONDS_MAX = 50;

    private static final Pattern DESCRIBE = Pattern.compile("\\\\d\\s+(\\S+)");

    private static final String TABLES = """
            select n.nspname as schema, c.relname as name,
                   case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                        when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table' end as type,
                   pg_size_pretty(pg_total_relation_size(c.oid)) as size
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind = any (?) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
               and c.relname not like 'pg\\_stat\\_statements%'
             order by 1, 2
            """;

    private static final String COLUMNS = """
            select a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
                   case when a.attnotnull then 'not null' else '' end as nullable,
                   coalesce(pg_get_expr(d.adbin, d.adrelid), '') as default
              from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
             where a.attrelid = ?::regclass and a.attnum > 0 and not a.attisdropped
             order by a.attnum
            """;

    private final Connection connection;

    PromptStore(Connection connection) {
        this.connection = connection;
    }

    /** @throws StoaException BAD_REQUEST with what PostgreSQL says against it */
    SqlAnswer run(String sql) {
        try {
            return answer(sql);
        } catch (SQLException e) {
            throw new StoaException(ErrorCode.BAD_REQUEST, String.valueOf(e.getMessage()), "");
        }
    }

    private SqlAnswer answer(String sql) throws SQLException {
        Matcher describe = DESCRIBE.matcher(sql.strip());
        if (describe.matches()) {
            return prepared(COLUMNS, describe.group(1));
        }
        return switch (sql.strip()) {
            case "\\dt" -> prepared(TABLES, connection.createArrayOf("char", new String[] {"r", "p"}));
            case "\\d" ->
                prepared(TABLES, connection.createArrayOf("char", new String[] {"r", "p", "v", "m", "S", "f"}));
            default -> statement(sql);
        };
    }

    private SqlAnswer prepared(String sql, Object parameter) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setObject(1, parameter);
            try (ResultSet rows = statement.executeQuery()) {
                return answer(rows);
            }
        }
    }

    private SqlAnswer statement(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(ROWS_MAX + 1);
            statement.setQueryTimeout(STATEMENT_SECONDS_MAX);
            statement.setEscapeProcessing(false);
            boolean rows = statement.execute(sql);
            SqlAnswer last = rows ? answer(statement.getResultSet()) : done(statement);
            // Of several statements in one line the last one's answer is shown, as psql -c does.
            for (boolean more = next(statement); more; more = next(statement)) {
                ResultSet result = statement.getResultSet();
                last = result == null ? done(statement) : answer(result);
            }
            return last;
        }
    }

    private static boolean next(Statement statement) throws SQLException {
        return statement.getMoreResults() || statement.getUpdateCount() >= 0;
    }

    private static SqlAnswer done(Statement statement) throws SQLException {
        long count = Math.max(0, statement.getLargeUpdateCount());
        return new SqlAnswer(List.of(), List.of(), count == 1 ? "ok, 1 row" : "ok, %d rows".formatted(count), false);
    }

    private static SqlAnswer answer(ResultSet result) throws SQLException {
        List<String> columns = new ArrayList<>();
        for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            columns.add(result.getMetaData().getColumnLabel(i));
        }
        List<List<Optional<String>>> rows = new ArrayList<>();
        boolean more = false;
        while (result.next()) {
            if (rows.size() == ROWS_MAX) {
                more = true;
                break;
            }
            List<Optional<String>> row = new ArrayList<>();
            for (int i = 1; i <= columns.size(); i++) {
                row.add(Optional.ofNullable(result.getString(i))
                        .map(cell -> cell.length() > CELL_CHARS_MAX ? cell.substring(0, CELL_CHARS_MAX) + "…" : cell));
            }
            rows.add(row);
        }
        return new SqlAnswer(columns, rows, rows.size() == 1 ? "(1 row)" : "(%d rows)".formatted(rows.size()), more);
    }

    boolean isBroken() {
        try {
            return connection.isClosed() || !connection.isValid(1);
        } catch (SQLException e) {
            return true;
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            System.getLogger(PromptStore.class.getName()).log(System.Logger.Level.DEBUG, "closing failed", e);
        }
    }
}
