package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PlanTest {
    private static final String PROCFILE = "worker: sleep 1000\n";

    /** Counts in the cache, as a client of the protocol does. */
    private static final String COUNT = """
            import os, socket
            from urllib.parse import urlparse
            url = urlparse(os.environ["REDIS_URL"])
            s = socket.create_connection((url.hostname, url.port), 10)
            s.sendall(("AUTH %s %s\\r\\nINCR n\\r\\n" % (url.username, url.password)).encode())
            answers = s.makefile()
            print(answers.readline().strip(), answers.readline().strip())
            """;

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

    @Test
    void aDeployDoesWhatItsPlanSaidAndNothingWithDataGoes() {
        Folder folder = Folder.empty()
                .with("Procfile", PROCFILE)
                .with("stoa.toml", "[buckets.photos]\nquota = \"1MB\"\n[env]\nLEVEL = \"info\"\n");
        String path = folder.toString();
        assertThat(stoa.ok("plan", path, "-a", "shop").out())
                .contains("A deploy makes the app shop", "+ bucket shop-photos", "+ process worker", "+ env LEVEL");
        assertThat(stoa.ok("apps").out()).doesNotContain("shop");
        assertThat(stoa.run("plan", path, "-a", "shop", "--exit-code").status()).isEqualTo(2);

        stoa.ok("deploy", path, "-a", "shop");
        assertThat(stoa.ok("plan", path, "-a", "shop", "--exit-code").out()).contains("No changes");

        folder.with("Procfile", "").with("stoa.toml", "[processes.clock]\ncommand = \"sleep 1000\"\n");
        assertThat(stoa.ok("plan", path, "-a", "shop").out())
                .contains(
                        "+ process clock",
                        "- process worker",
                        "- env LEVEL",
                        "! bucket shop-photos",
                        "stoa bucket destroy shop-photos")
                .doesNotContain("\u001b[");
        assertThat(stoa.ok("deploy", path, "-a", "shop").out())
                .contains("Changes: 1 to create, 2 to remove, 1 left behind");
        assertThat(stoa.json("plan", path, "-a", "shop")
                        .path("orphans")
                        .path(0)
                        .path("fresh")
                        .asBoolean())
                .isFalse();

        assertThat(stoa.ok("destroy", "-a", "shop", "--confirm", "shop").out())
                .contains("The bucket shop-photos stays, with its data");
        assertThat(stoa.ok("resources", "--orphans").out()).contains("shop-photos");
        folder.with("stoa.toml", "[buckets.photos]\n[processes.clock]\ncommand = \"sleep 1000\"\n");
        assertThat(stoa.ok("plan", path, "-a", "shop").out())
                .contains("~ bucket shop-photos", "is there already, with its data: the app takes it");
        stoa.ok("bucket", "destroy", "shop-photos", "--confirm", "shop-photos");

        folder.with("stoa.toml", "[databases.main]\nplan = \"huge\"\n");
        assertThat(stoa.fails("plan", path, "-a", "shop").err())
                .contains("[databases.main]: there is no plan \"huge\" for databases");
    }

    @Test
    void anAppReachesItsCacheWhichOutlivesThePlatform() {
        assumeTrue(
                installed("redis-server") || installed("valkey-server"),
                "needs a server: apt-get install redis-server");
        Folder folder = Folder.empty()
                .with("Procfile", PROCFILE)
                .with("count.py", COUNT)
                .with("app.json", "{\"addons\": [\"heroku-redis:mini\"]}");
        stoa.ok("deploy", folder.toString(), "-a", "counter");
        assertThat(stoa.ok("manifest", "-a", "counter").out()).contains("[caches]\nmain = {}  # app.json:1");
        assertThat(stoa.ok("run", "-a", "counter", "python3", "count.py").out()).contains("+OK :1");

        stoa.kill();
        stoa.start();

        assertThat(stoa.ok("run", "-a", "counter", "python3", "count.py").out()).contains("+OK :2");
        assertThat(stoa.ok("cache", "list").out()).contains("counter-main", "running");
        stoa.ok("cache", "flush", "counter-main");
        assertThat(stoa.ok("run", "-a", "counter", "python3", "count.py").out()).contains("+OK :1");
        assertThat(stoa.fails("cache", "destroy", "counter-main", "--confirm", "counter-main")
                        .err())
                .contains("stoa cache detach counter-main -a counter");
    }

    private static boolean installed(String program) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
