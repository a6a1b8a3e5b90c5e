package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The database and the roles of a cluster. Everything in the database {@code main} belongs to the role {@code app}, which
 * nobody can log in as. Each login is a role of its own that becomes {@code app} when its session begins, so that logins can
 * come and go without a table changing hands.
 */
final class RoleStore implements AutoCloseable {
    static final String DATABASE = "main";
    static final String OWNER = "app";

    private static final Duration CONNECT_MAX = Duration.ofSeconds(10);
    private static final Duration ANSWER_MAX = Duration.ofMinutes(1);

    /** A password as PostgreSQL stores it: what a server has to know to check one, and nobody to log in. */
    private static final Pattern VERIFIER =
            Pattern.compile("SCRAM-SHA-256\\$\\d{1,9}:[A-Za-z0-9+/=]+\\$[A-Za-z0-9+/=:]+");

    /** What is put into statements as it is has this form: logins and passwords are made here, and no user words them. */
    private static final Pattern WORD = Pattern.compile("[a-z0-9_]{1,63}");

    private final Connection connection;

    private RoleStore(Connection connection) {
        this.connection = connection;
    }

    /** As the cluster's superuser, in this database. */
    static RoleStore open(int port, String password, String database) {
        try {
            return new RoleStore(connect(
                    "jdbc:postgresql://127.0.0.1:%d/%s?sslmode=disable&gssEncMode=disable".formatted(port, database),
                    PostgresCluster.USER,
                    password));
        } catch (SQLException e) {
            throw failed("connect to", e);
        }
    }

    /** Without its cause in the exception: a broken connection in it would be taken for that of whoever asks. */
    static Connection connect(String name, DatabaseUrl url) {
        try {
            return connect(url.jdbcUrl(), url.user(), url.password());
        } catch (SQLException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "cannot connect to the database %s at %s:%d: %s"
                            .formatted(
                                    name,
                                    url.host(),
                                    url.port(),
                                    String.valueOf(e.getMessage()).strip()),
                    "see that it runs, that this machine may reach it, and that user and password are right");
        }
    }

    static Connection connect(String jdbcUrl, String user, String password) throws SQLException {
        Properties login = new Properties();
        login.setProperty("user", user);
        login.setProperty("password", password);
        login.setProperty("connectTimeout", Long.toString(CONNECT_MAX.toSeconds()));
        login.setProperty("loginTimeout", Long.toString(CONNECT_MAX.toSeconds()));
        login.setProperty("socketTimeout", Long.toString(ANSWER_MAX.toSeconds()));
        login.setProperty("ApplicationName", "stoa");
        return DriverManager.getConnection(jdbcUrl, login);
    }

    /** What every cluster has, whatever it is for. In the database {@code postgres}. */
    void prepareCluster() {
        execute(
                "create role %s nologin".formatted(OWNER),
                "grant pg_monitor to %s".formatted(OWNER),
                "create database %s owner %s".formatted(DATABASE, OWNER),
                "revoke connect on database %s from public".formatted(DATABASE),
                "revoke connect on database postgres from public",
                "revoke connect on database template1 from public");
    }

    /** In the database {@code main}. */
    void prepareDatabase() {
        execute("create extension if not exists pg_stat_statements");
    }

    void superuserPassword(String password) {
        execute("alter role %s password '%s'".formatted(PostgresCluster.USER, word(password)));
    }

    /** Makes the login, or gives it this password. */
    void login(String user, String password) {
        String sql = logins().contains(user) ? "alter role" : "create role";
        execute(
                "%s %s login inherit password '%s'".formatted(sql, word(user), word(password)),
                "grant %s to %s".formatted(OWNER, word(user)),
                "alter role %s set role = %s".formatted(word(user), OWNER));
    }

    /** The logins of clients, each with its password as PostgreSQL stores it. */
    Map<String, String> verifiers() {
        Map<String, String> verifiers = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select rolname, rolpassword from pg_authid
                        where rolcanlogin and rolname like 'app\\_%' and rolpassword is not null
                        """)) {
            while (rows.next()) {
                verifiers.put(rows.getString(1), rows.getString(2));
            }
            return verifiers;
        } catch (SQLException e) {
            throw failed("read the logins of", e);
        }
    }

    /** Makes the login, or gives it the password that belongs to the verifier. */
    void loginByVerifier(String user, String verifier) {
        if (!VERIFIER.matcher(verifier).matches()) {
            throw new IllegalArgumentException("no verifier");
        }
        String sql = logins().contains(user) ? "alter role" : "create role";
        execute(
                "%s %s login inherit password '%s'".formatted(sql, word(user), verifier),
                "grant %s to %s".formatted(OWNER, word(user)),
                "alter role %s set role = %s".formatted(word(user), OWNER));
    }

    /** What logins have made in their own name belongs to the apps' role from now on. In the database {@code main}. */
    void ownEverything() {
        logins().stream()
                .filter(login -> login.startsWith(OWNER + "_"))
                .forEach(login -> execute("reassign owned by %s to %s".formatted(word(login), OWNER)));
    }

    /** Has PostgreSQL look how the rows of all tables are, so that its first plans are as good as its later ones. */
    void analyze() {
        try {
            connection.setNetworkTimeout(Runnable::run, 0);
        } catch (SQLException e) {
            throw failed("analyze", e);
        }
        execute("analyze");
    }

    /** Nobody gets in by this login any more, and who is in by it is thrown out. In the database {@code main}. */
    void revoke(String user) {
        if (!logins().contains(user)) {
            return;
        }
        execute(
                "alter role %s nologin".formatted(word(user)),
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '%s'"
                        .formatted(word(user)),
                // A pool that resets its connections makes things in the login's own name.
                "reassign owned by %s to %s".formatted(word(user), OWNER),
                "drop owned by %s".formatted(word(user)),
                "drop role %s".formatted(word(user)));
    }

    List<String> logins() {
        List<String> logins = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select rolname from pg_roles where rolcanlogin")) {
            while (rows.next()) {
                logins.add(rows.getString(1));
            }
            return logins;
        } catch (SQLException e) {
            throw failed("read the logins of", e);
        }
    }

    /** What is kept of the password of a login; empty: there is no such login. */
    Optional<String> verifier(String user) {
        try (PreparedStatement statement = connection.prepareStatement(
                "select rolpassword from pg_authid where rolname = ? and rolcanlogin and rolpassword is not null")) {
            statement.setString(1, user);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? Optional.of(rows.getString(1)) : Optional.empty();
            }
        } catch (SQLException e) {
            throw failed("read the logins of", e);
        }
    }

    /** How many sessions of clients there are beside this one. */
    int others() {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select count(*) from pg_stat_activity
                         where backend_type in ('client backend', 'walsender') and pid <> pg_backend_pid()
                        """)) {
            return rows.next() ? rows.getInt(1) : 0;
        } catch (SQLException e) {
            throw failed("count the sessions of", e);
        }
    }

    /** How many sessions there have been in the database until now; always the same number before PostgreSQL 14. */
    long ever() {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select coalesce((to_jsonb(stat)->>'sessions')::bigint, 0)
                          from pg_stat_database stat where datname = '%s'
                        """.formatted(DATABASE))) {
            return rows.next() ? rows.getLong(1) : 0;
        } catch (SQLException e) {
            throw failed("count the sessions of", e);
        }
    }

    private void execute(String... statements) {
        for (String sql : statements) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(sql);
            } catch (SQLException e) {
                throw failed("prepare", e);
            }
        }
    }

    private static String word(String text) {
        if (!WORD.matcher(text).matches()) {
            throw new IllegalArgumentException("no word for SQL");
        }
        return text;
    }

    private static StoaException failed(String what, SQLException e) {
        return new StoaException(
                ErrorCode.INTERNAL,
                "cannot %s the database: %s".formatted(what, e.getMessage()),
                "the database's own log, in its folder, may say more",
                e);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            System.getLogger(RoleStore.class.getName()).log(System.Logger.Level.DEBUG, "closing failed", e);
        }
    }
}
