package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.DeployEvent;
import dev.stoa.api.DeployPlan;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class CommandsTest {
    @TempDir
    private Path folder;

    private final FakePlatform platform = new FakePlatform();
    private Call call = Call.in(Path.of("."));

    @BeforeEach
    void toTheFake() {
        call = Call.in(folder).to(platform);
    }

    @AfterEach
    void stop() {
        platform.close();
    }

    @Test
    void statusSaysWhatRunsWhereAndWhatIsMissing() {
        Call.Result result = call.stoa("status");
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .contains("http://127.0.0.1:7070")
                .contains("http://*.localhost:8080")
                .contains("process, isolation: none")
                .contains("bubblewrap is not installed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status",
                "apps",
                "apps create shop",
                "ps -a shop",
                "scale -a shop",
                "scale web=3 -a shop",
                "restart -a shop",
                "logs -a shop",
                "releases -a shop",
                "rollback -a shop",
                "canary -a shop",
                "canary 25% -a shop",
                "canary stop -a shop",
                "promote -a shop",
                "config -a shop",
                "config set A=b -a shop",
                "config unset A -a shop",
                "manifest",
                "domains -a shop",
                "domains add www.example.com -a shop",
                "domains remove shop.example.com -a shop",
                "certs",
                "certs renew shop.example.com",
                "certs remove shop.example.com",
                "certs trust",
                "open -a shop",
                "plan -a shop",
                "resources",
                "destroy -a shop --confirm shop",
                "deploys",
                "deploys cancel d1",
                "--version"
            })
    void withJsonEveryCommandPrintsOneDocument(String line) {
        Call.Result result = call.stoa((line + " --json").split(" ", -1));
        assertThat(result.err()).doesNotContain("error");
        assertThat(result.status()).isZero();
        assertThat(result.json().isContainer()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ps --json -a nobody",
                "--json ps -a nobody",
                "deploys cancel d9 --json",
                "config --json -a UPPER",
                "logs --json --since yesterday -a shop"
            })
    void withJsonAnErrorIsADocumentTooAndItsTextGoesToStderr(String line) {
        Call.Result result = call.stoa(line.split(" ", -1));
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.json().path("error").path("code").asString()).isNotEmpty();
        assertThat(result.err()).startsWith("error: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ps --wat",
                "pss",
                "scale web",
                "scale web=many",
                "scale web=-1",
                "rollback yesterday",
                "canary 100%",
                "canary 0",
                "canary 1.5%",
                "canary some",
                "deploy --canary 101%",
                "deploy --canary",
                "config set NOVALUE",
                "apps create",
                "run",
                "logs -n many",
                "up --api-port many"
            })
    void wrongUsageEndsWithStatus2AndSendsNothing(String line) {
        Call.Result result = call.stoa(line.split(" ", -1));
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err()).startsWith("error: ").contains("--help");
        assertThat(result.out()).isEmpty();
        assertThat(platform.requests()).isEmpty();
    }

    @Test
    void aMistypedCommandNamesTheNearest() {
        assertThat(call.stoa("relases").err()).contains("releases");
    }

    @Test
    void wrongUsageWithJsonIsADocument() {
        Call.Result result = call.stoa("ps", "--json", "--wat");
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.json().path("error").path("code").asString()).isEqualTo("bad_request");
    }

    @Test
    void aValueThatIsNotKeyAndValueIsNotRepeatedSinceItMayBeASecret() {
        Call.Result result = call.stoa("config", "set", "A=b", "hunter2");
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err()).contains("word 2").doesNotContain("hunter2");
    }

    @Test
    void helpGoesToStdoutAndNamesEveryCommand() {
        Call.Result result = call.stoa("--help");
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .contains(List.of(
                        "up",
                        "down",
                        "status",
                        "deploy",
                        "apps",
                        "ps",
                        "scale",
                        "restart",
                        "logs",
                        "releases",
                        "rollback",
                        "config",
                        "run",
                        "domains",
                        "open",
                        "destroy",
                        "deploys"));
        assertThat(call.stoa("ps", "--help").out()).contains("Usage: stoa ps");
    }

    @Test
    void noCommandAtAllIsWrongUsage() {
        Call.Result result = call.stoa();
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err()).contains("Usage: stoa");
    }

    @Test
    void psIsATableForPeopleAndAListForScripts() {
        assertThat(call.stoa("ps", "-a", "shop").out()).isEqualTo("""
                        NAME    STATE   RELEASE   PID    ADDRESS           SINCE   RESTARTS
                        web.1   up      v1        4711   127.0.0.1:40001   1h      0
                        """);
        JsonNode instance = call.stoa("ps", "-a", "shop", "--json").json().path(0);
        assertThat(instance.path("id").asString()).isEqualTo("i1");
        assertThat(instance.path("process").asString()).isEqualTo("web");
        assertThat(instance.path("pid").asLong()).isEqualTo(4711);
    }

    @Test
    void releasesAreNewestFirstAndSayWhyOneFailed() {
        JsonNode releases = call.stoa("releases", "-a", "shop", "--json").json();
        assertThat(releases.path(0).path("version").asString()).isEqualTo("v2");
        assertThat(releases.path(0).path("state").asString()).isEqualTo("failed");
        assertThat(call.stoa("releases", "-a", "shop").out())
                .contains("never listened")
                .doesNotContain("boom");
    }

    @Test
    void scaleSendsWhatItIsTold() {
        assertThat(call.stoa("scale", "web=3", "worker=0", "-a", "shop").out()).contains("web       3");
        assertThat(platform.requests().getFirst())
                .startsWith("POST /v1/apps/shop/scale ")
                .contains("\"web\":\"3\"")
                .contains("\"worker\":\"0\"");
    }

    @Test
    void logsLinesBeginWithTheirTimeAndSource() {
        assertThat(call.stoa("logs", "-a", "shop").out()).isEqualTo("2026-11-21T10:00:00.123Z web.1: hello\n");
    }

    @Test
    void logsSendsTheQuestionEscaped() {
        call.stoa("logs", "-a", "shop", "-n", "5", "--since", "30m", "GET", "/a&b");
        assertThat(platform.requests())
                .containsExactly("GET /v1/apps/shop/logs?n=5&since=2026-11-21T10%3A30%3A00Z&q=GET%20%2Fa%26b");
    }

    @Test
    void configPrintsAllVarsInOrder() {
        assertThat(call.stoa("config", "-a", "shop").out()).isEqualTo("COLOUR=blue\nLOG_LEVEL=info\n");
    }

    @Test
    void configSetIsOneLineThatEndsWithTheRelease() {
        Call.Result result = call.stoa("config", "set", "LOG_LEVEL=a=b", "-a", "shop");
        assertThat(result.out()).isEqualTo("Setting LOG_LEVEL and restarting shop... done, v14\n");
        assertThat(platform.requests().getFirst()).contains("{\"LOG_LEVEL\":\"a=b\"}");
    }

    @Test
    void configSetOnAnAppThatHasNothingDeployedOnlyStores() {
        platform.answer("PATCH /v1/apps/shop/config", 202, FakePlatform.deploy("config", "done"));
        assertThat(call.stoa("config", "set", "A=b", "-a", "shop").out()).isEqualTo("Setting A on shop... done\n");
    }

    @Test
    void aConfigChangeThatFailsShowsWhatHappened() {
        Problem problem = new Problem("not_healthy", 422, "v14 did not get healthy", "look at the log");
        platform.stream(
                "GET /v1/apps/shop/deploys/d1/events",
                new DeployEvent.Line("-----> Starting web=1"),
                new DeployEvent.End(
                        FakePlatform.finished("config", "failed", Optional.of("v14"), Optional.of(problem)),
                        Optional.empty()));
        Call.Result result = call.stoa("config", "set", "A=b", "-a", "shop");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEqualTo("Setting A and restarting shop... failed\n");
        assertThat(result.err())
                .contains("-----> Starting web=1")
                .contains("error: v14 did not get healthy\n  look at the log\n");
    }

    @Test
    void rollbackPrintsWhatThePlatformSays() {
        assertThat(call.stoa("rollback", "3", "-a", "shop").out()).contains("-----> Installing");
        assertThat(platform.requests().getFirst()).isEqualTo("POST /v1/apps/shop/rollback {\"version\":\"v3\"}");
        assertThat(call.stoa("rollback", "-a", "shop").status()).isZero();
        assertThat(platform.requests()).contains("POST /v1/apps/shop/rollback {}");
    }

    @Test
    void runPrintsOutputRawAndEndsAsTheCommandDid() {
        Call.Result result = call.stoa("run", "-n", "-a", "shop", "--", "sh", "-c", "exit 9", "--json", "-a", "x");
        assertThat(result.status()).isEqualTo(9);
        assertThat(result.out()).isEqualTo("half a line\n");
        assertThat(platform.requests())
                .containsExactly("POST /v1/apps/shop/runs"
                        + " {\"command\":[\"sh\",\"-c\",\"exit 9\",\"--json\",\"-a\",\"x\"],\"input\":false}");
    }

    @Test
    void runWithJsonKeepsOutputApartFromTheDocument() {
        Call.Result result = call.stoa("run", "--json", "-a", "shop", "--", "ls");
        assertThat(result.status()).isEqualTo(9);
        assertThat(result.json().path("status").asInt()).isEqualTo(9);
        assertThat(result.err()).isEqualTo("half a line\n");
    }

    @Test
    void destroyWithoutATerminalWantsTheNameInWords() {
        Call.Result result = call.stoa("destroy", "-a", "shop");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("--confirm shop");
        assertThat(platform.requests()).noneMatch(r -> r.startsWith("DELETE"));
    }

    @Test
    void destroyAsksForTheNameAndTakesNoOther() {
        Call.Result destroyed = call.typing("shop\n").stoa("destroy", "-a", "shop");
        assertThat(destroyed.status()).isZero();
        assertThat(destroyed.err()).contains("These stay, with their data: bucket shop-photos");
        assertThat(destroyed.out()).contains("To destroy it: stoa bucket destroy shop-photos");
        assertThat(platform.requests()).contains("DELETE /v1/apps/shop");
        assertThat(call.stoa("destroy", "-a", "shop", "--confirm", "other").err())
                .contains("nothing was destroyed");
        assertThat(platform.requests()).containsOnlyOnce("DELETE /v1/apps/shop");
    }

    @Test
    void aPlanSaysWhatHappensAndItsStatusTellsOnlyWhenAsked() {
        Call.Result plan = call.stoa("plan", "-a", "shop");
        assertThat(plan.status()).isZero();
        assertThat(plan.out()).isEqualTo("""
                A deploy of shop, where v1 serves:
                  + cache shop-main
                      plan = "small"
                      gives REDIS_URL
                  ~ process web
                      instances = 1 -> 2
                  - cron nightly
                  ! bucket shop-photos is not in the manifest any more, and stays
                      to do away with it:
                        stoa bucket destroy shop-photos

                1 to create, 1 to change, 1 to remove, 1 left behind.
                """);
        assertThat(call.stoa("plan", "-a", "shop", "--exit-code").status()).isEqualTo(2);
        platform.answer(
                "POST /v1/apps/shop/plan",
                200,
                new DeployPlan("shop", false, Optional.of("v1"), List.of(), List.of(), List.of()));
        assertThat(call.stoa("plan", "-a", "shop", "--exit-code").status()).isZero();
        assertThat(call.stoa("plan", "nowhere", "-a", "shop").err()).contains("there is no folder");
    }

    @Test
    void resourcesAreListedAndThoseThatNoAppHasApart() {
        assertThat(call.stoa("resources").out()).contains("shop-photos", "shop (as photos)");
        assertThat(call.stoa("resources", "--orphans").out()).isEqualTo("There is none that no app has.\n");
    }

    @Test
    void aProblemIsASentenceAndAHint() {
        platform.refuse(
                "GET /v1/apps/shop/instances",
                ErrorCode.APP_NOT_FOUND,
                "there is no app \"shop\"",
                "stoa apps lists them");
        Call.Result result = call.stoa("ps", "-a", "shop");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("error: there is no app \"shop\"\n  stoa apps lists them\n");
    }

    @Test
    void aCodeThatIsNewToTheCommandLineStillGivesItsSentence() {
        platform.answer("GET /v1/apps", 418, new Problem("brand_new", 418, "something new", "do this"));
        assertThat(call.stoa("apps").err()).isEqualTo("error: something new\n  do this\n");
    }

    @Test
    void theWrongTokenHasASentenceOfItsOwn() {
        Call.Result result = call.with("STOA_TOKEN", "wrong").stoa("apps");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("does not take the token from STOA_TOKEN");
    }

    @Test
    void anAnswerThatIsNoPlatformsIsNamedSo() {
        platform.answer("GET /v1/apps", exchange -> FakePlatform.send(exchange, 200, "<html>hello</html>"));
        assertThat(call.stoa("apps").err()).contains("does not understand");
        platform.answer("GET /v1/apps", exchange -> FakePlatform.send(exchange, 502, "<html>bad gateway</html>"));
        assertThat(call.stoa("apps").err()).contains("status 502").contains("<html>bad gateway</html>");
    }

    @Test
    void aStreamThatBreaksSaysHowToSeeWhatBecameOfIt() {
        platform.stream("GET /v1/apps/shop/deploys/d1/events", new DeployEvent.Line("-----> Installing"));
        Call.Result result = call.stoa("rollback", "-a", "shop");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .contains("lost sight of the rollback of shop (d1)")
                .contains("stoa deploys -a shop");
    }

    @Test
    void deploysCancelFindsTheAppByItself() {
        assertThat(call.stoa("deploys", "cancel", "d1").out()).isEqualTo("The deploy of shop is cancelled.\n");
        assertThat(platform.requests()).contains("POST /v1/apps/shop/deploys/d1/cancel");
    }

    @Test
    void domainsRemoveEscapesTheName() {
        call.stoa("domains", "remove", "a/../b", "-a", "shop");
        assertThat(platform.requests()).containsExactly("DELETE /v1/apps/shop/domains/a%2F..%2Fb");
    }

    @Test
    void openPrintsTheUrlForScripts() {
        assertThat(call.stoa("open", "-a", "shop").out()).isEqualTo("http://shop.localhost:8080\n");
        assertThat(call.stoa("open", "-a", "shop", "--json").json())
                .isEqualTo(dev.stoa.api.Json.MAPPER.valueToTree(Map.of("url", "http://shop.localhost:8080")));
    }
}
