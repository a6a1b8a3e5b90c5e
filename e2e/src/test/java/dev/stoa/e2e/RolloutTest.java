package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;

/** Those that take their time begin first and are looked at last. */
@Order(1)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RolloutTest {
    private static final int LAST = Integer.MAX_VALUE;

    private static Stoa stoa;
    private static CompletableFuture<Stoa.Result> elsewhere;
    private static CompletableFuture<Stoa.Result> unhealthy;
    private static CompletableFuture<Stoa.Result> backoff;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        Folder folder = Folder.web("good");
        stoa.ok("deploy", folder.toString(), "-a", "unhealthy");
        folder.with("stoa.toml", "[processes.web]\nhealth = \"/up\"\n")
                .with("server.py", Folder.server("bad").replace("send_response(200)", "send_response(500)"));
        unhealthy = stoa.later("deploy", folder.toString(), "-a", "unhealthy");
        elsewhere = stoa.later(
                "deploy",
                Folder.web("good")
                        .with("stoa.toml", "[processes.web]\nhealth = \"/\"\n")
                        .with("server.py", Folder.server("x").replace("int(os.environ[\"PORT\"])", "45871"))
                        .toString(),
                "-a",
                "elsewhere");
        backoff = stoa.later(
                "deploy",
                Folder.web("site")
                        .with("Procfile", "web: python3 server.py\nworker: sleep 2.5; exit 7\n")
                        .toString(),
                "-a",
                "backoff");
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void noRequestFailsWhileReleasesRestartsScalingAndCrashesGoOn() {
        Folder folder = Folder.echo("one");
        stoa.ok("deploy", folder.toString(), "-a", "busy");
        Crowd crowd = Crowd.of(stoa.target("busy"), 1, Crowd.Kind.values());
        try (crowd) {
            folder.with("server.py", Folder.echoServer("two"));
            stoa.ok("deploy", folder.toString(), "-a", "busy");
            assertThat(stoa.get("busy", "/").body()).isEqualTo("two");
            stoa.ok("scale", "web=3", "-a", "busy");
            awaitUp("busy", 3);
            stoa.ok("restart", "-a", "busy");
            stoa.ok("scale", "web=1", "-a", "busy");
            stoa.ok("rollback", "-a", "busy");
            assertThat(stoa.get("busy", "/").body()).isEqualTo("one");
            crowd.awaitAnswers(3);
        }
        assertThat(crowd.failures()).isEmpty();
        // One of before that still drains would be ended in place of the one that serves, or be gone by then.
        await().atMost(Duration.ofSeconds(20)).until(() -> stoa.pids("busy").size() == 1);

        Crowd.Kind[] retried =
                Stream.of(Crowd.Kind.values()).filter(kind -> !kind.once).toArray(Crowd.Kind[]::new);
        Crowd second = Crowd.of(stoa.target("busy"), 1, retried);
        try (second) {
            second.awaitAnswers(3);
            ProcessHandle.of(stoa.pids("busy").getFirst()).orElseThrow().destroyForcibly();
            second.awaitAnswers(3);
        }
        assertThat(second.failures()).isEmpty();
    }

    private static void awaitUp(String app, int count) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> stoa.instances(app).stream()
                                .filter(instance ->
                                        instance.path("state").asString().equals("up"))
                                .count()
                        == count);
    }

    @Test
    void aReleaseThatExitsAtOnceFailsAndTheOneBeforeGoesOn() {
        Folder folder = Folder.web("good");
        stoa.ok("deploy", folder.toString(), "-a", "exits");
        List<Long> pids = stoa.pids("exits");
        folder.with("server.py", "print('no database today'); raise SystemExit(3)");

        Stoa.Result result = stoa.fails("deploy", folder.toString(), "-a", "exits");

        assertThat(result.err()).contains("web.1 exited with status 3").contains("no database today");
        assertThat(stoa.get("exits", "/").body()).isEqualTo("good");
        assertThat(stoa.pids("exits")).isEqualTo(pids);
        assertThat(stoa.json("releases", "-a", "exits"))
                .extracting(release -> release.path("version").asString() + " "
                        + release.path("state").asString())
                .containsExactly("v2 failed", "v1 active");
    }

    @Test
    void allProcessTypesSwitchTogetherOrNone() {
        Folder folder = Folder.web("good");
        stoa.ok("deploy", folder.toString(), "-a", "both");
        folder.with("Procfile", "web: python3 server.py\nworker: false\n").with("server.py", Folder.server("bad"));

        Stoa.Result result = stoa.fails("deploy", folder.toString(), "-a", "both");

        assertThat(result.err()).contains("worker.1 exited with status 1");
        assertThat(stoa.get("both", "/").body()).isEqualTo("good");
    }

    @Test
    @Order(LAST)
    void aReleaseThatListensElsewhereFailsAndTheMessageSaysWhere() {
        Stoa.Result result = elsewhere.join();

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .contains("did not get healthy")
                .contains("0.0.0.0:45871")
                .contains("PORT");
        assertThat(stoa.get("elsewhere", "/").statusCode()).isEqualTo(503);
    }

    @Test
    @Order(LAST)
    void aHealthPathThatAnswersAnErrorKeepsTheReleaseFromServing() {
        Stoa.Result result = unhealthy.join();

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("health check did not pass");
        assertThat(stoa.get("unhealthy", "/").body()).isEqualTo("good");
    }

    @Test
    void aFailingReleaseCommandKeepsTheReleaseFromServing() {
        Folder folder = Folder.web("good");
        stoa.ok("deploy", folder.toString(), "-a", "migrates");
        folder.with("Procfile", "web: python3 server.py\nrelease: echo migrating; exit 4\n");

        Stoa.Result result = stoa.fails("deploy", folder.toString(), "-a", "migrates");

        assertThat(result.out()).contains("migrating");
        assertThat(result.err()).contains("release command of v2 exited with status 4");
        assertThat(stoa.get("migrates", "/").body()).isEqualTo("good");
    }

    @Test
    void aCrashedInstanceIsReplacedAndTheCrashIsShown() {
        stoa.ok("deploy", Folder.web("still here").toString(), "-a", "crashes");
        long pid = stoa.pids("crashes").getFirst();
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();

        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            JsonNode instance = stoa.instances("crashes").getFirst();
            assertThat(instance.path("state").asString()).isEqualTo("up");
            assertThat(instance.path("pid").asLong()).isNotEqualTo(pid);
            assertThat(instance.path("restarts").asInt()).isEqualTo(1);
        });
        assertThat(stoa.get("crashes", "/").body()).isEqualTo("still here");
        assertThat(stoa.ok("logs", "-a", "crashes").out()).contains("web.1 was ended by SIGKILL");
    }

    @Test
    @Order(LAST)
    void aWorkerThatKeepsCrashingBacksOffAndTheSiteStaysUp() {
        Stoa.Result deploy = backoff.join();
        assertThat(deploy.status()).as(deploy.err()).isZero();

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(stoa.instances("backoff")).anySatisfy(instance -> {
                    assertThat(instance.path("process").asString()).isEqualTo("worker");
                    assertThat(instance.path("state").asString()).isEqualTo("crashed");
                    assertThat(instance.path("restarts").asInt()).isGreaterThanOrEqualTo(4);
                    assertThat(instance.path("detail").asString()).contains("exited with status 7, next start in");
                }));
        assertThat(stoa.get("backoff", "/").body()).isEqualTo("site");
    }

    @Test
    void twoDeploysOfOneAppQueueAndBothTheWaitingAndTheRunningOneCanBeCancelled() throws Exception {
        stoa.ok("deploy", Folder.web("before").toString(), "-a", "queue");
        Folder slow = Folder.web("slow").with("Procfile", "web: python3 server.py\nrelease: sleep 600\n");
        CompletableFuture<Stoa.Result> first = stoa.later("deploy", slow.toString(), "-a", "queue");
        String running = awaitDeploy("queue", "releasing");
        CompletableFuture<Stoa.Result> second = stoa.later("deploy", slow.toString(), "-a", "queue");
        String waiting = awaitDeploy("queue", "queued");

        stoa.ok("deploys", "cancel", waiting, "-a", "queue");
        assertThat(second.get().status()).isEqualTo(1);
        assertThat(second.get().err()).contains("cancelled");
        stoa.ok("deploys", "cancel", running, "-a", "queue");
        assertThat(first.get().status()).isEqualTo(1);
        assertThat(first.get().err()).contains("cancelled");
        assertThat(stoa.get("queue", "/").body()).isEqualTo("before");
    }

    /** The id of the app's deploy that is in this state, as soon as there is one. */
    private static String awaitDeploy(String app, String state) {
        return await().atMost(Duration.ofSeconds(30))
                .until(
                        () -> stoa.json("deploys", "-a", app)
                                .valueStream()
                                .filter(deploy ->
                                        deploy.path("state").asString().equals(state))
                                .map(deploy -> deploy.path("id").asString())
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }
}
