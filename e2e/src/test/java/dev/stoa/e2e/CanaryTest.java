package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A release gets a share of the requests, until it is promoted or stopped. */
class CanaryTest {
    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    /** Two clients that ask an app until they are told to stop. */
    private static final class Load {
        private final AtomicBoolean over = new AtomicBoolean();
        private final Map<String, Integer> answers = new ConcurrentHashMap<>();
        private final ConcurrentLinkedQueue<String> failed = new ConcurrentLinkedQueue<>();
        private final List<CompletableFuture<Void>> clients;

        Load(String app) {
            clients = Stream.of(1, 2)
                    .map(number -> CompletableFuture.runAsync(() -> ask(app), Stoa.THREADS))
                    .toList();
        }

        private void ask(String app) {
            while (!over.get()) {
                try {
                    var answer = stoa.get(app, "/");
                    if (answer.statusCode() != 200) {
                        failed.add(answer.statusCode() + " " + answer.body());
                    }
                    answers.merge(answer.body(), 1, Integer::sum);
                } catch (RuntimeException e) {
                    failed.add(e.toString());
                }
            }
        }

        /** Of the requests from now on, until there are this many, the percentage that the release with this text answered. */
        double percentOf(String text, int requests) {
            answers.clear();
            await().atMost(Duration.ofSeconds(30)).until(() -> total() >= requests);
            return 100.0 * answers.getOrDefault(text, 0) / total();
        }

        private int total() {
            return answers.values().stream().mapToInt(Integer::intValue).sum();
        }

        void end() {
            over.set(true);
            clients.forEach(CompletableFuture::join);
            assertThat(failed).isEmpty();
        }
    }

    private static List<String> releases(String app) {
        return stoa.json("releases", "-a", app)
                .valueStream()
                .map(release -> (release.path("version").asString() + " "
                                + release.path("state").asString() + " "
                                + release.path("percent").asString(""))
                        .strip())
                .toList();
    }

    @Test
    void aCanaryGetsItsShareAndNoRequestFailsWhenItIsChangedPromotedOrStopped() {
        Folder folder = Folder.web("one").with("Procfile", "web: python3 server.py\nworker: sleep 1000\n");
        stoa.ok("deploy", folder.toString(), "-a", "shop");
        Load load = new Load("shop");

        String said = stoa.ok(
                        "deploy",
                        folder.with("server.py", Folder.server("two")).toString(),
                        "-a",
                        "shop",
                        "--canary",
                        "20%")
                .out();
        assertThat(said).contains("v2 is a canary beside v1, and gets 20 % of the requests");
        assertThat(releases("shop")).containsExactly("v2 canary 20", "v1 active");
        assertThat(stoa.instances("shop"))
                .extracting(instance -> instance.path("process").asString() + " "
                        + instance.path("release").asString())
                .containsExactlyInAnyOrder("web v1", "web v2", "worker v1");
        // Five standard deviations of 2000 draws are 4.5 and 5.6 points.
        assertThat(load.percentOf("two", 2000)).isBetween(15.5, 24.5);
        assertThat(stoa.json("canary", "50%", "-a", "shop").path("percent").asInt())
                .isEqualTo(50);
        assertThat(load.percentOf("two", 2000)).isBetween(44.4, 55.6);

        stoa.ok("promote", "-a", "shop");
        assertThat(load.percentOf("two", 200)).isEqualTo(100);
        assertThat(releases("shop")).containsExactly("v2 active", "v1 superseded");

        stoa.ok("deploy", folder.with("server.py", Folder.server("three")).toString(), "-a", "shop", "--canary", "50");
        assertThat(load.percentOf("three", 200)).isBetween(30.0, 70.0);
        stoa.ok("canary", "stop", "-a", "shop");
        assertThat(load.percentOf("three", 200)).isZero();
        load.end();
        assertThat(releases("shop")).containsExactly("v3 withdrawn", "v2 active", "v1 superseded");
        assertThat(stoa.fails("promote", "-a", "shop").err()).contains("shop has no canary");
    }

    @Test
    void aCanaryOutlivesAKilledPlatformAndWhileItIsDownTheOthersGetItsRequests() {
        Folder folder = Folder.web("old");
        stoa.ok("deploy", folder.toString(), "-a", "lives");
        stoa.ok("deploy", folder.with("server.py", Folder.server("new")).toString(), "-a", "lives", "--canary", "90%");
        List<Long> pids = stoa.pids("lives");

        stoa.kill();
        stoa.start();

        assertThat(stoa.pids("lives")).isEqualTo(pids);
        assertThat(stoa.json("canary", "-a", "lives").path("percent").asInt()).isEqualTo(90);
        Load load = new Load("lives");
        assertThat(load.percentOf("new", 200)).isBetween(75.0, 99.0);
        // An answer that has begun is lost with its instance, whoever routes it.
        load.end();
        JsonNode canary = stoa.instances("lives").stream()
                .filter(instance -> instance.path("release").asString().equals("v2"))
                .findFirst()
                .orElseThrow();
        ProcessHandle.of(canary.path("pid").asLong()).orElseThrow().destroyForcibly();
        Load after = new Load("lives");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> stoa.ok("logs", "source:stoa", "-a", "lives")
                        .out()
                        .contains("web.1 of the canary v2 was ended by SIGKILL; until it is up again, others get"));
        after.end();

        assertThat(stoa.run("config", "set", "A=b", "-a", "lives").err()).contains("v2 is no longer a canary");
        assertThat(releases("lives")).containsExactly("v3 active", "v2 withdrawn", "v1 superseded");
        assertThat(stoa.get("lives", "/").body()).isEqualTo("old");
    }

    @Test
    void aCanaryThatDoesNotComeUpFailsAndAPromotionThatFailsLeavesWhatServes() {
        Folder folder = Folder.web("good");
        assertThat(stoa.fails("deploy", folder.toString(), "-a", "fails", "--canary", "10%")
                        .err())
                .contains("there is no app \"fails\"");
        stoa.ok("deploy", folder.toString(), "-a", "fails");

        Folder broken = Folder.web("bad").with("server.py", "raise SystemExit(3)");
        assertThat(stoa.fails("deploy", broken.toString(), "-a", "fails", "--canary", "10%")
                        .err())
                .contains("web.1 exited with status 3")
                .contains("v1 serves on");
        Folder worker = Folder.empty().with("Procfile", "worker: sleep 1000\n");
        assertThat(stoa.fails("deploy", worker.toString(), "-a", "fails", "--canary", "10%")
                        .err())
                .contains("fails has no web process");

        folder.with("Procfile", "web: python3 server.py\nworker: exit 9\n");
        stoa.ok("deploy", folder.toString(), "-a", "fails", "--canary", "10%");
        assertThat(stoa.fails("promote", "-a", "fails").err()).contains("worker.1 exited with status 9");
        assertThat(releases("fails")).containsExactly("v3 failed", "v2 failed", "v1 active");
        assertThat(stoa.get("fails", "/").body()).isEqualTo("good");
    }
}
