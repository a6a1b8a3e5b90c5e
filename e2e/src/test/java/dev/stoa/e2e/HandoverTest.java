package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The platform moves to another process, or is away, and no client notices. */
class HandoverTest {
    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        stoa.ok("deploy", Folder.echo("here").toString(), "-a", "moved");
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void noRequestFailsWhileThePlatformAndTheInstancesAreReplaced() {
        long before = stoa.pid();
        AtomicBoolean over = new AtomicBoolean();
        Queue<String> failed = new ConcurrentLinkedQueue<>();
        Crowd crowd = Crowd.of(stoa.target("moved"), 1, Crowd.Kind.values());
        CompletableFuture<Void> api = CompletableFuture.runAsync(() -> askApi(over, failed), Stoa.THREADS);
        try (crowd) {
            crowd.awaitAnswers(3);

            stoa.ok("restart", "--platform");
            assertThat(stoa.pid()).isNotEqualTo(before);
            stoa.ok("restart", "-a", "moved");
            crowd.awaitAnswers(3);
        } finally {
            over.set(true);
        }
        api.join();
        assertThat(failed).isEmpty();
        assertThat(crowd.failures()).isEmpty();
    }

    /** The API is asked over new connections: each of them waits for the next platform, and is answered. */
    private static void askApi(AtomicBoolean over, Queue<String> failed) {
        while (!over.get()) {
            Instant begun = Instant.now();
            try (Socket socket = new Socket("127.0.0.1", stoa.apiPort())) {
                socket.getOutputStream()
                        .write("GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                socket.setSoTimeout(60_000);
                String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
                if (!status.equals("HTTP/1.1 200")) {
                    failed.add("API: \"%s\", asked at %s, over at %s".formatted(status, begun, Instant.now()));
                }
            } catch (IOException e) {
                failed.add("API: %s, asked at %s, over at %s".formatted(e, begun, Instant.now()));
            }
        }
    }

    @Test
    void aPackageThatDoesNotStartLeavesThePlatformAsItIs() {
        long before = stoa.pid();
        Stoa.Result nothing = stoa.fails("restart", "--platform", "--package", "/no/such/package");
        assertThat(nothing.err()).contains("/no/such/package/bin/stoa");
        Folder broken = Folder.empty().withProgram("bin/stoa", "#!/bin/sh\nexit 3\n");
        Stoa.Result result = stoa.fails("restart", "--platform", "--package", broken.toString());
        assertThat(result.err()).contains("ended with status 3").contains("the old one goes on");
        assertThat(stoa.pid()).isEqualTo(before);
        assertThat(stoa.get("moved", "/").body()).isEqualTo("here");
    }

    @Test
    void aRouterOfItsOwnServesWhileThePlatformIsAwayAlsoAfterItsOwnRestart() throws Exception {
        Path state = Files.createTempDirectory("router").resolve("state.json");
        int port = Ports.free();
        int https = Ports.free();
        Process router = router(port, https, state);
        try {
            awaitServed(port);
            Visit first = Visit.to(https, "moved.localhost", "/");
            assertThat(first.answer()).startsWith("HTTP/1.1 200").endsWith("here");
            await().atMost(Duration.ofSeconds(10)).until(() -> Files.exists(state));
            assertThat(Files.readString(state)).doesNotContain("PRIVATE KEY");
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(state.resolveSibling("state.json.keys"))))
                    .isEqualTo("rw-------");
            stoa.kill();
            assertThat(served(port)).isTrue();

            router.destroyForcibly().onExit().join();
            router = router(port, https, state);
            awaitServed(port);
            assertThat(Visit.to(https, "moved.localhost", "/").certificate()).isEqualTo(first.certificate());

            assertThat(served(port, "/while-away", "/while-away")).isTrue();

            stoa.start();
            // Who came meanwhile stands in the log, too.
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(stoa.ok("logs", "-a", "moved", "source:router")
                                    .out())
                            .contains("path=\"/while-away\""));
            stoa.ok("restart", "-a", "moved");
            assertThat(served(port)).isTrue();
        } finally {
            router.destroyForcibly().onExit().join();
        }
    }

    private static Process router(int port, int https, Path state) throws IOException {
        Path out = Files.createTempFile("router", ".out");
        return stoa.start(
                Path.of("."),
                out,
                out,
                "router",
                "--http-port",
                "" + port,
                "--https-port",
                "" + https,
                "--url",
                "http://127.0.0.1:" + stoa.apiPort(),
                "--state",
                state.toString());
    }

    private static void awaitServed(int port) {
        await().atMost(Duration.ofSeconds(40)).until(() -> served(port));
    }

    private static boolean served(int port) {
        return served(port, "/", "here");
    }

    private static boolean served(int port, String path, String body) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: moved.localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return answer.startsWith("HTTP/1.1 200") && answer.endsWith(body);
        } catch (IOException e) {
            return false;
        }
    }
}
