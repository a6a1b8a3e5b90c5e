package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;

@Order(1)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CronTest {
    private static final String MANIFEST = """
            [crons.digest]
            schedule = "0 8 * * *"
            timezone = "Europe/Berlin"
            command = "echo digest of $STOA_APP; exit 3"

            [crons.minutely]
            schedule = "* * * * *"
            command = "echo every minute"

            [crons.long]
            schedule = "@yearly"
            command = "echo begun; sleep 10; echo ended; exit 5"
            """;

    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        Folder folder = Folder.empty().with("Procfile", "worker: sleep 1000\n").with("stoa.toml", MANIFEST);
        stoa.ok("deploy", folder.toString(), "-a", "shop");
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    private static JsonNode last(String cron) {
        return stoa.json("crons", "history", cron, "-n", "1", "-a", "shop").path(0);
    }

    @Test
    void aJobRunsWhenAskedToWithItsOutputStatusHistoryAndLog() {
        assertThat(stoa.ok("crons", "-a", "shop").out())
                .contains("digest", "0 8 * * *", "Europe/Berlin", "every minute");

        Stoa.Result run = stoa.run("crons", "run", "digest", "-a", "shop");

        assertThat(run.out()).isEqualTo("digest of shop\n");
        assertThat(run.status()).isEqualTo(3);
        JsonNode entry = last("digest");
        assertThat(entry.path("state").asString()).isEqualTo("failed");
        assertThat(entry.path("status").asInt()).isEqualTo(3);
        assertThat(stoa.ok("crons", "log", "digest", entry.path("id").asString(), "-a", "shop")
                        .out())
                .contains("cron.digest: digest of shop", "failed: exited with status 3");
        assertThat(stoa.ok("logs", "source:cron.digest", "-a", "shop").out()).contains("digest of shop");
        assertThat(stoa.ok("crons", "history", "digest", "-a", "shop").out()).contains("exited with status 3");
    }

    /** Last, as it waits for a minute to begin. */
    @Test
    @Order(Integer.MAX_VALUE)
    void aJobRunsByItselfWithinItsMinuteAndARunSurvivesThePlatform() {
        CompletableFuture<Stoa.Result> follower = stoa.later("crons", "run", "long", "-a", "shop");
        await().atMost(Duration.ofSeconds(20))
                .until(() ->
                        stoa.run("crons", "log", "long", "-a", "shop").out().contains("begun"));
        assertThat(stoa.fails("crons", "run", "long", "-a", "shop").err()).contains("runs already");
        stoa.kill();
        stoa.start();
        assertThat(follower.join().status()).isEqualTo(1);

        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(last("long").path("state").asString()).isEqualTo("failed");
            assertThat(last("long").path("status").asInt()).isEqualTo(5);
        });
        assertThat(stoa.ok("crons", "log", "long", "-a", "shop").out()).contains("begun", "ended");
        await().atMost(Duration.ofSeconds(75))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> last("minutely").path("state").asString().equals("succeeded"));
    }

    @Test
    void whatIsWrongIsSaidWithWhatToDo() {
        assertThat(stoa.fails("crons", "run", "digst", "-a", "shop").err()).contains("did you mean \"digest\"?");
        Folder folder = Folder.empty()
                .with("Procfile", "worker: sleep 1000\n")
                .with("stoa.toml", "[crons.x]\nschedule = \"0 0 31 2 *\"\ncommand = \"true\"\n");
        assertThat(stoa.fails("deploy", folder.toString(), "-a", "never").err())
                .contains("\"schedule\" of [crons.x]", "no year has such a date", "line 2");
    }
}
