package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.platform.certificate.LocalAuthority;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.process.ProcessEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that the kernel leads past the door, by the packet filter of this machine. */
@Timeout(60)
class DatabaseWayTest {
    /** The door speaks to the server by a socket of the file system, which has no address. */
    private static final String PAST_THE_DOOR = "select inet_client_addr() is not null";

    @TempDir
    static Path temp;

    private static Engine engine;
    private static Databases databases;
    private static ResourceSpec spec;

    @BeforeAll
    static void make() {
        engine = ProcessEngine.open(temp.resolve("instances"), List.of(temp), InstantSource.system());
        assumeTrue(engine.forwarding().isPresent(), "needs root and network namespaces: apt-get install iproute2");
        databases = open();
        ResourceSpec wanted = new ResourceSpec(1, "main", databases.settle(Map.of()), Map.of());
        spec = new ResourceSpec(1, "main", wanted.settings(), databases.provision(wanted));
    }

    @AfterAll
    static void end() {
        if (databases != null) {
            databases.rest(List.of(spec));
            databases.close();
        }
        engine.close();
    }

    private static Databases open() {
        return new Databases(
                temp.resolve("databases"),
                Path.of("target/postgres-binaries"),
                engine::gateway,
                engine::tenantAt,
                engine::forwarding,
                names -> LocalAuthority.open(temp.resolve("authority"), InstantSource.system())
                        .issue(names));
    }

    private static Connection connect() throws SQLException {
        DatabaseUrl url = databases.address(spec);
        return DriverManager.getConnection(url.jdbcUrl(), url.user(), url.password());
    }

    private static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? String.valueOf(rows.getString(1)) : "";
        }
    }

    private static String ask(String sql) throws SQLException {
        try (Connection connection = connect()) {
            return ask(connection, sql);
        }
    }

    @Test
    void sessionsPastTheDoorOutliveThePlatformAndNewOnesBeginWithoutIt() throws Exception {
        try (Connection open = connect()) {
            assertThat(ask(open, PAST_THE_DOOR)).isEqualTo("t");

            databases.close();
            // What it had still begun finds the server in other hands.
            databases.rest(List.of(spec));
            assertThat(ask(open, "select 1")).isEqualTo("1");
            assertThat(ask(PAST_THE_DOOR)).isEqualTo("t");

            databases = open();
            databases.resume(spec);
            assertThat(ask(open, "select 2")).isEqualTo("2");
            assertThat(ask(PAST_THE_DOOR)).isEqualTo("t");
        }
    }

    @Test
    void aSessionPastTheDoorKeepsItAwakeAndWhoWakesItComesByTheDoor() throws Exception {
        ResourceSpec sleepy = new ResourceSpec(1, "main", databases.settle(Map.of("sleep", "1s")), spec.secrets());
        try (Connection open = connect()) {
            databases.provision(sleepy);
            Thread.sleep(2_500);
            assertThat(databases.glance(sleepy).state()).isEqualTo("running");
            assertThat(ask(open, PAST_THE_DOOR)).isEqualTo("t");
        }
        await().until(() -> databases.glance(sleepy).state().equals("asleep"));

        assertThat(ask(PAST_THE_DOOR)).isEqualTo("f");
        assertThat(ask(PAST_THE_DOOR)).isEqualTo("t");
        databases.provision(spec);
    }

    @Test
    void aServerThatIsKilledIsWokenByTheNextWhoComesByTheDoor() throws Exception {
        assertThat(ask(PAST_THE_DOOR)).isEqualTo("t");
        ProcessHandle server = Postmaster.running(databases.data(spec))
                .flatMap(running -> ProcessHandle.of(running.pid()))
                .orElseThrow();
        assertThat(server.destroyForcibly()).isTrue();

        await().ignoreExceptions().until(() -> ask(PAST_THE_DOOR).equals("f"));
        assertThat(ask(PAST_THE_DOOR)).isEqualTo("t");
    }

    @Test
    void theServerShowsTheCertificateThatTheDoorWouldShow() throws Exception {
        DatabaseUrl url = databases.address(spec);
        String jdbc = "jdbc:postgresql://localhost:%d/main?sslmode=verify-full&sslrootcert=%s"
                .formatted(url.port(), temp.resolve("authority/ca.pem"));
        try (Connection connection = DriverManager.getConnection(jdbc, url.user(), url.password())) {
            assertThat(ask(connection, "select ssl from pg_stat_ssl where pid = pg_backend_pid()"))
                    .isEqualTo("t");
        }
        Path key = databases.data(spec).resolveSibling("server.key");
        assertThat(Files.getPosixFilePermissions(key)).hasSize(2);
    }

    @Test
    void clientsThatShareSessionsStayWithTheDoor() throws Exception {
        databases.provision(
                new ResourceSpec(1, "main", databases.settle(Map.of("pool", "transaction")), spec.secrets()));
        assertThat(ask(PAST_THE_DOOR)).isEqualTo("f");

        databases.provision(spec);
        assertThat(ask(PAST_THE_DOOR)).isEqualTo("t");
    }

    @Test
    void aWrongPasswordIsRefusedPastTheDoorAsByIt() {
        DatabaseUrl url = databases.address(spec);
        for (String user : List.of(url.user(), "nobody", PostgresCluster.USER)) {
            assertThatThrownBy(() -> DriverManager.getConnection(url.jdbcUrl(), user, "wrong"))
                    .hasMessageContaining("password authentication failed");
        }
    }
}
