package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@Order(1)
class DatabaseTest {
    /** Connects again and again, as a pool does that is never pleased. */
    private static final String WORKER = """
            worker: while :; do psql "$DATABASE_URL" -XAtc "select 'served'" || echo REFUSED; sleep 0.2; done
            """;

    private static Stoa stoa;
    private static boolean ownNetworks;

    @BeforeAll
    static void up() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/psql")), "needs psql: apt-get install postgresql-client");
        stoa = Stoa.up();
        ownNetworks = stoa.json("status").path("isolation").asString().contains("own network");
        Folder folder =
                Folder.empty().with("Procfile", WORKER).with("stoa.toml", "[databases.main]\nplan = \"small\"\n");
        assertThat(stoa.ok("deploy", folder.toString(), "-a", "shop").out()).contains("Making the database shop-main");
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

    private static long served() {
        return stoa.ok("logs", "-n", "10000", "-a", "shop")
                .out()
                .lines()
                .filter(line -> line.endsWith("served"))
                .count();
    }

    @Test
    void anAppHasTheDatabaseOfItsManifestAndItsPasswordChangesWithoutAnInterruption() throws Exception {
        await().atMost(Duration.ofSeconds(30)).until(() -> served() > 0);
        assertThat(stoa.ok("config", "-a", "shop").out()).contains("DATABASE_URL=postgresql://", "DATABASE_URL_MAIN=");
        assertThat(stoa.fails("config", "set", "DATABASE_URL=x", "-a", "shop").err())
                .contains("DATABASE_URL is managed");
        String before = stoa.ok("db", "url", "shop-main").out().strip();
        sql("shop-main", "create table numbers as select 42 as n");

        stoa.ok("db", "rotate", "main", "-a", "shop");

        String after = stoa.ok("db", "url", "shop-main").out().strip();
        assertThat(after).startsWith("postgresql://").isNotEqualTo(before);
        await().atMost(Duration.ofSeconds(60)).until(() -> psql(before) != 0);
        assertThat(psql(after)).isZero();
        assertThat(stoa.ok("logs", "-n", "10000", "-a", "shop").out()).doesNotContain("REFUSED");

        // What the platform went through, nobody has to know: connections to a server that is awake are not its own.
        try (OpenSession open = new OpenSession(after)) {
            assertThat(open.ask("select n from numbers")).isEqualTo("42");
            stoa.kill();
            if (ownNetworks) {
                assertThat(open.ask("select n + 1 from numbers")).isEqualTo("43");
                assertThat(psql(after)).isZero();
            }
            stoa.start();
        }
        assertThat(sql("shop-main", "select n from numbers")).contains(" 42");
        if (ownNetworks) {
            assertThat(stoa.ok("logs", "-n", "10000", "-a", "shop").out()).doesNotContain("REFUSED");
        }
        stoa.ok("rollback", "-a", "shop");
        long then = served();
        await().atMost(Duration.ofSeconds(30)).until(() -> served() > then);
        assertThat(stoa.json("status").path("resources").path("database").asInt())
                .isPositive();
    }

    @Test
    void aTableThatLeavesTheManifestLeavesItsDatabase() {
        Folder with = Folder.empty().with("Procfile", "worker: sleep 1000\n").with("stoa.toml", "[databases.main]\n");
        stoa.ok("deploy", with.toString(), "-a", "leaver");
        sql("leaver-main", "create table kept as select 7 as n");

        assertThat(stoa.ok("deploy", with.with("stoa.toml", "").toString(), "-a", "leaver")
                        .out())
                .contains("Nothing asks for the database leaver-main any more: it stays");
        assertThat(stoa.fails("db", "destroy", "leaver-main", "--confirm", "leaver-main")
                        .err())
                .contains("used by leaver", "stoa db detach leaver-main -a leaver");
        stoa.ok("destroy", "--confirm", "leaver", "-a", "leaver");
        stoa.ok("deploy", with.with("stoa.toml", "[databases.main]\n").toString(), "-a", "leaver");
        assertThat(sql("leaver-main", "select n from kept")).contains(" 7");

        assertThat(stoa.fails(
                                "deploy",
                                with.with("stoa.toml", "[databases.main]\nplan = \"huge\"\n")
                                        .toString(),
                                "-a",
                                "leaver")
                        .err())
                .contains("[databases.main]", "there is no plan \"huge\"", "small, medium, large");
    }

    @Test
    void aDatabaseIsMadeAttachedDetachedAndDestroyedByItsName() {
        stoa.ok("apps", "create", "guest");
        stoa.ok("db", "create", "lone", "-a", "guest");
        assertThat(stoa.fails("db", "create", "lone").err()).contains("there is a database \"lone\" already");
        assertThat(stoa.fails("db", "create", "Robert'); drop table apps;--").err())
                .contains("cannot be a name");
        assertThat(stoa.ok("config", "-a", "guest").out()).contains("DATABASE_URL_LONE=");

        stoa.ok("db", "detach", "lone", "-a", "guest");

        assertThat(stoa.ok("config", "-a", "guest").out()).doesNotContain("DATABASE_URL");
        assertThat(stoa.fails("db", "destroy", "lone").err()).contains("its name is asked for");
        stoa.ok("db", "destroy", "lone", "--confirm", "lone");
        assertThat(stoa.fails("db", "info", "lone").err()).contains("there is no database \"lone\"");
        assertThat(stoa.ok("db", "list").out()).doesNotContain("lone");
    }

    @Test
    void anAppThatDoesNotHaveADatabaseIsNotLetIn() {
        assumeTrue(ownNetworks, "needs root and network namespaces: apt-get install iproute2");
        stoa.ok("db", "create", "private");
        stoa.ok(
                "deploy",
                Folder.empty().with("Procfile", "worker: sleep 1000\n").toString(),
                "-a",
                "stranger");
        String url = stoa.ok("db", "url", "private").out().strip().replace("127.0.0.1", "host.stoa.internal");

        assertThat(stoa.run("run", "-a", "stranger", "--", "psql", url, "-c", "select 1")
                        .err())
                .contains("this app does not have the database private");
        stoa.ok("db", "attach", "private", "-a", "stranger");
        assertThat(stoa.run("run", "-a", "stranger", "--", "psql", url, "-Atc", "select inet_client_addr() is not null")
                        .out()
                        .strip())
                .as("past the proxy, which has no address for the server")
                .isEqualTo("t");
        stoa.ok("db", "detach", "private", "-a", "stranger");
        assertThat(stoa.run("run", "-a", "stranger", "--", "psql", url, "-c", "select 1")
                        .err())
                .contains("this app does not have the database private");
    }

    /** One session that asks one thing after the other. */
    private static final class OpenSession implements AutoCloseable {
        private final Process psql;

        OpenSession(String url) throws IOException {
            psql = new ProcessBuilder("psql", url, "-XAtq").start();
        }

        String ask(String sql) throws IOException {
            psql.outputWriter().write(sql + ";\n");
            psql.outputWriter().flush();
            return String.valueOf(psql.inputReader().readLine());
        }

        @Override
        public void close() {
            psql.destroy();
        }
    }

    private static int psql(String url) throws IOException, InterruptedException {
        return new ProcessBuilder("psql", url, "-XAtc", "select 1")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
