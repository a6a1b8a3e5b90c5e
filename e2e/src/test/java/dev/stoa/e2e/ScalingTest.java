package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Apps whose manifest says that the requests decide how many instances run. */
class ScalingTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    private static Folder app(String instances, String procfile) {
        return Folder.empty()
                .with("server.py", Folder.echoServerOf("os.environ['STOA_INSTANCE']"))
                .with("Procfile", procfile)
                .with("stoa.toml", "[processes.web]\ninstances = " + instances + "\n");
    }

    private static List<String> states(String app) {
        return stoa.instances(app).stream()
                .map(instance -> instance.path("name").asString() + " "
                        + instance.path("state").asString())
                .toList();
    }

    private static void awaitStates(String app, String... states) {
        await().atMost(SOON).untilAsserted(() -> assertThat(states(app)).containsExactly(states));
    }

    @Test
    void anAppSleepsWhileNobodyAsksAndTheNextRequestsWakeItWithoutAnError() throws Exception {
        Folder folder = app(
                "{ min = 0, max = 2, concurrency = 40, idle = \"2s\" }",
                "web: python3 server.py\nworker: sleep 1000\n");
        stoa.ok("deploy", folder.toString(), "-a", "sleeper");
        awaitStates("sleeper", "web asleep", "worker.1 up");
        JsonNode shown = stoa.json("apps")
                .valueStream()
                .filter(app -> app.path("name").asString().equals("sleeper"))
                .findFirst()
                .orElseThrow();
        assertThat(shown.path("state").asString()).isEqualTo("asleep");
        assertThat(shown.path("web").asString()).isEqualTo("0 (0..2)");

        List<CompletableFuture<Integer>> burst = IntStream.range(0, 150)
                .mapToObj(i -> CompletableFuture.supplyAsync(
                        () -> stoa.get("sleeper", "/slow/").statusCode(), Stoa.THREADS))
                .toList();
        for (CompletableFuture<Integer> answer : burst) {
            assertThat(answer.get()).isEqualTo(200);
        }
        awaitStates("sleeper", "web asleep", "worker.1 up");
        assertThat(stoa.ok("logs", "-n", "1000", "-a", "sleeper").out())
                .contains("web falls asleep: no request for 2 s", "web wakes, to 1: ", "scaled web from 1 to 2: ");

        stoa.kill();
        stoa.start();
        awaitStates("sleeper", "web asleep", "worker.1 up");
        stoa.ok("restart", "-a", "sleeper");
        assertThat(stoa.get("sleeper", "/").body()).isEqualTo("web.1");

        stoa.ok("scale", "web=1", "-a", "sleeper");
        assertThat(stoa.json("scale", "-a", "sleeper").path(0).path("max").asInt())
                .isEqualTo(1);
        stoa.ok("scale", "web=auto", "-a", "sleeper");
        awaitStates("sleeper", "web asleep", "worker.1 up");
        stoa.ok("scale", "web=1..3", "-a", "sleeper");
        awaitStates("sleeper", "web.1 up", "worker.1 up");
        assertThat(stoa.ok("ps", "-a", "sleeper").out()).contains("web=1 (1..3)");
        assertThat(stoa.fails("scale", "worker=0..2", "-a", "sleeper").err())
                .contains("only web gets requests that could scale it");
        assertThat(stoa.run("scale", "web=3..1", "-a", "sleeper").status()).isEqualTo(2);
    }

    @Test
    void anAppDoesNotFallAsleepUnderAWebSocket() {
        stoa.ok(
                "deploy",
                app("{ min = 0, idle = \"1s\" }", "web: python3 server.py\n").toString(),
                "-a",
                "socket");
        awaitStates("socket", "web asleep");
        CompletableFuture<Integer> closed = new CompletableFuture<>();
        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Host", "socket.localhost")
                .buildAsync(URI.create("ws://127.0.0.1:" + stoa.httpPort() + "/"), new WebSocket.Listener() {
                    @Override
                    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                        closed.complete(code);
                        return closed;
                    }

                    @Override
                    public void onError(WebSocket socket, Throwable error) {
                        closed.completeExceptionally(error);
                    }
                })
                .join();
        await().during(Duration.ofSeconds(3)).atMost(SOON).until(() -> !closed.isDone());
        assertThat(states("socket")).containsExactly("web.1 up");

        socket.abort();
        awaitStates("socket", "web asleep");
    }

    @Test
    void aRequestToAnAppThatCrashesWhenItWakesIsToldWhySoon() {
        Folder folder = app("0", "web: sleep 0.05; exit 7\n");
        stoa.ok("deploy", folder.toString(), "-a", "crasher");
        stoa.ok("scale", "web=0..2", "-a", "crasher");
        awaitStates("crasher", "web asleep");

        for (int i = 0; i < 30; i++) {
            HttpResponse<String> answer = stoa.get("crasher", "/");
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.body()).contains("web.1 exited with status 7");
        }
        assertThat(stoa.ok("logs", "-n", "1000", "-a", "crasher")
                        .out()
                        .lines()
                        .filter(line -> line.endsWith("exited with status 7")))
                .hasSizeBetween(4, 8);
    }
}
