package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Builds that are bad neighbours: each is ended or shut in with a message, and the app that was running never notices. */
class BuildLimitsTest {
    private static Stoa stoa;
    private static long pid;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        stoa.ok("apps", "create", "app");
        stoa.ok("config", "set", "API_KEY=s3cret-value", "-a", "app");
        // Last, and only once: where one release follows another, an instance of the first is listed until it has gone.
        stoa.ok("deploy", Folder.web("still here").toString(), "-a", "app");
        pid = stoa.pids("app").getFirst();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @AfterEach
    void theAppThatWasRunningStillRuns() {
        assertThat(stoa.get("app", "/").body()).isEqualTo("still here");
        assertThat(stoa.pids("app")).containsExactly(pid);
    }

    @Test
    void oneThatPrintsAGigabyte() {
        assertThat(fails("yes this build has a lot to say | head -c 1000000000"))
                .contains("printed more than 32 MB")
                .contains("make it say less");
    }

    @Test
    void oneThatForksTenThousandProcesses() {
        assertThat(fails("i=0; while [ $i -lt 10000 ]; do sleep 1000 & i=$((i+1)); done"))
                .contains("fork");
    }

    @Test
    void oneThatRunsForEver() {
        Folder folder = building("sleep 1000000").with("stoa.toml", "[build]\ntimeout = \"3s\"\n");
        assertThat(stoa.fails("deploy", folder.toString(), "-a", "app").err())
                .contains("the build took longer than 3 s and was ended")
                .contains("timeout =");
    }

    @Test
    void oneThatWritesOutsideItsFolderAndReadsWhatIsNotItsOwn() {
        Path home = stoa.home().resolve("token");
        String said = fails("for f in /usr/evil /etc/evil /evil /home/evil; do echo evil >$f; done; cat " + home
                + "; ls / /app/..; curl -sS -m 2 http://127.0.0.1:" + stoa.apiPort() + "/v1/status; exit 9");

        assertThat(said).contains("exit status 9").contains("Read-only file system", "No such file");
        assertThat(said).doesNotContain(stoa.token());
        assertThat(Path.of("/usr/evil")).doesNotExist();
        assertThat(Path.of("/evil")).doesNotExist();
        assertThat(Files.exists(stoa.home().resolve("evil"))).isFalse();
    }

    @Test
    void oneThatLooksForConfigFindsWhatItMaySeeAndNothingElse() {
        String look = "echo key is ${API_KEY:-unknown}, url is ${OTHER:-unknown}; exit 9";
        assertThat(fails(look)).contains("key is unknown, url is unknown");

        stoa.ok("apps", "create", "asking");
        stoa.ok("config", "set", "API_KEY=visible-to-the-build", "OTHER=hidden", "-a", "asking");
        Folder asking = building(look + " ")
                .with("stoa.toml", "[build]\nenv = [\"API_KEY\"]\n")
                .with("build.sh", "[ \"$API_KEY\" = visible-to-the-build ] && [ -z \"$OTHER\" ] && exit 9\n");
        assertThat(stoa.fails("deploy", asking.toString(), "-a", "asking").err())
                .contains("exit status 9");
    }

    private static String fails(String script) {
        Stoa.Result result = stoa.fails("deploy", building(script).toString(), "-a", "app");
        return result.out() + result.err();
    }

    /** An app whose build script this is. */
    private static Folder building(String script) {
        return Folder.web("x")
                .with("package.json", "{\"name\": \"x\", \"scripts\": {\"build\": \"sh build.sh\"}}")
                .with("build.sh", script + "\n");
    }
}
