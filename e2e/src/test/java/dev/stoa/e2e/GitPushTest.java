package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

@Order(1)
class GitPushTest {
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
    void aPushDeploysAndSaysHow() {
        Repository repository = Repository.ofExample("hello-python").commit("First version");
        JsonNode remote = stoa.json("git", "remote", repository.folder().toString(), "-a", "hello");
        assertThat(remote.path("url").asString())
                .isEqualTo("http://127.0.0.1:%d/git/hello.git".formatted(stoa.apiPort()));

        String said = repository.git("push", "stoa", "main");

        assertThat(said.lines().filter(line -> line.startsWith("remote: ")).map(String::strip))
                .contains("remote: -----> Python detected", "remote: -----> Releasing v1")
                .anyMatch(line -> line.endsWith(": First version"))
                .anyMatch(line -> line.startsWith("remote: -----> v1 serves http://hello.localhost:"));
        assertThat(said).contains("[new branch]      main -> main");
        assertThat(stoa.get("hello", "/").body()).contains("Hello from Stoa");
        assertThat(repository.git("push", "stoa", "main")).contains("Everything up-to-date");

        Path clone = Folder.empty().path().resolve("clone");
        repository.git("clone", "-q", withToken("hello"), clone.toString());
        assertThat(clone.resolve("app.py"))
                .hasSameTextualContentAs(Stoa.example("hello-python").resolve("app.py"));

        stoa.ok("destroy", "-a", "hello", "--confirm", "hello");
        assertThat(stoa.home().resolve("apps/hello")).doesNotExist();
        assertThat(repository.refuses("fetch", "stoa")).contains("there is no app \"hello\"");
    }

    @Test
    void aBuildThatFailsRefusesThePushAndTheOldReleaseServesOn() {
        Repository repository = pushed("broken", "first");
        String good = repository.git("rev-parse", "HEAD").strip();
        repository.with("package.json", """
                {"name": "x", "version": "1.0.0", "scripts": {"build": "echo it breaks; exit 3"}}
                """).commit("broken");

        String said = repository.refuses("push", "stoa", "main");

        assertThat(said)
                .contains("remote:        it breaks")
                .contains("remote: error: npm run build failed")
                .contains("! [remote rejected] main -> main (npm run build failed");
        assertThat(stoa.get("broken", "/").body()).isEqualTo("first");
        assertThat(repository.git("ls-remote", "stoa", "main")).startsWith(good);

        repository.git("rm", "-q", "package.json");
        repository.with("server.py", Folder.server("mended")).commit("mended");
        repository.git("push", "stoa", "main");
        assertThat(stoa.get("broken", "/").body()).isEqualTo("mended");
    }

    @Test
    void aReleaseThatDoesNotComeUpRefusesThePush() {
        Repository repository = pushed("sick", "first");
        repository.with("server.py", "raise SystemExit('no database')\n").commit("sick");
        assertThat(repository.refuses("push", "stoa", "main"))
                .contains("no database")
                .contains("v1 serves on")
                .contains("! [remote rejected] main -> main (v2: web.1 exited with status 1");
        assertThat(stoa.get("sick", "/").body()).isEqualTo("first");
    }

    @Test
    void otherBranchesAndTagsAreStoredAndSaySo() {
        Repository repository = pushed("branches", "first");
        repository.git("checkout", "-q", "-b", "feature");
        repository.with("server.py", Folder.server("feature")).commit("feature");
        repository.git("tag", "v1");

        assertThat(repository.git("push", "stoa", "feature", "v1"))
                .contains("feature is stored, not deployed: what is pushed to main is."
                        + " To deploy it: git push stoa feature:main")
                .contains("v1 is stored, not deployed");
        assertThat(stoa.get("branches", "/").body()).isEqualTo("first");
        assertThat(repository.git("ls-remote", "stoa")).contains("refs/heads/feature", "refs/tags/v1");

        repository.git("push", "stoa", "feature:main");
        assertThat(stoa.get("branches", "/").body()).isEqualTo("feature");
        repository.git("push", "stoa", ":feature");
        assertThat(repository.refuses("push", "stoa", ":main"))
                .contains("main is the branch that is deployed, and cannot be deleted")
                .contains("stoa destroy -a branches");
    }

    @Test
    void aHistoryThatWasRewrittenIsDeployedOnlyByForce() {
        Repository repository = pushed("rewritten", "first");
        repository.git("commit", "-q", "--amend", "--allow-empty", "-m", "another first");
        repository.with("server.py", Folder.server("second")).commit("second");
        assertThat(repository.refuses("push", "stoa", "main")).contains("non-fast-forward");
        assertThat(stoa.get("rewritten", "/").body()).isEqualTo("first");
        repository.git("push", "--force", "stoa", "main");
        assertThat(stoa.get("rewritten", "/").body()).isEqualTo("second");
    }

    @Test
    void masterIsDeployedWhereItCameFirst() {
        Repository repository = Repository.init(Folder.web("master")).commit("first");
        stoa.ok("git", "remote", repository.folder().toString(), "-a", "oldschool");
        repository.git("push", "stoa", "main:master");
        assertThat(stoa.get("oldschool", "/").body()).isEqualTo("master");
        assertThat(repository.git("push", "stoa", "main")).contains("main is stored, not deployed");
    }

    @Test
    void whatCannotBePushedIsSaid() throws Exception {
        Repository empty = Repository.init(Folder.web("x"));
        stoa.ok("git", "remote", empty.folder().toString(), "-a", "nothing");
        assertThat(empty.refuses("push", "stoa", "main")).contains("src refspec main does not match any");
        Repository bare = Repository.init(Folder.empty()).commit("no files");
        assertThat(bare.refuses("push", withToken("nothing"), "main"))
                .contains("error: the source has no files")
                .contains("! [remote rejected]");

        Repository repository = empty.commit("first");
        assertThat(repository.refuses("push", "stoa", "nowhere")).contains("src refspec nowhere does not match any");
        assertThat(repository.refuses("push", withToken("My_Shop!"), "main"))
                .contains("remote: error: \"My_Shop!\" cannot be the name of an app")
                .contains("try: -a my-shop");
        assertThat(repository.refuses("clone", withToken("unknown"), "clone")).contains("there is no app \"unknown\"");
        assertThat(repository.refuses("push", withToken("nothing").replace(stoa.token(), "wrong"), "main"))
                .contains("remote: error: the token is wrong")
                .contains("Authentication failed");
    }

    @Test
    void aHugeFileIsRefusedWithWhatToDo() throws Exception {
        Repository repository = Repository.init(Folder.web("x"));
        try (RandomAccessFile file = new RandomAccessFile(
                repository.folder().path().resolve("huge.bin").toFile(), "rw")) {
            file.setLength((1L << 30) + 1);
        }
        repository.git("config", "core.compression", "1");
        repository.git("config", "core.bigFileThreshold", "1m");
        repository.commit("huge");
        assertThat(repository.refuses("push", withToken("huge"), "main"))
                .contains("remote: error: a file in the history is larger than 1024 MB")
                .contains("git rm --cached")
                .contains("! [remote rejected] main -> main");
    }

    @Test
    void aLargePackIsStreamed() throws Exception {
        Repository repository = Repository.init(Folder.web("large"));
        Random random = new Random(7);
        byte[] bytes = new byte[20 << 20];
        for (int i = 0; i < 5; i++) {
            random.nextBytes(bytes);
            try (OutputStream out =
                    Files.newOutputStream(repository.folder().path().resolve(i + ".bin"))) {
                out.write(bytes);
            }
        }
        repository.git("config", "core.compression", "0");
        repository.commit("large");
        repository.git("push", withToken("large"), "main");
        assertThat(stoa.get("large", "/").body()).isEqualTo("large");
    }

    @Test
    void twoPushesAtOnceAreOneAfterTheOther() throws Exception {
        Repository one = slow("one");
        Repository two = slow("two");
        Process first = one.start("push", withToken("twice"), "main");
        BufferedReader said = said(first);
        awaitLine(said, "slow step");
        CompletableFuture<String> second = CompletableFuture.supplyAsync(
                () -> two.refuses("push", "-f", withToken("twice"), "main"), Stoa.THREADS);
        said.lines().forEach(line -> {});
        assertThat(first.waitFor()).isZero();
        assertThat(second.get())
                .contains("waits for another push to twice to end")
                .contains("somebody else has pushed to twice meanwhile");
        assertThat(stoa.get("twice", "/").body()).isEqualTo("one");
    }

    @Test
    void whoGoesAwayCancelsTheDeploy() throws Exception {
        Repository repository = slow("x");
        Process push = repository.start("push", withToken("gone"), "main");
        awaitLine(said(push), "slow step");
        // As Ctrl-C does: git, and what it has started to speak HTTP.
        push.descendants().forEach(ProcessHandle::destroy);
        push.destroy();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> stoa.json("deploys", "-a", "gone")
                        .get(0)
                        .path("state")
                        .asString()
                        .equals("cancelled"));
        assertThat(repository.git("ls-remote", withToken("gone"))).doesNotContain("refs/heads/main");
    }

    private static Repository pushed(String app, String answer) {
        Repository repository = Repository.init(Folder.web(answer)).commit("first");
        stoa.ok("git", "remote", repository.folder().toString(), "-a", app);
        repository.git("push", "stoa", "main");
        assertThat(stoa.get(app, "/").body()).isEqualTo(answer);
        return repository;
    }

    private static Repository slow(String answer) {
        return Repository.init(Folder.web(answer).with("package.json", """
                {"name": "x", "version": "1.0.0", "scripts": {"build": "echo slow step; sleep 6"}}
                """)).commit(answer);
    }

    private static BufferedReader said(Process git) {
        return new BufferedReader(new InputStreamReader(git.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void awaitLine(BufferedReader said, String text) throws IOException {
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            if (line.strip().endsWith("remote:        " + text)) {
                return;
            }
        }
        throw new AssertionError("git never said: " + text);
    }

    private static String withToken(String app) {
        return "http://any:%s@localhost:%d/git/%s.git".formatted(stoa.token(), stoa.apiPort(), app);
    }
}
