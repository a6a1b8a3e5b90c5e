package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** One database of an older PostgreSQL. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DatabaseUpgradeTest {
    private static final String OLD = "15";

    @TempDir
    private static Path temp;

    private static Databases databases;
    private static ResourceSpec spec;

    @BeforeAll
    static void make() {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/lib/postgresql", OLD, "bin/postgres")),
                "there is no older PostgreSQL on this machine: apt-get install postgresql");
        databases = open();
        ResourceSpec wanted = new ResourceSpec(1, "main", databases.settle(Map.of("version", OLD)), Map.of());
        spec = new ResourceSpec(1, "main", wanted.settings(), databases.provision(wanted));
    }

    private static Databases open() {
        return new Databases(
                temp.resolve("databases"),
                Path.of("target/postgres-binaries"),
                Optional::empty,
                client -> Optional.empty(),
                Optional::empty,
                names -> {
                    throw new IllegalStateException("nobody asks for TLS");
                });
    }

    @AfterAll
    static void end() {
        if (databases != null) {
            databases.rest(List.of(spec));
            databases.close();
        }
    }

    private static String ask(String sql) throws SQLException {
        DatabaseUrl url = databases.address(spec);
        try (Connection connection = DriverManager.getConnection(url.jdbcUrl(), url.user(), url.password());
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
    @Order(1)
    void whatCannotBeCopiedStaysAsItWasAndIsNamed() throws Exception {
        ask("create table t (id serial primary key, f float8, b bytea, at timestamptz default now())");
        ask("insert into t (f, b) select i / 7.0, decode(to_hex(i), 'hex') from generate_series(4096, 8191) i");
        ask("create extension pg_trgm");
        ask("alter database main set search_path = public, pg_catalog");
        // A check that holds of no row any more: its data cannot be loaded again.
        ask("create table moody (n int)");
        ask("insert into moody values (1)");
        ask("create function ok(n int) returns boolean language sql as 'select n < 2'");
        ask("alter table moody add check (ok(n))");
        ask("create or replace function ok(n int) returns boolean language sql as 'select n > 2'");

        assertThatThrownBy(() -> databases.upgrade(spec, Optional.empty(), next -> {
                    throw new AssertionError("not before it is proven");
                }))
                .isInstanceOfSatisfying(StoaException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.UPGRADE_FAILED);
                    assertThat(e.message()).contains("moody").contains("stays as it is");
                });

        assertThat(ask("show server_version")).startsWith(OLD);
        assertThat(ask("select count(*) from t")).isEqualTo("4096");
        assertThat(temp.resolve("databases/1-18")).doesNotExist();
        ask("drop table moody");
    }

    @Test
    @Order(2)
    void aDatabaseHasTheSameAddressLoginAndRowsAfterwards() throws Exception {
        String address = databases.address(spec).text();
        assertThatThrownBy(() -> databases.upgrade(spec, Optional.of(OLD), next -> {}))
                .hasMessageContaining("that is what was asked for");

        databases.upgrade(spec, Optional.empty(), next -> spec = next);

        assertThat(databases.address(spec).text()).isEqualTo(address);
        assertThat(Integer.parseInt(ask("show server_version").replaceFirst("\\..*", "")))
                .isGreaterThan(Integer.parseInt(OLD));
        assertThat(ask("select count(*) || '/' || max(id) || '/' || sum(length(b)) from t"))
                .isEqualTo("4096/4096/8192");
        assertThat(ask("show search_path")).isEqualTo("public, pg_catalog");
        assertThat(ask("insert into t (f) values (1) returning id")).isEqualTo("4097");
        assertThat(temp.resolve("databases/1")).doesNotExist();
        databases.backups().prove(spec, databases.backups().copy(spec));
    }

    @Test
    @Order(3)
    void whatAKilledUpgradeLeftIsSweptByTheNextPlatform() throws Exception {
        databases.rest(List.of(spec));
        databases.close();
        Path left = Files.createDirectories(temp.resolve("databases/1/data"));
        databases = open();
        databases.resume(spec);

        assertThat(left).doesNotExist();
        assertThat(ask("select count(*) from t")).isEqualTo("4097");
    }
}
