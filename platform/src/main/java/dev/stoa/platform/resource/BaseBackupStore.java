package dev.stoa.platform.resource;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What PostgreSQL is told and asked around a copy of its files. One session, which has to last as long as the copy. */
final class BaseBackupStore implements AutoCloseable {
    /** Since then the functions have these names, and no exclusive form. */
    private static final int NEW_NAMES_SINCE = 15;

    private final Connection connection;
    private final int major;

    /** PostgreSQL did not do what it was told, or has gone. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(SQLException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private interface Query<T> {
        T run() throws SQLException;
    }

    private static <T> T asked(Query<T> query) throws Refused {
        try {
            return query.run();
        } catch (SQLException e) {
            throw new Refused(e);
        }
    }

    private BaseBackupStore(Connection connection, int major) {
        this.connection = connection;
        this.major = major;
    }

    static BaseBackupStore open(int port, String password, int major) throws Refused {
        return open(port, password, major, "postgres");
    }

    static BaseBackupStore open(int port, String password, int major, String database) throws Refused {
        String url = "jdbc:postgresql://127.0.0.1:%d/%s?sslmode=disable&gssEncMode=disable&socketTimeout=0"
                .formatted(port, database);
        return new BaseBackupStore(asked(() -> RoleStore.connect(url, PostgresCluster.USER, password)), major);
    }

    /** @param label the file backup_label */
    record Stop(String lsn, String label) {}

    /** Returns the position from which a restore has to read the log. */
    String start(String label) throws Refused {
        return asked(() -> startCopy(label));
    }

    private String startCopy(String label) throws SQLException {
        String sql = major >= NEW_NAMES_SINCE
                ? "select pg_backup_start(?, true)::text"
                : "select pg_start_backup(?, true, false)::text";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setQueryTimeout(0);
            statement.setString(1, label);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    Stop stop() throws Refused {
        return asked(this::stopCopy);
    }

    private Stop stopCopy() throws SQLException {
        String sql = major >= NEW_NAMES_SINCE
                ? "select lsn::text, labelfile from pg_backup_stop(false)"
                : "select lsn::text, labelfile from pg_stop_backup(false, false)";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return new Stop(row.getString(1), row.getString(2));
        }
    }

    /** Eight hexadecimal digits. */
    String timeline() throws Refused {
        return asked(() -> text("select left(pg_walfile_name(pg_current_wal_lsn()), 8)"));
    }

    String systemIdentifier() throws Refused {
        return asked(() -> text("select system_identifier::text from pg_control_system()"));
    }

    long segmentBytes() throws Refused {
        return Long.parseLong(asked(() -> text("select setting from pg_settings where name = 'wal_segment_size'")));
    }

    /** Keeps the log from now on, until the session ends. */
    void holdWal(String slot) throws Refused {
        boolean _ = asked(() -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("select pg_create_physical_replication_slot(?, true, true)")) {
                statement.setString(1, slot);
                return statement.execute();
            }
        });
    }

    /** Has the current segment archived, unless nothing was written to it; returns the position where the log ends then. */
    String switchWal() throws Refused {
        return asked(() -> text("select pg_switch_wal()::text"));
    }

    /** The databases that can be connected to. */
    List<String> databases() throws Refused {
        return asked(() -> texts("select datname from pg_database where datallowconn order by datname"));
    }

    /** Reads every row of every table, and so every page with its checksum; returns how many tables that were. */
    int readEverything() throws Refused {
        return asked(this::readTables);
    }

    private int readTables() throws SQLException {
        List<String> tables = texts("""
                select c.oid::regclass::text from pg_class c
                where c.relkind in ('r', 'm', 't') and c.relpersistence = 'p' order by c.oid
                """);
        for (String table : tables) {
            String _ = text("select count(*) from " + table);
        }
        return tables.size();
    }

    /** Has the structure of every B-tree looked through, where the extension for it is there. */
    int checkIndexes() throws Refused {
        return asked(this::lookThroughIndexes);
    }

    private int lookThroughIndexes() throws SQLException {
        if (text("select count(*) from pg_available_extensions where name = 'amcheck'")
                .equals("0")) {
            return 0;
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("create extension if not exists amcheck");
        }
        return texts("""
                select bt_index_check(i.indexrelid)::text from pg_index i
                join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
                where a.amname = 'btree' and c.relpersistence = 'p' and i.indisready and i.indisvalid
                """).size();
    }

    private String text(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private List<String> texts(String sql) throws SQLException {
        List<String> texts = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                texts.add(String.valueOf(row.getString(1)));
            }
        }
        return texts;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            System.getLogger(BaseBackupStore.class.getName()).log(System.Logger.Level.DEBUG, "closing failed", e);
        }
    }
}
