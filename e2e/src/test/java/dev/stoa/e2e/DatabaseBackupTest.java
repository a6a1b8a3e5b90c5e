package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a database to its backups and back, on the command line. */
class DatabaseBackupTest {
    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        if (stoa != null) {
            stoa.close();
        }
    }

    private static String sql(String database, String sql) {
        return stoa.ok("db", "psql", "--prompt", "-c", sql, database).out();
    }

    @Test
    void whatWasDeletedIsRestoredAndTakesThePlaceOfTheOldWhenToldTo() {
        stoa.ok("apps", "create", "shop");
        stoa.ok("db", "create", "main", "-a", "shop");
        sql("main", "create table orders as select generate_series(1, 100) n");
        assertThat(stoa.ok("db", "backup", "main", "--wait").out()).contains("and proved it");
        assertThat(stoa.json("db", "backups", "main")
                        .path("backups")
                        .get(0)
                        .path("state")
                        .asString())
                .isEqualTo("proven");
        sql("main", "insert into orders values (101)");
        Instant before = Instant.now();
        sql("main", "delete from orders");

        // What the platform goes through is nothing to the log.
        stoa.kill();
        stoa.start();
        assertThat(stoa.ok("db", "restore", "main", "--to", before.toString(), "--as", "main-then")
                        .out())
                .contains("stoa db promote main-then --for main");
        assertThat(sql("main-then", "select count(*) from orders")).contains(" 101");
        assertThat(sql("main", "select count(*) from orders")).contains(" 0");
        stoa.ok("db", "promote", "main-then", "--for", "main");

        String then = stoa.ok("db", "url", "main-then").out().strip();
        assertThat(stoa.ok("config", "-a", "shop").out())
                .contains("DATABASE_URL_MAIN=", then.substring(then.indexOf("//") + 2, then.indexOf('@')));
        assertThat(stoa.fails("db", "restore", "main", "--as", "main-then").err())
                .contains("already");
        assertThat(stoa.fails("db", "restore", "main", "--to", "yesterday", "--as", "x")
                        .err())
                .contains("is no moment", "2026-11-20 14:03:11");
    }

    @Test
    void aDumpOfAnOlderPostgresIsLoadedIntoANewOne(@TempDir Path folder) throws IOException {
        assumeTrue(
                Files.isExecutable(Path.of("/usr/lib/postgresql/15/bin/pg_dump")),
                "needs PostgreSQL 15: apt-get install postgresql-15");
        stoa.ok("db", "create", "old", "--version", "15");
        sql("old", "create table t as select n, repeat('COMMENT ON', n) as line from generate_series(1, 1000) n");
        String rows = "select count(*), sum(hashtext(t::text)) from t";
        stoa.ok("db", "create", "new");
        for (String file : List.of("dump.sql", "dump.custom")) {
            Path dump = folder.resolve(file);
            stoa.ok("db", "dump", "old", dump.toString());
            stoa.ok("db", "load", "new", dump.toString());
            assertThat(sql("new", rows)).isEqualTo(sql("old", rows)).contains("1000");
            assertThat(stoa.fails("db", "load", "new", dump.toString()).err())
                    .contains("\"t\" already exists", "nothing of it was kept");
            sql("new", "drop table t");

            // What is cut off is not taken for all that there is.
            Files.write(dump, Arrays.copyOf(Files.readAllBytes(dump), (int) Files.size(dump) * 2 / 3));
            stoa.fails("db", "load", "new", dump.toString());
            assertThat(sql("new", "select to_regclass('t') is null")).contains("t");
        }
        assertThat(stoa.fails("db", "load", "new", folder.resolve("none").toString())
                        .err())
                .contains("there is no such file");
    }

    @Test
    void aDestroyedDatabaseIsKeptAndTheBackupsAloneWillDo(@TempDir Path elsewhere) throws IOException {
        stoa.ok("db", "create", "brief");
        sql("brief", "create table t as select 42 as n");
        stoa.ok("db", "fork", "brief", "twin");
        sql("twin", "update t set n = 43");
        stoa.ok("db", "backup-to", "brief", elsewhere.toString());
        String key = stoa.ok("db", "backup-key", "brief").out().strip();
        assertThat(stoa.fails("db", "restore", "brief").err()).contains("stoa db restore brief --as NEW");
        assertThat(stoa.ok("db", "destroy", "brief", "--confirm", "brief").out())
                .contains("stoa db restore brief");

        assertThat(stoa.ok("db", "backups", "--destroyed").out()).contains("brief", "kept until", "proven");
        stoa.ok("db", "restore", "brief");
        stoa.ok("db", "restore", "--from", elsewhere.toString(), "--key", key, "--as", "rescued");

        assertThat(sql("brief", "select n from t")).contains(" 42");
        assertThat(sql("rescued", "select n from t")).contains(" 42");
        assertThat(sql("twin", "select n from t")).contains(" 43");
        String wrong = "0".repeat(64);
        assertThat(stoa.fails("db", "restore", "--from", elsewhere.toString(), "--key", wrong, "--as", "x")
                        .err())
                .contains("made with another key");
        try (var files = Files.walk(elsewhere)) {
            assertThat(files.filter(file -> file.getFileName().toString().equals("proof")))
                    .isNotEmpty();
        }
    }
}
