package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is in a database, in facts that are the same for two databases with the same content. Asked with the rights of an
 * app: functions of an app's own may run when its rows become text.
 */
final class ContentStore implements AutoCloseable {
    /** Of a row only what an app's own settings cannot change. */
    private static final List<String> PLAIN_SETTINGS = List.of(
            "set search_path = pg_catalog",
            "set extra_float_digits = 1",
            "set datestyle = 'ISO, YMD'",
            "set intervalstyle = 'postgres'",
            "set bytea_output = 'hex'",
            "set timezone = 'UTC'",
            "set lc_monetary = 'C'",
            "set statement_timeout = 0",
            // What a login made in its own name it still has a right to, and the role as which it works may not.
            "set role none");

    private static final String NO_SYSTEM = """
            n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_(temp|toast_temp)_'
            """;

    private static final String TABLES = """
            select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r' and NO_SYSTEM
            and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                            and d.deptype = 'e')
            order by 1
            """.replace("NO_SYSTEM", NO_SYSTEM);

    private static final String SEQUENCES = """
            select format('sequence %I.%I', schemaname, sequencename), coalesce(last_value::text, 'unused')
            from pg_sequences
            """;

    /** How many there are of each kind in each schema; those of extensions may differ between their versions. */
    private static final String OBJECTS = """
            with things as (
              select 'pg_class'::regclass as class, oid, relnamespace as namespace, case relkind
                       when 'r' then 'tables' when 'i' then 'indexes' when 'S' then 'sequences' when 'v' then 'views'
                       when 'm' then 'materialized views' when 'p' then 'partitioned tables'
                       when 'I' then 'partitioned indexes' when 'c' then 'composite types'
                       when 'f' then 'foreign tables' else 'other relations' end as kind
              from pg_class
              union all select 'pg_proc'::regclass, oid, pronamespace, 'functions' from pg_proc
              union all select 'pg_type'::regclass, oid, typnamespace, 'types' from pg_type where typtype in ('e', 'd', 'r')
              union all select 'pg_constraint'::regclass, oid, connamespace, 'constraints' from pg_constraint
                        where contype in ('c', 'f', 'p', 'u', 'x')
              union all select 'pg_trigger'::regclass, t.oid, c.relnamespace, 'triggers'
                        from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal
              union all select 'pg_policy'::regclass, p.oid, c.relnamespace, 'policies'
                        from pg_policy p join pg_class c on c.oid = p.polrelid)
            select format('%s in schema %I', kind, n.nspname), count(*)::text
            from things join pg_namespace n on n.oid = things.namespace
            where NO_SYSTEM
            and not exists (select from pg_depend d where d.classid = things.class and d.objid = things.oid
                            and d.deptype = 'e')
            group by 1
            """.replace("NO_SYSTEM", NO_SYSTEM);

    private static final String LARGE_OBJECTS = "select 'large objects', count(*)::text from pg_largeobject_metadata";

    private static final String EXTENSIONS = "select format('extension %I', extname), 'there' from pg_extension";

    /** Lists are stored as they were written, with quotes where they need them. */
    private static final String SETTINGS = """
            select format(
                case when s.setrole = 0 then 'alter database %1$s set %2$I = %3$s' else 'alter role current_user set %2$I = %3$s' end,
                current_database(), split_part(c, '=', 1),
                case when split_part(c, '=', 1) in ('search_path', 'temp_tablespaces')
                     then coalesce(nullif(substr(c, strpos(c, '=') + 1), ''), '''''')
                     else quote_literal(substr(c, strpos(c, '=') + 1)) end)
            from pg_db_role_setting s cross join unnest(s.setconfig) c left join pg_roles r on r.oid = s.setrole
            where (s.setrole = 0 or r.rolname = 'OWNER')
            and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
            order by 1
            """.replace("OWNER", RoleStore.OWNER);

    private final Connection connection;
    private final String name;

    private ContentStore(String name, Connection connection) {
        this.name = name;
        this.connection = connection;
    }

    static ContentStore open(String name, DatabaseUrl login) {
        return new ContentStore(name, RoleStore.connect(name, login));
    }

    /** Every table with the number of its rows and a sum over them in any order, every sequence, and how much there is else. */
    Map<String, String> facts() {
        try {
            connection.setNetworkTimeout(Runnable::run, 0);
            for (String sql : PLAIN_SETTINGS) {
                execute(sql);
            }
            Map<String, String> facts = new TreeMap<>();
            for (String sql : List.of(SEQUENCES, OBJECTS, LARGE_OBJECTS, EXTENSIONS)) {
                facts.putAll(pairs(sql));
            }
            for (String table : texts(TABLES)) {
                facts.putAll(pairs("""
                        select 'table %s', format('%%s rows with the sum %%s', count(*),
                            coalesce(sum(('x' || left(md5("the row"::text), 15))::bit(60)::bigint), 0))
                        from only %s as "the row"
                        """.formatted(table.replace("'", "''"), table)));
            }
            return facts;
        } catch (SQLException e) {
            throw failed("read", e);
        }
    }

    /** The statements that give the database, and the role of apps, the settings that they have. */
    List<String> settings() {
        try {
            return texts(SETTINGS);
        } catch (SQLException e) {
            throw failed("read the settings of", e);
        }
    }

    void apply(List<String> statements) {
        try {
            for (String sql : statements) {
                execute(sql);
            }
        } catch (SQLException e) {
            throw failed("set the settings of", e);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private List<String> texts(String sql) throws SQLException {
        List<String> texts = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
        }
        return texts;
    }

    private Map<String, String> pairs(String sql) throws SQLException {
        Map<String, String> pairs = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                pairs.put(rows.getString(1), rows.getString(2));
            }
        }
        return pairs;
    }

    private StoaException failed(String what, SQLException e) {
        return new StoaException(
                ErrorCode.UPGRADE_FAILED,
                "cannot %s the database %s: %s".formatted(what, name, e.getMessage()),
                "nothing was changed",
                e);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            System.getLogger(ContentStore.class.getName()).log(System.Logger.Level.DEBUG, "closing failed", e);
        }
    }
}
