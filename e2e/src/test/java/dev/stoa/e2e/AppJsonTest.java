package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class AppJsonTest {
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
    void whatIsRequiredAndMissingIsNamedBeforeAnythingIsBuilt() {
        Folder folder = Folder.web("up").with("app.json", """
                {"env": {"DATABASE_URL": {"description": "the main database"}, "S3_KEY": {"required": true},
                         "LEVEL": "info", "SENTRY": {"required": false}}}
                """);

        Stoa.Result refused = stoa.fails("deploy", folder.toString(), "-a", "needs");

        assertThat(refused.err())
                .contains("app.json requires config vars that have no value: DATABASE_URL (the main database), S3_KEY")
                .contains("stoa config set DATABASE_URL=… S3_KEY=… -a needs");
        assertThat(refused.out()).doesNotContain("detected");
        assertThat(stoa.json("releases", "-a", "needs")).isEmpty();

        stoa.ok("config", "set", "DATABASE_URL=postgresql://x", "S3_KEY=y", "-a", "needs");
        stoa.ok("deploy", folder.toString(), "-a", "needs");
        assertThat(stoa.get("needs", "/").body()).isEqualTo("up");
    }

    @Test
    void aSecretIsGeneratedOnceAndValuesAreDefaults() {
        Folder folder = Folder.empty()
                .with("Procfile", "web: python3 server.py\n")
                .with("server.py", Folder.serverOf("(os.environ['LEVEL'] + ' ' + os.environ['SECRET_KEY'])"))
                .with("app.json", """
                        {"env": {"SECRET_KEY": {"generator": "secret"}, "LEVEL": {"value": "info"}}}
                        """);
        stoa.ok("deploy", folder.toString(), "-a", "secret");

        JsonNode config = stoa.json("config", "-a", "secret");
        String secret = config.path("SECRET_KEY").asString();
        assertThat(secret).matches("[0-9a-f]{64}");
        assertThat(config.has("LEVEL")).isFalse();
        assertThat(stoa.get("secret", "/").body()).isEqualTo("info " + secret);

        folder.with("app.json", """
                {"env": {"SECRET_KEY": {"generator": "secret"}, "LEVEL": {"value": "debug"}}}
                """);
        stoa.ok("deploy", folder.toString(), "-a", "secret");
        assertThat(stoa.get("secret", "/").body()).isEqualTo("debug " + secret);

        stoa.ok("config", "set", "LEVEL=mine", "-a", "secret");
        assertThat(stoa.get("secret", "/").body()).isEqualTo("mine " + secret);
    }

    @Test
    void theFormationCountsUntilSomebodyScalesAndTheManifestSaysWhereAllComesFrom() {
        Folder folder = Folder.web("many")
                .with("app.json", "{\"formation\": {\"web\": {\"quantity\": 2, \"size\": \"eco\"}}}")
                .with("stoa.toml", "[processes.web]\nmemory = \"256MB\"\n")
                .with(".env.example", "# what there is\nMAIL_FROM=me@example.com\nPORT=5000\n");

        Stoa.Result deployed = stoa.ok("deploy", folder.toString(), "-a", "many");

        assertThat(deployed.out())
                .contains("Starting web=2")
                .contains("Config vars that .env.example names and nothing sets: MAIL_FROM")
                .contains("stoa config set MAIL_FROM=… -a many");
        assertThat(stoa.instances("many")).hasSize(2);
        assertThat(stoa.ok("manifest", folder.toString()).out())
                .contains("command = \"python3 server.py\"  # Procfile:1")
                .contains("instances = 2  # app.json:1")
                .contains("memory = \"256MB\"  # stoa.toml:2")
                .contains("timeout = \"30m\"  # default");

        stoa.ok("scale", "web=1", "-a", "many");
        stoa.ok("deploy", folder.toString(), "-a", "many");

        assertThat(stoa.json("manifest", "-a", "many"))
                .extracting(line -> "%s=%s (%s)"
                        .formatted(
                                line.path("key").asString(),
                                line.path("value").asString(),
                                line.path("source").asString()))
                .contains(
                        "processes.web.command=python3 server.py (Procfile:1)",
                        "processes.web.instances=1 (stoa scale)",
                        "processes.web.memory=256MB (stoa.toml:2)");
    }

    @Test
    void theManifestOfAnAppSaysWhatItsBuildFoundOut() {
        Folder folder = Folder.empty().with("index.html", "hello");
        stoa.ok("deploy", folder.toString(), "-a", "guessed");

        assertThat(stoa.ok("manifest", "-a", "guessed").out()).containsPattern("command = \".+\"  # static buildpack");
        assertThat(stoa.fails("manifest", "-a", "nobody").err()).contains("there is no app \"nobody\"");
    }

    @Test
    void theCommandForANewAppRunsOnceAndUntilItHasGoneWell() {
        Folder folder = Folder.web("seeded")
                .with(
                        "app.json",
                        "{\"scripts\": {\"postdeploy\": \"echo seeding with $SEED_FROM; test -n \\\"$SEED_FROM\\\"\"}}");

        Stoa.Result first = stoa.ok("deploy", folder.toString(), "-a", "seeded");
        assertThat(first.out())
                .contains("-----> Running the postdeploy command")
                .contains("WARNING: the postdeploy command exited with status 1; v1 serves all the same");
        assertThat(stoa.get("seeded", "/").body()).isEqualTo("seeded");

        stoa.ok("config", "set", "SEED_FROM=fixtures", "-a", "seeded");
        Stoa.Result third = stoa.ok("deploy", folder.toString(), "-a", "seeded");

        assertThat(third.out()).doesNotContain("postdeploy");
        assertThat(texts("source:postdeploy", "seeded"))
                .containsSubsequence("seeding with", "exited with status 1", "seeding with [SEED_FROM]", "done");
    }

    @Test
    void theReleaseCommandHasALogOfItsOwn() {
        Folder folder = Folder.empty()
                .with("server.py", Folder.server("migrated"))
                .with("Procfile", "release: echo migrating $STOA_RELEASE\r\nweb: python3 server.py\r\n");
        stoa.ok("deploy", folder.toString(), "-a", "migrates");
        stoa.ok("restart", "-a", "migrates");
        stoa.ok("config", "set", "A=b", "-a", "migrates");
        stoa.ok("rollback", "-a", "migrates");

        assertThat(texts("source:release", "migrates"))
                .filteredOn(text -> text.startsWith("migrating"))
                .containsExactly("migrating v1", "migrating v2");
        assertThat(texts("source:release.v2", "migrates"))
                .containsExactly("runs: echo migrating $STOA_RELEASE", "migrating v2", "done");
    }

    @Test
    void aReleaseCommandThatTakesTooLongIsEndedAndTheReleaseBeforeServes() {
        Folder folder = Folder.web("before");
        stoa.ok("deploy", folder.toString(), "-a", "late");
        List<Long> pids = stoa.pids("late");
        folder.with("server.py", Folder.server("after"))
                .with("stoa.toml", "[release]\ncommand = \"echo begins; sleep 600\"\ntimeout = \"1s\"\n");

        Stoa.Result late = stoa.fails("deploy", folder.toString(), "-a", "late");

        assertThat(late.err())
                .contains("the release command of v2 took longer than 1 s and was ended: echo begins; sleep 600")
                .contains("v1 still serves");
        assertThat(stoa.get("late", "/").body()).isEqualTo("before");
        assertThat(stoa.pids("late")).isEqualTo(pids);
        assertThat(texts("source:release", "late")).contains("begins", "took longer than 1 s and was ended");
    }

    @Test
    void aReleaseCommandThatHangsCanBeCancelled() {
        Folder folder = Folder.web("before");
        stoa.ok("deploy", folder.toString(), "-a", "hangs");
        folder.with("Procfile", "web: python3 server.py\nrelease: echo hangs; sleep 600\n");
        CompletableFuture<Stoa.Result> deploy = stoa.later("deploy", folder.toString(), "-a", "hangs");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> texts("source:release", "hangs").contains("hangs"));

        String id = stoa.json("deploys", "-a", "hangs").get(0).path("id").asString();
        stoa.ok("deploys", "cancel", id, "-a", "hangs");

        assertThat(deploy.join().status()).isEqualTo(1);
        assertThat(deploy.join().err()).contains("cancelled");
        assertThat(stoa.get("hangs", "/").body()).isEqualTo("before");
    }

    @Test
    void aBadAppJsonIsShownWithItsLineAndNothingChanges() {
        Folder folder = Folder.web("good");
        stoa.ok("deploy", folder.toString(), "-a", "badjson");
        folder.with("app.json", "{\n  \"formation\": {\n    \"web\": {\"quantity\": \"two\"}\n  }\n}\n");

        Stoa.Result result = stoa.fails("deploy", folder.toString(), "-a", "badjson");

        assertThat(result.err())
                .contains(
                        "\"formation.web.quantity\" must be a whole number, not the string \"two\" in app.json, line 3");
        assertThat(stoa.fails("manifest", folder.toString()).err()).contains("app.json, line 3");
        assertThat(stoa.get("badjson", "/").body()).isEqualTo("good");
    }

    private static List<String> texts(String query, String app) {
        return stoa.json("logs", query, "-a", app)
                .valueStream()
                .map(line -> line.path("text").asString())
                .toList();
    }
}
