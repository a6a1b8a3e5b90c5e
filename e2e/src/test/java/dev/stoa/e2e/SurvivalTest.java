package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The platform is killed; nothing that ran or was stored is lost. */
@Order(1)
class SurvivalTest {
    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void theSameInstancesServeAfterThePlatformWasKilledAndOneThatDiedMeanwhileIsReplaced() {
        stoa.ok("deploy", Folder.web("survivor").toString(), "-a", "survivor");
        stoa.ok("deploy", Folder.web("victim").toString(), "-a", "victim");
        stoa.ok("scale", "web=2", "-a", "survivor");
        await().atMost(Duration.ofSeconds(15))
                .until(() -> stoa.instances("survivor").stream()
                                .filter(instance ->
                                        instance.path("state").asString().equals("up"))
                                .count()
                        == 2);
        List<Long> pids = stoa.pids("survivor");
        long victim = stoa.pids("victim").getFirst();

        stoa.kill();
        ProcessHandle.of(victim).orElseThrow().destroyForcibly();
        stoa.start();

        assertThat(stoa.pids("survivor")).isEqualTo(pids);
        assertThat(stoa.get("survivor", "/").body()).isEqualTo("survivor");
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(stoa.get("victim", "/").body()).isEqualTo("victim"));
        assertThat(stoa.pids("victim").getFirst()).isNotEqualTo(victim);
    }

    @Test
    void theLogsOfAnInstanceAreWholeThoughThePlatformWasKilledInTheMiddle() {
        String counter =
                "import itertools, time\nfor i in itertools.count():\n    print('line', i, flush=True)\n    time.sleep(0.005)\n";
        Folder folder = Folder.empty().with("count.py", counter).with("Procfile", "worker: python3 count.py\n");
        stoa.ok("deploy", folder.toString(), "-a", "counter");
        stoa.kill();
        stoa.start();
        int first = lastCount();
        await().atMost(Duration.ofSeconds(10)).until(() -> lastCount() > first + 50);

        List<Integer> counts = counts();

        stoa.ok("scale", "worker=0", "-a", "counter");
        assertThat(counts).isEqualTo(IntStream.range(0, counts.size()).boxed().toList());
    }

    private static int lastCount() {
        List<Integer> counts = counts();
        return counts.isEmpty() ? 0 : counts.getLast();
    }

    private static List<Integer> counts() {
        return stoa.ok("logs", "-n", "10000", "-a", "counter")
                .out()
                .lines()
                .filter(line -> line.contains("worker.1: line "))
                .map(line -> Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1)))
                .toList();
    }

    @Test
    void aDeployGoesOnAfterThePlatformWasKilledDuringItsBuild() throws Exception {
        Folder folder = Folder.web("before");
        stoa.ok("deploy", folder.toString(), "-a", "built");
        folder.with("server.py", Folder.server("after")).with("package.json", """
                        {"name": "slow", "version": "1.0.0", "scripts": {"build": "sleep 5"}}
                        """);
        Path out = Files.createTempFile("stoa", ".out");
        Process deploy = stoa.start(
                Path.of("."), out, Files.createTempFile("stoa", ".err"), "deploy", folder.toString(), "-a", "built");
        await().atMost(Duration.ofSeconds(20)).until(() -> Files.readString(out).contains("sleep 5"));

        stoa.kill();
        assertThat(deploy.waitFor()).isEqualTo(1);
        stoa.start();

        assertThat(stoa.get("built", "/").body()).isIn("before", "after");
        await().atMost(Duration.ofSeconds(40))
                .untilAsserted(() -> assertThat(stoa.get("built", "/").body()).isEqualTo("after"));
    }

    @Test
    void aRolloutGoesOnAfterThePlatformWasKilledDuringIt() throws Exception {
        Folder folder = Folder.web("before");
        stoa.ok("deploy", folder.toString(), "-a", "rolled");
        folder.with("Procfile", "web: sleep 4; exec python3 server.py\n").with("server.py", Folder.server("after"));
        Path out = Files.createTempFile("stoa", ".out");
        Process deploy = stoa.start(
                Path.of("."), out, Files.createTempFile("stoa", ".err"), "deploy", folder.toString(), "-a", "rolled");
        await().atMost(Duration.ofSeconds(20)).until(() -> Files.readString(out).contains("Starting web=1"));

        stoa.kill();
        assertThat(deploy.waitFor()).isEqualTo(1);
        stoa.start();

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(stoa.get("rolled", "/").body()).isEqualTo("after"));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> stoa.instances("rolled").size() == 1);
    }

    @Test
    void anUploadThatThePlatformDidNotSurviveLeavesTheAppAsItWas() throws Exception {
        Folder folder = Folder.web("before");
        stoa.ok("deploy", folder.toString(), "-a", "upload");
        try (java.net.Socket socket = new java.net.Socket("127.0.0.1", stoa.apiPort())) {
            socket.getOutputStream()
                    .write(("POST /v1/apps/upload/deploys HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
                                    + "Content-Type: application/gzip\r\nContent-Length: 1000000\r\n\r\nhalf")
                            .formatted(stoa.token())
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            await().atMost(Duration.ofSeconds(10)).until(() -> {
                try (var files = Files.list(stoa.home().resolve("uploads"))) {
                    return files.findAny().isPresent();
                }
            });
            stoa.kill();
        }
        stoa.start();

        assertThat(stoa.get("upload", "/").body()).isEqualTo("before");
        assertThat(stoa.json("deploys", "-a", "upload")).hasSize(1);
        try (var files = Files.list(stoa.home().resolve("uploads"))) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void appsThatRanBeforeDownRunAgainAfterUp() {
        stoa.ok("deploy", Folder.web("again").toString(), "-a", "again");
        long pid = stoa.pids("again").getFirst();
        stoa.ok("down");
        assertThat(ProcessHandle.of(pid)).isEmpty();

        stoa.start();

        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(stoa.get("again", "/").body()).isEqualTo("again"));
    }

    @Test
    void aSecondPlatformOnTheSameDataIsRefusedAndToldOfTheFirst() {
        Stoa.Result second = stoa.run("up", "--api-port", "0", "--http-port", "0", "--https-port", "0");
        assertThat(second.status()).isNotZero();
        assertThat(second.err()).contains("pid " + stoa.pid());
    }
}
