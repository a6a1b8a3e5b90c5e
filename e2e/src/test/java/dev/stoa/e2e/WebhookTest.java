package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.Json;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class WebhookTest {
    private static final String NOTHING = "0".repeat(40);

    private static Stoa stoa;
    private static HttpClient client;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        // Not before: what Stoa sets for all clients is read with the first of them.
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    /** An app that is connected to a repository, and what a forge knows of it. */
    private record Connected(String app, RemoteRepository repository, String webhook, String secret)
            implements AutoCloseable {
        static Connected to(String app, String suffix) {
            RemoteRepository repository = RemoteRepository.web(app, "first");
            JsonNode shown = stoa.ok("git", "connect", "--json", repository.url() + suffix, "-a", app)
                    .json();
            return new Connected(
                    app,
                    repository,
                    shown.path("webhookUrl").asString(),
                    shown.path("webhookSecret").asString());
        }

        String payload(String ref, String after) {
            return payload(ref, after, repository.url());
        }

        /** As GitHub, Gitea and Forgejo have it, but for what does not matter. */
        static String payload(String ref, String after, String url) {
            return Json.write(Map.of(
                    "ref",
                    ref,
                    "before",
                    NOTHING,
                    "after",
                    after,
                    "deleted",
                    after.equals(NOTHING),
                    "repository",
                    Map.of("clone_url", url, "ssh_url", "git@localhost:x/y.git", "default_branch", "main")));
        }

        HttpResponse<String> github(String event, String body) {
            return github(event, body, UUID.randomUUID().toString());
        }

        HttpResponse<String> github(String event, String body, String delivery) {
            return post(
                    webhook,
                    body,
                    Map.of(
                            "X-GitHub-Event", event,
                            "X-GitHub-Delivery", delivery,
                            "X-Hub-Signature-256", "sha256=" + hmac(secret, body)));
        }

        void awaitAnswer(String text) {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> stoa.get(app, "/").body().equals(text));
        }

        int deploys() {
            return stoa.json("deploys", "-a", app).size();
        }

        @Override
        public void close() {
            repository.close();
        }
    }

    private static HttpResponse<String> post(String url, String body, Map<String, String> headers) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("Content-Type", "application/json"));
        all.putAll(headers);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).POST(BodyPublishers.ofString(body));
        all.forEach(request::header);
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static String hmac(String secret, String body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static String result(HttpResponse<String> answer) {
        return Json.MAPPER.readTree(answer.body()).path("result").asString();
    }

    @Test
    void aPushToTheConnectedBranchDeploysExactlyTheCommitThatItNames() {
        try (Connected shop = Connected.to("pushed", "#main")) {
            String first = shop.repository().push("main", "the one that was named");
            shop.repository().push("main", "a later one");

            HttpResponse<String> answer = shop.github("push", shop.payload("refs/heads/main", first));

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
            assertThat(result(answer)).isEqualTo("deploying");
            shop.awaitAnswer("the one that was named");
            JsonNode release = stoa.json("releases", "-a", "pushed").get(0);
            assertThat(release.path("description").asString())
                    .isEqualTo("Deploy %s#%s".formatted(shop.repository().url(), first.substring(0, 7)));
        }
    }

    @Test
    void eachForgeSignsInItsOwnWay() {
        try (Connected shop = Connected.to("forges", "")) {
            String gitea = shop.payload("refs/heads/main", shop.repository().push("main", "gitea"));
            HttpResponse<String> fromGitea = post(
                    shop.webhook(),
                    gitea,
                    Map.of(
                            "X-Gitea-Event", "push",
                            "X-GitHub-Event", "push",
                            "X-Gitea-Delivery", "g-1",
                            "X-Gitea-Signature", hmac(shop.secret(), gitea)));
            assertThat(fromGitea.statusCode()).as(fromGitea.body()).isEqualTo(202);
            shop.awaitAnswer("gitea");

            String forgejo = shop.payload("refs/heads/main", shop.repository().push("main", "forgejo"));
            HttpResponse<String> fromForgejo = post(
                    shop.webhook(),
                    forgejo,
                    Map.of(
                            "X-Forgejo-Event", "push",
                            "X-Gitea-Event", "push",
                            "X-Forgejo-Delivery", "f-1",
                            "X-Forgejo-Signature", hmac(shop.secret(), forgejo)));
            assertThat(fromForgejo.statusCode()).as(fromForgejo.body()).isEqualTo(202);
            shop.awaitAnswer("forgejo");

            String gitlab = Json.write(Map.of(
                    "object_kind",
                    "push",
                    "ref",
                    "refs/heads/main",
                    "after",
                    shop.repository().push("main", "gitlab"),
                    "project",
                    Map.of("git_http_url", shop.repository().url(), "default_branch", "main")));
            HttpResponse<String> fromGitlab = post(
                    shop.webhook(),
                    gitlab,
                    Map.of(
                            "X-Gitlab-Event", "Push Hook",
                            "X-Gitlab-Event-UUID", "l-1",
                            "X-Gitlab-Token", shop.secret()));
            assertThat(fromGitlab.statusCode()).as(fromGitlab.body()).isEqualTo(202);
            shop.awaitAnswer("gitlab");

            String form = "payload="
                    + URLEncoder.encode(
                            shop.payload("refs/heads/main", shop.repository().push("main", "a form")),
                            StandardCharsets.UTF_8);
            HttpResponse<String> asForm = post(
                    shop.webhook(),
                    form,
                    Map.of(
                            "Content-Type", "application/x-www-form-urlencoded",
                            "X-GitHub-Event", "push",
                            "X-Hub-Signature-256", "sha256=" + hmac(shop.secret(), form)));
            assertThat(asForm.statusCode()).as(asForm.body()).isEqualTo(202);
            shop.awaitAnswer("a form");
        }
    }

    @Test
    void whatIsNotSignedWithTheSecretChangesNothingAndTellsNothing() {
        try (Connected shop = Connected.to("guarded", "")) {
            String body = shop.payload("refs/heads/main", NOTHING.replace('0', 'a'));
            String elsewhere = shop.webhook().replace("guarded", "nosuchapp");
            Map<String, String> wrong =
                    Map.of("X-GitHub-Event", "push", "X-Hub-Signature-256", "sha256=" + "0".repeat(64));
            Map<String, String> right =
                    Map.of("X-GitHub-Event", "push", "X-Hub-Signature-256", "sha256=" + hmac(shop.secret(), body));

            HttpResponse<String> forged = post(shop.webhook(), body, wrong);

            assertThat(forged.statusCode()).isEqualTo(401);
            assertThat(forged.body()).contains("unauthorized").doesNotContain("guarded");
            assertThat(post(elsewhere, body, wrong).body()).isEqualTo(forged.body());
            assertThat(post(elsewhere, body, right).body()).isEqualTo(forged.body());
            assertThat(post(shop.webhook(), body + " ", right).body()).isEqualTo(forged.body());
            assertThat(post(shop.webhook(), body, Map.of("X-GitHub-Event", "push"))
                            .body())
                    .isEqualTo(forged.body());
            assertThat(post(shop.webhook(), body, Map.of()).body()).isEqualTo(forged.body());
            assertThat(post(shop.webhook(), body, Map.of("X-Gitlab-Event", "Push Hook", "X-Gitlab-Token", "wrong"))
                            .body())
                    .isEqualTo(forged.body());
            assertThat(shop.deploys()).isZero();
        }
    }

    @Test
    void aPushThatWasTakenIsNotTakenAgainWhateverItsNumber() {
        try (Connected shop = Connected.to("replayed", "")) {
            String old = shop.payload("refs/heads/main", shop.repository().push("main", "old"));
            assertThat(shop.github("push", old, "1").statusCode()).isEqualTo(202);
            shop.awaitAnswer("old");
            String current = shop.payload("refs/heads/main", shop.repository().push("main", "current"));
            assertThat(shop.github("push", current, "2").statusCode()).isEqualTo(202);
            shop.awaitAnswer("current");

            assertThat(result(shop.github("push", old, "1"))).isEqualTo("seen");
            assertThat(result(shop.github("push", old, "another number"))).isEqualTo("seen");
            assertThat(result(shop.github("push", current + " ", "3"))).isEqualTo("seen");

            assertThat(shop.deploys()).isEqualTo(2);
            assertThat(stoa.get("replayed", "/").body()).isEqualTo("current");
        }
    }

    @Test
    void whatIsNoPushToTheBranchIsAnsweredAndIgnored() {
        try (Connected shop = Connected.to("quiet", "#main")) {
            String commit = shop.repository().push("side", "side");
            assertThat(shop.github("ping", "{\"zen\":\"x\"}").body()).contains("pong");
            assertThat(shop.github("push", shop.payload("refs/heads/side", commit))
                            .body())
                    .contains("not the deployed branch, which is main");
            assertThat(result(shop.github("push", shop.payload("refs/tags/main", commit))))
                    .isEqualTo("ignored");
            assertThat(shop.github("push", shop.payload("refs/heads/main", NOTHING))
                            .body())
                    .contains("was deleted");
            assertThat(result(shop.github("issues", "{}"))).isEqualTo("ignored");
            assertThat(shop.deploys()).isZero();
        }
    }

    @Test
    void aSignedEventThatMakesNoSenseIsRefused() {
        try (Connected shop = Connected.to("strict", "")) {
            String commit = shop.repository().push("main", "x");
            assertThat(shop.github("push", "no json").statusCode()).isEqualTo(400);
            assertThat(shop.github("push", "[]").statusCode()).isEqualTo(400);
            assertThat(shop.github("push", "{}").statusCode()).isEqualTo(400);
            assertThat(shop.github("push", shop.payload("refs/heads/main", "main; rm -rf /"))
                            .statusCode())
                    .isEqualTo(400);
            HttpResponse<String> other = shop.github(
                    "push", Connected.payload("refs/heads/main", commit, "http://169.254.169.254/latest/strict.git"));
            assertThat(other.statusCode()).isEqualTo(409);
            assertThat(other.body())
                    .contains("other_repository")
                    .contains("is connected to " + shop.repository().url());
            assertThat(shop.github("push", " ".repeat((25 << 20) + 1)).statusCode())
                    .isEqualTo(413);
            assertThat(shop.deploys()).isZero();
        }
    }

    @Test
    void theNewestPushTakesThePlaceOfThoseThatWait() {
        try (Connected shop = Connected.to("busy", "")) {
            shop.repository().work().with("Procfile", "web: python3 server.py\nrelease: sleep 3\n");
            for (int i = 1; i <= 4; i++) {
                String body = shop.payload("refs/heads/main", shop.repository().push("main", "push " + i));
                assertThat(shop.github("push", body).statusCode()).isEqualTo(202);
            }
            shop.awaitAnswer("push 4");
            assertThat(stoa.json("deploys", "-a", "busy")
                            .valueStream()
                            .map(deploy -> deploy.path("state").asString()))
                    .containsExactlyInAnyOrder("done", "cancelled", "cancelled", "done");
        }
    }

    @Test
    void connectShowsWhatToEnterAtTheForgeAndDisconnectEndsIt() {
        try (Connected shop = Connected.to("linked", "#main")) {
            String shown = stoa.ok("git", "-a", "linked").out();
            assertThat(shown)
                    .contains(shop.webhook(), shop.secret(), shop.repository().url(), "ssh-ed25519 ");
            assertThat(stoa.ok("git", "connect", shop.repository().url() + "#side", "-a", "linked")
                            .out())
                    .contains(shop.secret());
            assertThat(stoa.ok("git", "connect", "https://git.example.com/another.git", "-a", "linked")
                            .out())
                    .doesNotContain(shop.secret());

            stoa.ok("git", "disconnect", "-a", "linked");

            assertThat(shop.github("ping", "{}").statusCode()).isEqualTo(401);
            assertThat(stoa.fails("git", "-a", "linked").err()).contains("is connected to no repository");
            assertThat(stoa.fails("git", "disconnect", "-a", "linked").err()).contains("is connected to no repository");
        }
    }

    @Test
    void aDeployKeyStaysTheSameUntilItIsRotated() {
        stoa.ok("apps", "create", "keyed");
        String key = stoa.ok("git", "key", "-a", "keyed").lastLine();
        assertThat(key).matches("ssh-ed25519 [A-Za-z0-9+/=]{68} stoa-keyed");
        assertThat(stoa.ok("git", "key", "-a", "keyed").lastLine()).isEqualTo(key);
        assertThat(stoa.ok("git", "key", "--rotate", "-a", "keyed").lastLine()).isNotEqualTo(key);
        assertThat(stoa.fails("git", "key", "-a", "nosuchapp").err()).contains("there is no app");
    }
}
