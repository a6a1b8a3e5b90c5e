package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.certificate.LocalAuthority;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

class DatabasesTest {
    private static Databases databases;
    private static ResourceSpec spec;

    @TempDir
    static Path temp;

    @BeforeAll
    static void make() {
        databases = open(temp);
        ResourceSpec wanted = new ResourceSpec(1, "main", databases.settle(Map.of()), Map.of());
        spec = new ResourceSpec(1, "main", wanted.settings(), databases.provision(wanted));
    }

    @AfterAll
    static void end() {
        databases.rest(List.of(spec));
        databases.close();
    }

    private static Databases open(Path root) {
        return new Databases(
                root.resolve("databases"),
                Path.of("target/postgres-binaries"),
                Optional::empty,
                client -> Optional.empty(),
                Optional::empty,
                names -> LocalAuthority.open(root.resolve("authority"), InstantSource.system())
                        .issue(names));
    }

    private static Connection connect(ResourceSpec login) throws SQLException {
        DatabaseUrl url = databases.address(login);
        return DriverManager.getConnection(url.jdbcUrl(), url.user(), url.password());
    }

    private static String ask(ResourceSpec login, String sql) throws SQLException {
        try (Connection connection = connect(login);
                Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return "";
            }
            try (ResultSet rows = statement.getResultSet()) {
                return rows.next() ? String.valueOf(rows.getString(1)) : "";
            }
        }
    }

    @Test
    void whatIsMadeAgainKeepsItsDataAndItsPassword() throws Exception {
        ask(spec, "create table kept as select 42 as n");

        assertThat(databases.provision(spec)).isEqualTo(spec.secrets());
        assertThat(ask(spec, "select n from kept")).isEqualTo("42");
    }

    @Test
    void anAppIsNoSuperuserAndSeesOnlyItsDatabase() throws Exception {
        assertThat(ask(spec, "select current_setting('is_superuser') || current_user || current_database()"))
                .isEqualTo("offappmain");
        assertThatThrownBy(() -> ask(spec, "copy (select 1) to program 'true'")).isInstanceOf(SQLException.class);
        String elsewhere = databases.address(spec).jdbcUrl().replace("/main", "/postgres");
        assertThatThrownBy(() -> DriverManager.getConnection(elsewhere, spec.secret("user"), spec.secret("password")))
                .hasMessageContaining("permission denied");
    }

    @Test
    void aServerThatIsKilledIsThereForTheNextConnectionWithEverythingCommitted() throws Exception {
        ask(spec, "create table acknowledged as select 1 as n");
        ProcessHandle server = Postmaster.running(databases.data(spec))
                .flatMap(running -> ProcessHandle.of(running.pid()))
                .orElseThrow();
        assertThat(server.destroyForcibly()).isTrue();
        server.onExit().join();

        assertThat(ask(spec, "select n from acknowledged")).isEqualTo("1");
    }

    @Test
    void bothLoginsWorkUntilTheOldOneIsRevokedAndWhatItMadeStays() throws Exception {
        ask(spec, "create table before_rotation as select 1 as n");
        ResourceSpec rotated = databases.rotate(spec);

        assertThat(ask(spec, "select 1")).isEqualTo("1");
        assertThat(ask(rotated, "alter table before_rotation add column m int")).isEmpty();
        // A pool that resets its connections is the login, and not the owner.
        ask(spec, "set role none; create table in_own_name as select 2 as n");

        try (Connection old = connect(spec)) {
            ResourceSpec revoked = databases.revoke(rotated);
            assertThat(old.isValid(1)).isFalse();
            assertThatThrownBy(() -> ask(spec, "select 1")).hasMessageContaining("password authentication failed");
            assertThat(ask(revoked, "drop table in_own_name")).isEmpty();
            spec = revoked;
        }
    }

    @Test
    void anotherPlanTakesForceAndAnotherVersionIsRefused() throws Exception {
        Map<String, String> medium = databases.settle(Map.of("plan", "medium"));
        databases.checkChange(spec, medium);
        databases.provision(new ResourceSpec(1, "main", medium, spec.secrets()));

        assertThat(ask(spec, "show shared_buffers")).isEqualTo("256MB");
        assertThatThrownBy(() -> databases.checkChange(spec, Map.of("plan", "medium", "version", "9")))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("its data is not moved to PostgreSQL 9");
    }

    @Test
    void badSettingsAreRefusedWithWhatThereIs() {
        assertThatThrownBy(() -> databases.settle(Map.of("plan", "huge")))
                .isInstanceOfSatisfying(
                        StoaException.class,
                        e -> assertThat(e.hint()).hasValue("the plans are small, medium, large, xlarge"));
        assertThatThrownBy(() -> databases.settle(Map.of("version", "8; rm")))
                .hasMessageContaining("is not a version of PostgreSQL");
        assertThatThrownBy(() -> databases.settle(Map.of("version", "9")))
                .isInstanceOfSatisfying(StoaException.class, e -> {
                    assertThat(e.message()).isEqualTo("there is no PostgreSQL 9 on this machine");
                    assertThat(e.hint().orElseThrow()).contains("13 and newer will do");
                });
        assertThatThrownBy(() -> databases.settle(Map.of("plans", "small"))).hasMessageContaining("not a setting");
    }

    @Test
    void oneSomewhereElseHasToAnswerAndItsPasswordIsNeverSaid(@TempDir Path other) {
        try (Databases elsewhere = open(other)) {
            DatabaseUrl closed = new DatabaseUrl("127.0.0.1", 1, "d", "u", "hunter2", Map.of());
            ResourceSpec external =
                    new ResourceSpec(9, "ext", Databases.external(closed), Map.of(Databases.URL, closed.text()));

            assertThatThrownBy(() -> elsewhere.provision(external))
                    .isInstanceOf(StoaException.class)
                    .hasMessageContaining("cannot connect to the database ext at 127.0.0.1:1")
                    .hasMessageNotContaining("hunter2");
            assertThatThrownBy(() -> elsewhere.rotate(external)).hasMessageContaining("where its password was made");
        }
    }

    @Test
    void theChiefOneGivesTheShortName() {
        assertThat(databases.vars(new Binding("read-only", false, Map.of()))).containsExactly("DATABASE_URL_READ_ONLY");
        assertThat(databases.bind(spec, new Binding("main", true, Map.of())))
                .containsOnlyKeys("DATABASE_URL", "DATABASE_URL_MAIN")
                .containsEntry("DATABASE_URL", databases.address(spec).text());
    }

    @Test
    void oneThatNobodyUsesSleepsAndAConnectionWakesIt() throws Exception {
        ask(spec, "create table slept_over as select 7 as n");
        ResourceSpec sleepy = new ResourceSpec(1, "main", databases.settle(Map.of("sleep", "1s")), spec.secrets());
        databases.provision(sleepy);
        try (Connection in = connect(sleepy)) {
            Thread.sleep(2_500);
            assertThat(databases.glance(sleepy).state()).isEqualTo("running");
            assertThat(in.isValid(1)).isTrue();
        }
        await().until(() -> databases.glance(sleepy).state().equals("asleep"));
        await().until(() -> diskKilobytes(databases.data(sleepy).resolve("pg_wal")) < 128);

        assertThat(ask(sleepy, "select n from slept_over")).isEqualTo("7");
        databases.provision(spec);
    }

    private static int diskKilobytes(Path folder) throws IOException {
        Process du = new ProcessBuilder("du", "-sk", folder.toString()).start();
        return Integer.parseInt(
                new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).split("\t", 2)[0]);
    }

    @Test
    void aClientThatAsksForTlsSeesACertificateOfThePlatformsAuthority() throws Exception {
        DatabaseUrl url = databases.address(spec);
        String jdbc = "jdbc:postgresql://localhost:%d/main?sslmode=verify-full&sslrootcert=%s"
                .formatted(url.port(), temp.resolve("authority/ca.pem"));
        try (Connection connection = DriverManager.getConnection(jdbc, url.user(), url.password());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select repeat('x', 3000000)")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).hasSize(3_000_000);
        }
    }

    @Test
    void largeRowsCopiesAndCancelsPassTheDoor() throws Exception {
        try (Connection connection = connect(spec);
                Statement statement = connection.createStatement()) {
            statement.execute("create temp table wide(n int, body text)");
            try (PreparedStatement insert = connection.prepareStatement("insert into wide values (1, ?)")) {
                insert.setString(1, "x".repeat(5 << 20));
                insert.execute();
            }
            CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
            String rows = "2\tsome text of a row\n".repeat(200_000);
            copies.copyIn("copy wide from stdin", new StringReader(rows));
            StringWriter back = new StringWriter();
            copies.copyOut("copy (select * from wide where n = 2) to stdout", back);
            assertThat(back.toString()).isEqualTo(rows);
            statement.setQueryTimeout(1);
            assertThatThrownBy(() -> statement.execute("select pg_sleep(20)"))
                    .hasMessageContaining("canceling statement");
        }
    }

    @Test
    void aQueryEndsWithTheClientThatAskedIt() throws Exception {
        Connection vanishing = connect(spec);
        Thread asking = Threads.start("asking", () -> {
            try (Statement statement = vanishing.createStatement()) {
                statement.execute("select pg_sleep(60)");
            } catch (SQLException e) {
                // Its connection is cut below.
            }
        });
        String busy = "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active'"
                + " and pid <> pg_backend_pid()";
        await().until(() -> ask(spec, busy).equals("1"));
        vanishing.abort(Runnable::run);
        await().until(() -> ask(spec, busy).equals("0"));
        asking.join();
    }

    @Test
    void usersOfClustersAreNobodyElse() {
        Set<Integer> uids = Set.of(DatabaseFolder.uid(spec), DatabaseFolder.TEMPLATE_UID, PostgresAccount.PRIVATE_UID);
        assertThat(uids).hasSize(3).allMatch(uid -> uid < 70_000);
    }
}
