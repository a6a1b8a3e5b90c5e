package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresClusterTest {
    private static PostgresBinaries binaries;

    /** A cluster that was shut down cleanly; tests that break one work on copies. */
    private static Path pristine;

    @TempDir
    Path temp;

    private final List<PostgresCluster> opened = new ArrayList<>();

    @BeforeAll
    static void makeOne(@TempDir Path shared) {
        binaries = PostgresBinaries.unpacked(Path.of("target/postgres-binaries"));
        pristine = shared.resolve("pristine");
        PostgresCluster.open(pristine, binaries).close();
    }

    @AfterEach
    void stopAll() {
        opened.forEach(PostgresCluster::close);
    }

    @Test
    void aNewClusterSpeaksUtf8AndWritesALogicalWal() throws Exception {
        PostgresCluster cluster = open(copy());

        assertThat(ask(cluster, "select current_setting('server_encoding')")).isEqualTo("UTF8");
        assertThat(ask(cluster, "select upper('äß€')")).isEqualTo("Äß€");
        assertThat(ask(cluster, "select current_setting('wal_level')")).isEqualTo("logical");
        assertThat(ask(cluster, "select pg_create_logical_replication_slot('s', 'pgoutput') is not null"))
                .isEqualTo("t");
    }

    @Test
    void onlyThePasswordOpensIt() throws Exception {
        PostgresCluster cluster = open(copy());

        assertThatThrownBy(() -> DriverManager.getConnection(cluster.jdbcUrl(), cluster.user(), "guess"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("password authentication failed");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("pg/password"))))
                .isEqualTo("rw-------");
    }

    @Test
    void whatWasWrittenIsThereAfterACleanStop() throws Exception {
        PostgresCluster first = open(copy());
        ask(first, "create table t as select 42 as n");
        first.close();
        assertThat(temp.resolve("pg/data/postmaster.pid")).doesNotExist();

        assertThat(ask(open(temp.resolve("pg")), "select n from t")).isEqualTo("42");
    }

    @Test
    void aServerThatStillRunsIsTakenOver() throws Exception {
        PostgresCluster first = open(copy());
        try (Connection client = connect(first);
                Statement statement = client.createStatement()) {
            statement.execute("create temporary table mine (n int)");

            PostgresCluster second = open(temp.resolve("pg"));

            assertThat(second.pid()).isEqualTo(first.pid());
            assertThat(second.port()).isEqualTo(first.port());
            assertThat(ask(second, "select 1")).isEqualTo("1");
            assertThat(statement.execute("select * from mine")).isTrue();
        }
    }

    @Test
    void aRunningServerWithAnotherPasswordIsNotTakenOver() throws Exception {
        Path home = copy();
        PostgresCluster first = open(home);
        Files.writeString(home.resolve("password"), "another\n");

        assertThatThrownBy(() -> open(home))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("(pid %d) does not take the password", first.pid());
    }

    @Test
    void aServerThatWasKilledIsStartedAgainAndLosesNothingCommitted() throws Exception {
        PostgresCluster first = open(copy());
        ask(first, "create table t as select generate_series(1, 1000) as n");
        ProcessHandle.of(first.pid()).orElseThrow().destroyForcibly();

        PostgresCluster second = open(temp.resolve("pg"));

        assertThat(second.pid()).isNotEqualTo(first.pid());
        assertThat(ask(second, "select count(*) from t")).isEqualTo("1000");
    }

    @Test
    void anotherProcessWithTheNumberOfAKilledServerIsNoObstacle() throws Exception {
        Path home = copy();
        PostgresCluster first = open(home);
        Path pidFile = home.resolve("data/postmaster.pid");
        String file = Files.readString(pidFile);
        first.close();
        Process impostor = new ProcessBuilder("sleep", "60").start();
        try {
            Files.writeString(pidFile, file.replaceFirst("\\d+", Long.toString(impostor.pid())));

            assertThat(ask(open(home), "select 1")).isEqualTo("1");
            assertThat(impostor.isAlive()).isTrue();
        } finally {
            impostor.destroyForcibly();
        }
    }

    @Test
    void anInitialisationThatWasInterruptedStartsAnew() throws Exception {
        Path home = Files.createDirectories(temp.resolve("pg"));
        Path draft = Files.createDirectories(home.resolve("data.new-0000abcd"));
        Files.writeString(draft.resolve("PG_VERSION"), "18\n");
        Files.writeString(home.resolve("password"), "of-the-first-attempt\n");

        assertThat(ask(open(home), "select 1")).isEqualTo("1");
        assertThat(draft).doesNotExist();
    }

    @Test
    void dataOfAnotherMajorVersionIsRefusedAndLeftAlone() throws Exception {
        Path home = copy();
        Files.writeString(home.resolve("data/PG_VERSION"), "19\n");

        assertThatThrownBy(() -> open(home))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("is of PostgreSQL 19, and this Stoa has PostgreSQL " + binaries.version());
        assertThat(home.resolve("data/postmaster.pid")).doesNotExist();
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        Path home = copy();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            PostgresSettings settings = PostgresSettings.SMALL.withPort(taken.getLocalPort());

            assertThatThrownBy(() -> PostgresCluster.open(home, binaries, settings))
                    .isInstanceOf(StoaException.class)
                    .hasMessage("PostgreSQL cannot listen on 127.0.0.1:%d: the port is in use", taken.getLocalPort());
        }
    }

    @Test
    void aServerOnAnotherPortThanAskedForMoves() throws Exception {
        PostgresCluster first = open(copy());
        int port = freePort();

        PostgresCluster second =
                PostgresCluster.open(temp.resolve("pg"), binaries, PostgresSettings.SMALL.withPort(port));
        opened.add(second);

        assertThat(second.port()).isEqualTo(port);
        assertThat(second.pid()).isNotEqualTo(first.pid());
    }

    @Test
    void aFullDiskIsNamed() throws Exception {
        Path disk = Files.createDirectories(temp.resolve("disk"));
        assumeMounted(disk);
        try {
            assertThatThrownBy(() -> PostgresCluster.open(disk.resolve("pg"), binaries))
                    .isInstanceOfSatisfying(
                            StoaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DISK_FULL))
                    .hasMessageContaining("the disk is full");
            assertThat(disk.resolve("pg/data")).doesNotExist();
        } finally {
            succeeds("umount", disk.toString());
        }
    }

    @Test
    void aServerThatCannotStartSaysWhy() throws Exception {
        Path home = copy();
        FileTree.delete(home.resolve("data/global"));

        assertThatThrownBy(() -> open(home))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("PostgreSQL does not start")
                .hasMessageContaining("global/pg_control");
    }

    @Test
    void anIdleClusterIsSmall() throws Exception {
        PostgresCluster cluster = open(copy());
        try (Connection client = connect(cluster)) {
            assertThat(client.isValid(1)).isTrue();
            long bytes = proportionalBytes(cluster.pid());
            System.out.println("PostgreSQL, one client: proportional bytes=" + bytes);
            assertThat(bytes).isBetween(1L << 20, 60L << 20);
        }
    }

    private PostgresCluster open(Path home) {
        PostgresCluster cluster = PostgresCluster.open(home, binaries);
        opened.add(cluster);
        return cluster;
    }

    private Path copy() throws Exception {
        assertThat(succeeds("cp", "-a", pristine.toString(), temp.resolve("pg").toString()))
                .isTrue();
        return temp.resolve("pg");
    }

    private static Connection connect(PostgresCluster cluster) throws SQLException {
        return DriverManager.getConnection(cluster.jdbcUrl(), cluster.user(), cluster.password());
    }

    private static String ask(PostgresCluster cluster, String sql) throws SQLException {
        try (Connection connection = connect(cluster);
                Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return "";
            }
            try (ResultSet result = statement.getResultSet()) {
                assertThat(result.next()).isTrue();
                return result.getString(1);
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static long proportionalBytes(long postmaster) throws IOException {
        long kibibytes = 0;
        try (Stream<ProcessHandle> processes = Stream.concat(
                ProcessHandle.of(postmaster).stream(),
                ProcessHandle.of(postmaster).orElseThrow().descendants())) {
            for (ProcessHandle process : processes.toList()) {
                kibibytes += Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps_rollup")).stream()
                        .filter(line -> line.startsWith("Pss:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .sum();
            }
        }
        return kibibytes * 1024;
    }

    private static void assumeMounted(Path disk) throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue(
                succeeds("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk.toString()),
                "only root can mount a small disk");
    }

    private static boolean succeeds(String... command) throws Exception {
        Process process = new ProcessBuilder(command).inheritIO().start();
        return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    }
}
