package dev.stoa.platform.base;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Jdbi;

/** The platform's database: a small pool of connections to a PostgreSQL whose tables are up to date. */
public final class Sql implements AutoCloseable {
    /** The platform asks little of its database; the cluster beside it is made for 50 connections. */
    private static final int CONNECTIONS_MAX = 8;

    private static final int CONNECTIONS_IDLE = 1;
    private static final Duration CONNECT_MAX = Duration.ofSeconds(10);

    /** A server that takes longer to answer is taken to be gone. */
    private static final Duration ANSWER_MAX = Duration.ofMinutes(2);

    private static final Duration IDLE_MAX = Duration.ofMinutes(1);

    /** The form that PostgreSQL's own tools take. */
    private static final Pattern LOGIN_URL =
            Pattern.compile("postgres(ql)?://(?<user>[^/:@]+)(:(?<password>[^/@]*))?@(?<rest>.*)");

    private static final String URL_EXAMPLE =
            "--database-url must be a URL such as postgresql://user:password@host/name";

    private final HikariDataSource pool;
    private final Jdbi jdbi;

    private Sql(HikariDataSource pool) {
        this.pool = pool;
        this.jdbi = Jdbi.create(pool);
    }

    /**
     * Connects with what the URL says, such as {@code postgresql://stoa:…@db/stoa} or {@code
     * jdbc:postgresql://db/stoa?user=stoa&password=…}, and brings the tables up to date.
     *
     * @throws StoaException as the other {@code open}, and if it is no such URL
     */
    public static Sql open(String url) {
        Matcher login = LOGIN_URL.matcher(url);
        if (login.matches()) {
            String jdbcUrl = "jdbc:postgresql://" + login.group("rest");
            return open(
                    jdbcUrl,
                    decoded(login.group("user")),
                    decoded(Objects.requireNonNullElse(login.group("password"), "")));
        }
        return open(config(url));
    }

    /**
     * Connects and brings the tables up to date.
     *
     * @throws StoaException if the database does not answer, or its tables are newer than this program
     */
    public static Sql open(String jdbcUrl, String user, String password) {
        HikariConfig config = config(jdbcUrl);
        config.setUsername(user);
        config.setPassword(password);
        return open(config);
    }

    /** Whether the database takes this user and password; false also where nothing answers. */
    public static boolean answers(String jdbcUrl, String user, String password) {
        Properties login = new Properties();
        login.setProperty("user", user);
        login.setProperty("password", password);
        login.setProperty("connectTimeout", Long.toString(CONNECT_MAX.toSeconds()));
        login.setProperty("socketTimeout", Long.toString(CONNECT_MAX.toSeconds()));
        try (Connection connection = DriverManager.getConnection(jdbcUrl, login)) {
            return !connection.isClosed();
        } catch (SQLException e) {
            return false;
        }
    }

    public Jdbi jdbi() {
        return jdbi;
    }

    @Override
    public void close() {
        pool.close();
    }

    private static Sql open(HikariConfig config) {
        HikariDataSource pool = connect(config);
        try {
            Sql sql = new Sql(pool);
            sql.migrate();
            return sql;
        } catch (RuntimeException | Error e) {
            pool.close();
            throw e;
        }
    }

    private static HikariConfig config(String jdbcUrl) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(jdbcUrl);
        config.setPoolName("stoa");
        config.setMinimumIdle(CONNECTIONS_IDLE);
        config.setMaximumPoolSize(CONNECTIONS_MAX);
        config.setConnectionTimeout(CONNECT_MAX.toMillis());
        config.setIdleTimeout(IDLE_MAX.toMillis());
        config.addDataSourceProperty("socketTimeout", String.valueOf(ANSWER_MAX.toSeconds()));
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.setThreadFactory(Threads.platformFactory("stoa-sql-"));
        return config;
    }

    private static HikariDataSource connect(HikariConfig config) {
        try {
            return new HikariDataSource(config);
        } catch (PoolInitializationException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot connect to the database %s: %s".formatted(bare(config.getJdbcUrl()), cause.getMessage()),
                    URL_EXAMPLE,
                    e);
        } catch (RuntimeException e) {
            // Hikari puts the URL, and with it a password, into the message of its own exceptions.
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s is not the URL of a PostgreSQL database".formatted(bare(config.getJdbcUrl())),
                    URL_EXAMPLE);
        }
    }

    private static String decoded(String part) {
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String bare(String jdbcUrl) {
        return jdbcUrl.replaceFirst("\\?.*", "").replaceFirst("//.*@", "//");
    }

    private void migrate() {
        if (Migrations.allApplied(jdbi)) {
            return;
        }
        try {
            Flyway.configure()
                    .dataSource(pool)
                    .locations("classpath:" + Migrations.FOLDER)
                    // Flyway would accept migrations that it does not know, if they are newer than its own.
                    .ignoreMigrationPatterns(new String[0])
                    .load()
                    .migrate();
        } catch (FlywayException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot bring the tables of the database up to date: " + e.getMessage(),
                    "a database that a newer Stoa has used needs a Stoa that is at least as new",
                    e);
        }
    }
}
