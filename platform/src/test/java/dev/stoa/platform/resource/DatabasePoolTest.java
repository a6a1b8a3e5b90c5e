package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.base.Threads;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** Clients that share sessions, each for a transaction: the driver of Java against a real server. */
@Timeout(60)
class DatabasePoolTest {
    @TempDir
    static Path temp;

    private static Databases databases;
    private static ResourceSpec spec;

    @BeforeAll
    static void make() {
        databases = new Databases(
                temp.resolve("databases"),
                Path.of("target/postgres-binaries"),
                Optional::empty,
                client -> Optional.empty(),
                Optional::empty,
                names -> {
                    throw new IllegalStateException("nobody asks for TLS");
                });
        ResourceSpec wanted = new ResourceSpec(1, "main", databases.settle(Map.of("pool", "transaction")), Map.of());
        spec = new ResourceSpec(1, "main", wanted.settings(), databases.provision(wanted));
    }

    @AfterAll
    static void end() {
        databases.rest(List.of(spec));
        databases.close();
    }

    private static Connection connect() throws SQLException {
        DatabaseUrl url = databases.address(spec);
        // Prepared by name from the first time on.
        return DriverManager.getConnection(
                url.jdbcUrl() + "&sslmode=disable&prepareThreshold=1", url.user(), url.password());
    }

    private static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return "";
            }
            try (ResultSet rows = statement.getResultSet()) {
                return rows.next() ? String.valueOf(rows.getString(1)) : "";
            }
        }
    }

    @Test
    void moreClientsThanThePlanHasSessionsWorkAtOnceAndNoneSeesAnothersStatement() throws Exception {
        try (Connection connection = connect()) {
            ask(connection, "create table counted(n int); insert into counted values (0)");
        }
        Queue<Throwable> problems = new ConcurrentLinkedQueue<>();
        List<Runnable> tasks = new ArrayList<>();
        for (int client = 0; client < 60; client++) {
            int own = client;
            tasks.add(() -> {
                try (Connection connection = connect()) {
                    work(connection, own);
                } catch (SQLException | AssertionError e) {
                    problems.add(e);
                }
            });
        }
        Threads.together("clients", tasks);
        assertThat(problems).isEmpty();
        try (Connection connection = connect()) {
            assertThat(ask(connection, "select n from counted")).isEqualTo("300");
            assertThat(Integer.parseInt(ask(
                            connection,
                            "select count(*) from pg_stat_activity where backend_type = 'client backend'"
                                    + " and usename like 'app%'")))
                    .isBetween(1, 25);
        }
    }

    private static void work(Connection connection, int own) throws SQLException {
        String text = "select ?::int * 1000 + " + own % 7;
        for (int round = 0; round < 5; round++) {
            try (PreparedStatement statement = connection.prepareStatement(text)) {
                statement.setInt(1, round);
                try (ResultSet rows = statement.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getInt(1)).isEqualTo(round * 1000 + own % 7);
                }
            }
            connection.setAutoCommit(false);
            try (PreparedStatement update = connection.prepareStatement("update counted set n = n + ?")) {
                update.setInt(1, 1);
                assertThat(update.executeUpdate()).isEqualTo(1);
            }
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    @Test
    void aWrongPasswordAndAnUnknownUserAreRefused() {
        DatabaseUrl url = databases.address(spec);
        for (String user : List.of(url.user(), "nobody")) {
            assertThatThrownBy(() -> DriverManager.getConnection(url.jdbcUrl(), user, "wrong"))
                    .hasMessageContaining("password authentication failed");
        }
    }

    @Test
    void whatAClientSetsIsGoneForTheNextOneWhoIsTheOwnerOfEverything() throws Exception {
        try (Connection one = connect();
                Connection other = connect()) {
            ask(one, "set search_path = pg_catalog");
            ask(one, "create temp table left_behind(n int)");
            assertThat(ask(other, "show search_path")).contains("public");
            assertThat(ask(other, "select to_regclass('left_behind')::text")).isEqualTo("null");
            assertThat(ask(other, "select current_user")).isEqualTo("app");
        }
    }

    @Test
    void errorsCancelsAndCopiesEndATransactionAsTheyShould() throws Exception {
        try (Connection connection = connect()) {
            assertThatThrownBy(() -> ask(connection, "select 1/0")).hasMessageContaining("division by zero");
            try (PreparedStatement wrong = connection.prepareStatement("select ?::int / 0")) {
                wrong.setInt(1, 1);
                assertThatThrownBy(wrong::executeQuery).hasMessageContaining("division by zero");
                assertThatThrownBy(wrong::executeQuery).hasMessageContaining("division by zero");
            }
            assertThatThrownBy(() -> connection.prepareStatement("selec").execute())
                    .hasMessageContaining("syntax error");
            try (Statement slow = connection.createStatement()) {
                slow.setQueryTimeout(1);
                assertThatThrownBy(() -> slow.execute("select pg_sleep(20)"))
                        .hasMessageContaining("canceling statement");
            }
            ask(connection, "create table copied(n int, body text)");
            CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
            String rows = "2\tsome text of a row\n".repeat(20_000);
            copies.copyIn("copy copied from stdin", new StringReader(rows));
            StringWriter back = new StringWriter();
            copies.copyOut("copy copied to stdout", back);
            assertThat(back.toString()).isEqualTo(rows);
            assertThatThrownBy(() -> copies.copyIn("copy copied from stdin", new StringReader("x\ty\n")))
                    .hasMessageContaining("invalid input syntax");
            assertThat(ask(connection, "select 'on'")).isEqualTo("on");
        }
    }

    @Test
    void clientsThatSayNothingLetItSleepAndTheirNextTransactionWakesIt() throws Exception {
        ResourceSpec sleepy = new ResourceSpec(
                1, "main", databases.settle(Map.of("pool", "transaction", "sleep", "1s")), spec.secrets());
        try (Connection idle = connect()) {
            databases.provision(sleepy);
            await().until(() -> databases.glance(sleepy).state().equals("asleep"));
            assertThat(ask(idle, "select 'awake'")).isEqualTo("awake");
        } finally {
            databases.provision(spec);
        }
    }
}
