package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.BackupRequests;
import dev.stoa.api.BackupRequests.Backups;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** One database and its archive, to which the tests do worse and worse things. */
@Order(1)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DatabaseBackupsTest {
    private static final long SEED = 20_261_121;
    private static final int KILLS = 3;

    @TempDir
    private static Path temp;

    private static Databases databases;
    private static ResourceSpec spec;
    private static long next = 2;
    private static final List<ResourceSpec> MADE = new ArrayList<>();

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
        spec = made(new ResourceSpec(1, "main", databases.settle(Map.of()), Map.of()));
    }

    @AfterAll
    static void end() {
        databases.rest(MADE);
        databases.close();
    }

    private static ResourceSpec made(ResourceSpec wanted) {
        ResourceSpec made =
                new ResourceSpec(wanted.id(), wanted.name(), wanted.settings(), databases.provision(wanted));
        MADE.add(made);
        return made;
    }

    private static ResourceSpec made(DatabaseSeeds.Seed seed) {
        long id = next++;
        return made(new ResourceSpec(id, "copy" + id, seed.settings(), seed.secrets()));
    }

    private static ResourceSpec restored(Optional<Instant> to) {
        return made(databases.seeds().restore(spec, to));
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

    private static Path archive() {
        return temp.resolve("backups")
                .resolve(BackupPlace.of(spec).orElseThrow().archive());
    }

    private static List<Path> files(String folder) throws IOException {
        try (Stream<Path> files = Files.walk(archive().resolve(folder))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    @Order(1)
    void aBackupIsProvenAndRestoredToAMomentBeforeAndAfterTheLastCommit() throws Exception {
        assertThatThrownBy(() -> databases.seeds().restore(spec, Optional.empty()))
                .isInstanceOf(StoaException.class);
        ask(spec, "create table t as select generate_series(1, 1000) n");
        String id = databases.backups().copy(spec);
        assertThat(databases.backups().list(spec).backups())
                .singleElement()
                .satisfies(backup -> assertThat(backup.state()).isEqualTo("not proven"));
        databases.backups().prove(spec, id);
        ask(spec, "insert into t values (2000)");
        Instant before =
                Instant.parse(ask(spec, "select to_char(clock_timestamp(), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
        ask(spec, "drop table t");

        assertThat(ask(restored(Optional.of(before)), "select max(n) || '/' || count(*) from t"))
                .isEqualTo("2000/1001");
        // Nothing was committed since: the log has no commit after this moment, and it is a good one all the same.
        assertThat(ask(restored(Optional.of(Instant.now())), "select to_regclass('t') is null"))
                .isEqualTo("t");

        Backups list = databases.backups().list(spec);
        assertThat(list.backups()).singleElement().satisfies(backup -> {
            assertThat(backup.state()).isEqualTo("proven");
            assertThat(backup.checked().orElseThrow()).contains("started; read");
            assertThat(backup.until().orElseThrow()).isAfter(before);
        });
        assertThat(Files.readString(archive().resolve(BackupArchive.HEAD)))
                .doesNotContain(BackupPlace.of(spec).orElseThrow().key());
    }

    @Test
    @Order(2)
    void aRestoredDatabaseHasLoginsOfItsOwnAndItsOwnBackups() throws Exception {
        ask(spec, "create table kept as select 42 n");
        ResourceSpec copy = restored(Optional.empty());

        assertThat(copy.secret("password")).isNotEqualTo(spec.secret("password"));
        DatabaseUrl url = databases.address(copy);
        assertThatThrownBy(
                        () -> DriverManager.getConnection(url.jdbcUrl(), spec.secret("user"), spec.secret("password")))
                .hasMessageContaining("password authentication failed");
        databases.backups().prove(copy, databases.backups().copy(copy));
        ask(copy, "update kept set n = 43");
        ResourceSpec copyOfCopy = made(databases.seeds().restore(copy, Optional.empty()));
        assertThat(ask(copyOfCopy, "select n from kept")).isEqualTo("43");
        assertThat(ask(spec, "select n from kept")).isEqualTo("42");
    }

    @Test
    @Order(3)
    void aForkIsMadeWhileTheDatabaseIsWrittenTo() throws Exception {
        ask(spec, "create table counter (n bigint primary key)");
        AtomicBoolean done = new AtomicBoolean();
        long[] acknowledged = {0};
        Thread writer = Thread.ofPlatform().start(() -> {
            try (Connection connection = connect(spec);
                    Statement statement = connection.createStatement()) {
                while (!done.get()) {
                    statement.execute("insert into counter values (%d)".formatted(acknowledged[0] + 1));
                    acknowledged[0]++;
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        long before = acknowledged[0];
        ResourceSpec fork = made(databases.seeds().fork(spec));
        done.set(true);
        writer.join();

        long most = Long.parseLong(ask(fork, "select coalesce(max(n), 0) from counter"));
        assertThat(most).isBetween(before, acknowledged[0]);
        assertThat(ask(fork, "select count(*) from counter")).isEqualTo(Long.toString(most));
        ask(fork, "drop table counter");
        assertThat(ask(spec, "select count(*) from counter")).isEqualTo(Long.toString(acknowledged[0]));
    }

    @Test
    @Order(4)
    void nothingAcknowledgedIsLostWhenTheServerIsKilledAndEveryMomentCanBeRestored() throws Exception {
        Random random = new Random(SEED);
        ask(spec, "create table rows (n bigint primary key)");
        List<Instant> acknowledged = new ArrayList<>();
        for (int kill = 0; kill < KILLS; kill++) {
            try (Connection connection = connect(spec);
                    Statement statement = connection.createStatement()) {
                for (int left = 20 + random.nextInt(200); left > 0; left--) {
                    statement.execute("insert into rows values (%d)".formatted(acknowledged.size()));
                    acknowledged.add(Instant.now());
                    if (random.nextInt(50) == 0) {
                        databases.backups().flush(spec);
                    }
                }
                ProcessHandle server = Postmaster.running(databases.data(spec))
                        .flatMap(running -> ProcessHandle.of(running.pid()))
                        .orElseThrow();
                server.destroyForcibly();
                server.onExit().join();
            }
        }
        assertThat(ask(spec, "select count(*) from rows"))
                .as("seed %d", SEED)
                .isEqualTo(Integer.toString(acknowledged.size()));
        for (int round = 0; round < 2; round++) {
            int last = random.nextInt(acknowledged.size() - 1);
            // Between this row's acknowledgement and the next one's: the next may have been committed already.
            ResourceSpec then = restored(Optional.of(acknowledged.get(last)));
            long count = Long.parseLong(ask(then, "select count(*) from rows"));
            assertThat(count).as("seed %d, row %d", SEED, last).isBetween(last + 1L, last + 2L);
            assertThat(ask(then, "select max(n) from rows")).isEqualTo(Long.toString(count - 1));
        }
    }

    @Test
    @Order(5)
    void momentsThatCannotBeReachedAreRefusedWithThoseThatCan() {
        assertThatThrownBy(() -> restored(Optional.of(Instant.now().plus(1, ChronoUnit.HOURS))))
                .hasMessageContaining("is in the future");
        assertThatThrownBy(() -> restored(Optional.of(Instant.parse("2020-01-01T00:00:00Z"))))
                .hasMessageContaining("is before the first backup");
        BackupPlace place = BackupPlace.of(spec).orElseThrow();
        Instant last =
                databases.backups().list(spec).backups().getLast().until().orElseThrow();
        assertThatThrownBy(
                        () -> databases.seeds().restore(place, Map.of(), Optional.of(Instant.now()), Optional.empty()))
                .hasMessageContaining("the last possible moment is " + last);
        BackupPlace wrong = new BackupPlace(
                place.archive(),
                BackupPlace.fresh("x", temp, new java.security.SecureRandom()).key(),
                place.to(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        assertThatThrownBy(() -> databases.seeds().restore(wrong, Map.of(), Optional.empty(), Optional.empty()))
                .hasMessageContaining("were made with another key");
    }

    @Test
    @Order(6)
    void aPlaceThatTakesNothingIsSaidLoudlyAndNothingIsLost() throws Exception {
        Path away = temp.resolve("away");
        Files.move(temp.resolve("backups"), away);
        Files.createFile(temp.resolve("backups"));
        ask(spec, "insert into kept values (77)");

        BackupRequests.Place nowhere = new BackupRequests.Place(
                "/proc/backups", Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
        assertThatThrownBy(() -> databases.backups().moved(spec, nowhere))
                .hasMessage(
                        "backups cannot be put into /proc/backups, and nothing was changed: there is no /proc/backups");
        assertThatThrownBy(() -> databases.backups().copy(spec))
                .isInstanceOfSatisfying(
                        StoaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BACKUP_FAILED));
        assertThat(databases.backups().problems()).isNotEmpty().allMatch(text -> text.contains("main"));
        assertThat(databases.glance(spec).reason()).isPresent();

        Files.delete(temp.resolve("backups"));
        Files.move(away, temp.resolve("backups"));
        // As a platform leaves it that is killed while it writes the first file of a backup.
        Path unfinished = Files.createDirectories(archive().resolve("base/20261121T000000-dead"));
        Files.createFile(unfinished.resolve(".part-00000.new"));
        databases.backups().copy(spec);
        assertThat(unfinished).doesNotExist();
        assertThat(databases.backups().problems()).isEmpty();
        assertThat(ask(restored(Optional.empty()), "select count(*) from kept where n = 77"))
                .isEqualTo("1");
    }

    @Test
    @Order(7)
    void aMissingSegmentIsNamedWithTheLatestMomentBeforeIt() throws Exception {
        // More backups would do without it.
        List<Path> log = files("wal").stream()
                .filter(file -> WalName.isOne(file.getFileName().toString().replaceFirst("\\..*", "")))
                .toList();
        ask(spec, "insert into kept values (78)");
        databases.backups().flush(spec);
        ask(spec, "insert into kept values (79)");
        databases.backups().flush(spec);
        Path missing = files("wal").stream()
                .filter(file -> file.getFileName()
                                .toString()
                                .compareTo(log.getLast().getFileName().toString())
                        > 0)
                .findFirst()
                .orElseThrow();
        Path aside = temp.resolve("aside");
        Files.move(missing, aside);

        assertThatThrownBy(() -> restored(Optional.empty())).isInstanceOfSatisfying(StoaException.class, e -> {
            assertThat(e.message())
                    .contains("the segment " + missing.getFileName().toString().substring(0, 24));
            assertThat(e.hint().orElseThrow()).contains("--to ");
            Instant reachable = Instant.parse(e.hint().orElseThrow().replaceFirst(".*--to ", ""));
            assertThatThrownBy(() -> restored(Optional.of(reachable.plusMillis(1))))
                    .hasMessageContaining("missing");
        });
        Files.move(aside, missing);
        assertThat(ask(restored(Optional.empty()), "select max(n) from kept")).isEqualTo("79");
    }

    @Test
    @Order(8)
    void twoRestoresAtOnceAreTwoDatabases() throws Exception {
        DatabaseSeeds.Seed seed = databases.seeds().restore(spec, Optional.empty());
        List<ResourceSpec> wanted = List.of(
                new ResourceSpec(next++, "one", seed.settings(), seed.secrets()),
                new ResourceSpec(next++, "two", seed.settings(), seed.secrets()));
        List<ResourceSpec> both = wanted.parallelStream()
                .map(each -> new ResourceSpec(each.id(), each.name(), each.settings(), databases.provision(each)))
                .toList();
        MADE.addAll(both);

        ask(both.getFirst(), "drop table kept");
        assertThat(ask(both.getLast(), "select max(n) from kept")).isEqualTo("79");
    }

    @Test
    @Order(9)
    void theBackupOfAVersionThatIsNotHereIsRefusedByItsName() throws Exception {
        BackupPlace place = BackupPlace.fresh("future", temp.resolve("other"), new java.security.SecureRandom());
        BackupArchive archive = place.open();
        archive.prepare("future");
        BackupManifest present =
                BackupPlace.of(spec).orElseThrow().open().backups().getLast().manifest();
        Instant then = Instant.now().minusSeconds(60);
        archive.putManifest(manifest(present, BackupManifest.FORMAT, "99.1", then));
        archive.putWal(present.stopWal(), then, Files.writeString(temp.resolve("segment"), "log"));

        assertThatThrownBy(() -> databases.seeds().restore(place, Map.of(), Optional.empty(), Optional.empty()))
                .hasMessageContaining("there is no PostgreSQL 99 on this machine");
        archive.putManifest(manifest(present, BackupManifest.FORMAT + 1, present.version(), then));
        assertThatThrownBy(() -> databases.seeds().restore(place, Map.of(), Optional.empty(), Optional.empty()))
                .hasMessageContaining("was made by a newer Stoa");
    }

    private static BackupManifest manifest(BackupManifest of, int format, String version, Instant at) {
        return new BackupManifest(
                format,
                of.id(),
                of.database(),
                version,
                of.systemIdentifier(),
                at,
                at,
                of.startLsn(),
                of.stopLsn(),
                of.stopWal(),
                of.stopWal(),
                of.segmentBytes(),
                of.label(),
                of.password(),
                of.plan(),
                of.directories(),
                of.parts());
    }

    @Test
    @Order(10)
    void aFullDiskOfTheArchiveIsSaidAndNothingIsLost() throws Exception {
        Path disk = Files.createDirectories(temp.resolve("small"));
        org.junit.jupiter.api.Assumptions.assumeTrue(
                new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString())
                                .start()
                                .waitFor()
                        == 0,
                "only root can mount a small disk");
        try {
            BackupPlace before = BackupPlace.of(spec).orElseThrow();
            BackupPlace small = new BackupPlace(
                    before.archive(),
                    before.key(),
                    disk.toString(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
            databases.watch(databases.backups().withPlace(spec, small));
            ask(spec, "insert into kept select generate_series(1000, 20000)");
            assertThat(databases.backups().flush(spec)).isEmpty();
            assertThat(databases.backups().problems()).anyMatch(text -> text.contains("the disk is full there"));

            databases.watch(spec);
            assertThat(databases.backups().flush(spec)).isPresent();
            assertThat(databases.backups().problems()).isEmpty();
            assertThat(ask(restored(Optional.empty()), "select max(n) from kept"))
                    .isEqualTo("20000");
        } finally {
            new ProcessBuilder("umount", disk.toString()).start().waitFor();
        }
    }

    @Test
    @Order(11)
    void aDamagedBackupLosesItsProofAndIsNamed() throws Exception {
        String id = databases.backups().list(spec).backups().getLast().id();
        databases.backups().prove(spec, id);
        Path part = archive().resolve("base").resolve(id).resolve("part-00000");
        byte[] bytes = Files.readAllBytes(part);
        bytes[bytes.length / 2] ^= 1;
        Files.write(part, bytes);

        assertThatThrownBy(() -> databases.backups().prove(spec, id)).isInstanceOfSatisfying(StoaException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.BACKUP_DAMAGED);
            assertThat(e.message()).contains(id, "part-00000");
        });
        assertThat(databases.backups().list(spec).backups().getLast().state()).isEqualTo("not proven");
        assertThatThrownBy(() -> restored(Optional.empty())).hasMessageContaining("part-00000");
        assertThat(databases.backups().problems()).anyMatch(text -> text.contains("could not be proven"));
        Files.delete(part);
        assertThatThrownBy(() -> restored(Optional.empty())).hasMessageContaining("missing");
    }
}
