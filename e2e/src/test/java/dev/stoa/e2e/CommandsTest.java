package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CommandsTest {
    private static final String SECRET = "correct-horse-battery";

    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        stoa.ok("deploy", Folder.web("hello").toString(), "-a", "shop");
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void statusSaysWhatRuns() {
        JsonNode status = stoa.json("status");
        assertThat(status.path("pid").asLong()).isPositive();
        assertThat(status.path("version").asString()).isEqualTo("0.1.0");
        assertThat(status.path("engine").asString()).isEqualTo("process");
        assertThat(status.path("isolation").asString()).isNotEmpty();
        assertThat(stoa.ok("status").out()).contains("127.0.0.1:" + stoa.apiPort());
    }

    @Test
    void psListsInstancesWithTheirPidsAndAddresses() {
        JsonNode instance = stoa.json("ps", "-a", "shop").path(0);
        assertThat(instance.path("id").asString()).isNotEmpty();
        assertThat(instance.path("process").asString()).isEqualTo("web");
        assertThat(instance.path("state").asString()).isEqualTo("up");
        assertThat(instance.path("address").asString()).matches("[0-9.]+:\\d+");
        assertThat(ProcessHandle.of(instance.path("pid").asLong())).isPresent();
    }

    @Test
    void appsListsTheAppWithItsUrl() {
        assertThat(stoa.json("apps")
                        .valueStream()
                        .filter(app -> app.path("name").asString().equals("shop")))
                .singleElement()
                .satisfies(app -> {
                    assertThat(app.path("state").asString()).isEqualTo("up");
                    assertThat(app.path("url").asString()).isEqualTo("http://shop.localhost:" + stoa.httpPort());
                });
    }

    @Test
    void runGivesTheCommandsOutputAndExitStatus() {
        Stoa.Result result = stoa.run("run", "-a", "shop", "--", "sh", "-c", "echo $STOA_APP; ls; exit 9");
        assertThat(result.out()).startsWith("shop\n").contains("server.py");
        assertThat(result.status()).isEqualTo(9);
    }

    @Test
    void logsFollowsWhatComes() throws Exception {
        Path out = Files.createTempFile("stoa", ".out");
        Process logs = stoa.start(Path.of("."), out, Files.createTempFile("stoa", ".err"), "logs", "-f", "-a", "shop");
        try {
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> Files.readString(out).contains("web.1: listening"));
            stoa.get("shop", "/seen-in-the-log");
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> Files.readString(out).contains("/seen-in-the-log"));
        } finally {
            logs.destroy();
        }
    }

    @Test
    void configMakesAReleaseAndReachesTheAppAndRollbackBringsTheOldOneBack() {
        Folder folder = Folder.web("x").with("server.py", Folder.serverOf("os.environ.get('COLOUR', 'none')"));
        stoa.ok("deploy", folder.toString(), "-a", "painted");
        Stoa.Result set = stoa.ok("config", "set", "COLOUR=blue", "-a", "painted");
        assertThat(set.out() + set.err()).contains("v2");
        assertThat(stoa.get("painted", "/").body()).isEqualTo("blue");

        Stoa.Result rollback = stoa.ok("rollback", "-a", "painted");

        assertThat(rollback.out() + rollback.err()).contains("v3").contains("does not undo");
        assertThat(stoa.get("painted", "/").body()).isEqualTo("none");
        assertThat(stoa.json("config", "-a", "painted")).isEmpty();
        stoa.ok("rollback", "v2", "-a", "painted");
        assertThat(stoa.json("config", "-a", "painted").path("COLOUR").asString())
                .isEqualTo("blue");
        stoa.ok("config", "unset", "COLOUR", "-a", "painted");
        assertThat(stoa.get("painted", "/").body()).isEqualTo("none");
    }

    @Test
    void configValuesAreNowhereInTheClear() throws Exception {
        Folder folder = Folder.web("x").with("Procfile", "web: python3 server.py\nrelease: echo key is $API_KEY\n");
        stoa.ok("config", "set", "API_KEY=" + SECRET, "-a", create("vault"));
        Stoa.Result deploy = stoa.ok("deploy", folder.toString(), "-a", "vault");
        folder.with("server.py", "import os; print(os.environ['API_KEY']); raise SystemExit(1)");
        Stoa.Result failed = stoa.fails("deploy", folder.toString(), "-a", "vault");

        assertThat(deploy.out() + deploy.err()).contains("key is [API_KEY]").doesNotContain(SECRET);
        assertThat(failed.out() + failed.err()).contains("[API_KEY]").doesNotContain(SECRET);
        try (Stream<Path> files = Files.walk(stoa.home())) {
            byte[] secret = SECRET.getBytes(StandardCharsets.UTF_8);
            assertThat(files.filter(Files::isRegularFile)
                            .filter(Files::isReadable)
                            .filter(file -> !file.startsWith(stoa.home().resolve("logs")))
                            .filter(file -> contains(file, secret)))
                    .isEmpty();
        }
        assertThat(stoa.json("config", "-a", "vault").path("API_KEY").asString())
                .isEqualTo(SECRET);
    }

    private static boolean contains(Path file, byte[] wanted) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                    .contains(new String(wanted, StandardCharsets.ISO_8859_1));
        } catch (java.io.IOException e) {
            return false; // gone meanwhile, as the files of an instance that has ended
        }
    }

    private static String create(String app) {
        stoa.ok("apps", "create", app);
        return app;
    }

    @Test
    void domainsLeadToTheApp() throws Exception {
        stoa.ok("domains", "add", "shop.example.com", "-a", "shop");
        assertThat(rawGet("shop.example.com")).contains("200 OK").endsWith("hello");
        stoa.ok("domains", "remove", "shop.example.com", "-a", "shop");
        assertThat(rawGet("shop.example.com")).contains("404");
    }

    private static String rawGet(String host) throws java.io.IOException {
        try (java.net.Socket socket = new java.net.Socket("127.0.0.1", stoa.httpPort())) {
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                            .formatted(host)
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void destroyAsksForTheNameAndLeavesNothing() {
        stoa.ok("deploy", Folder.web("gone").toString(), "-a", "gone");
        long pid = stoa.pids("gone").getFirst();
        stoa.fails("destroy", "-a", "gone");
        stoa.ok("destroy", "-a", "gone", "--confirm", "gone");

        assertThat(ProcessHandle.of(pid)).isEmpty();
        assertThat(stoa.get("gone", "/").statusCode()).isEqualTo(404);
        assertThat(stoa.home().resolve("apps/gone")).doesNotExist();
        assertThat(stoa.fails("ps", "-a", "gone").err()).contains("there is no app \"gone\"");
    }

    @Test
    void openPrintsTheUrlWhereThereIsNoBrowser() {
        assertThat(stoa.ok("open", "-a", "shop").out()).contains("http://shop.localhost:" + stoa.httpPort());
    }

    @Test
    void anInstanceSeesNeitherTheDataDirectoryNorOtherApps() {
        stoa.ok("deploy", Folder.web("neighbour").toString(), "-a", "neighbour");
        String look = "ls " + stoa.home() + " 2>&1; ls /root 2>&1 | head -3; cat " + stoa.home()
                + "/token 2>&1; ps ax 2>/dev/null | grep -c neighbour";
        String seen = stoa.run("run", "-a", "shop", "--", "sh", "-c", look).out();
        assertThat(seen)
                .doesNotContain("neighbour")
                .doesNotContain("secret.key")
                .doesNotContain(stoa.token());
    }
}
