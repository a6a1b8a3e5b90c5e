package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Sql;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stands here and not in {@code base}, which knows nothing of clusters. */
class SqlTest {
    private static PostgresCluster cluster;

    @BeforeAll
    static void start(@TempDir Path temp) {
        cluster = PostgresCluster.open(
                temp.resolve("pg"), PostgresBinaries.unpacked(Path.of("target/postgres-binaries")));
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void anEmptyDatabaseGetsItsTablesAndASecondOpenChangesNothing() {
        for (int i = 0; i < 4; i++) {
            long start = System.nanoTime();
            try (Sql sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password())) {
                System.out.println("Sql.open ms=" + (System.nanoTime() - start) / 1_000_000);
                assertThat(count(sql, "select count(*) from apps")).isZero();
                assertThat(count(sql, "select count(*) from flyway_schema_history where success"))
                        .isPositive();
            }
        }
    }

    @Test
    void theUrlAloneMayCarryUserAndPassword() {
        String jdbc = cluster.jdbcUrl() + "&user=" + cluster.user() + "&password=" + cluster.password();
        String plain = "postgresql://%s:%s@127.0.0.1:%d/postgres?sslmode=disable"
                .formatted(cluster.user(), cluster.password(), cluster.port());

        for (String url : new String[] {jdbc, plain}) {
            try (Sql sql = Sql.open(url)) {
                assertThat(count(sql, "select 1")).isEqualTo(1);
            }
        }
    }

    @Test
    void aDatabaseThatANewerProgramHasUsedIsRefused() {
        try (Sql sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password())) {
            sql.jdbi().useHandle(handle -> handle.execute("""
                    insert into flyway_schema_history
                    values (99, '99', 'from the future', 'SQL', 'V99__from_the_future.sql', 1, 'x', now(), 1, true)
                    """));
            try {
                assertThatThrownBy(() -> Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password()))
                        .isInstanceOfSatisfying(
                                StoaException.class,
                                e -> assertThat(e.hint().orElseThrow()).contains("newer"))
                        .hasMessageContaining("99");
            } finally {
                sql.jdbi()
                        .useHandle(handle ->
                                handle.execute("delete from flyway_schema_history where installed_rank = 99"));
            }
        }
    }

    @Test
    void aWrongPasswordIsAnErrorThatDoesNotRepeatIt() {
        assertThatThrownBy(() -> Sql.open(cluster.jdbcUrl() + "&user=stoa&password=hunter2"))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("password authentication failed")
                .hasMessageNotContaining("hunter2");
        assertThat(Sql.answers(cluster.jdbcUrl(), cluster.user(), "hunter2")).isFalse();
        assertThat(Sql.answers(cluster.jdbcUrl(), cluster.user(), cluster.password()))
                .isTrue();
    }

    @Test
    void whatIsNoUrlIsAnErrorThatDoesNotRepeatItsPassword() {
        assertThatThrownBy(() -> Sql.open("mysql://root:hunter2@db/x"))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("mysql://db/x is not the URL of a PostgreSQL database")
                .hasMessageNotContaining("hunter2");
    }

    private static int count(Sql sql, String query) {
        return sql.jdbi()
                .withHandle(
                        handle -> handle.createQuery(query).mapTo(Integer.class).one());
    }
}
