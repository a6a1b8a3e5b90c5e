package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.GitUrl;
import dev.stoa.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ForgeTest {
    /** GitHub's documented example: "Validating webhook deliveries". */
    private static final String SECRET = "It's a Secret to Everybody";

    private static final byte[] BODY = "Hello, World!".getBytes(StandardCharsets.UTF_8);
    private static final String SIGNATURE = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    private static Function<String, Optional<String>> headers(String... pairs) {
        Map<String, String> map = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return name -> Optional.ofNullable(map.get(name));
    }

    private static boolean genuine(Function<String, Optional<String>> headers) {
        return Forge.of(headers).orElseThrow().isGenuine(headers, BODY, SECRET);
    }

    @Test
    void theExampleInTheDocumentationOfGithubIsGenuine() {
        assertThat(genuine(headers("X-GitHub-Event", "push", "X-Hub-Signature-256", "sha256=" + SIGNATURE)))
                .isTrue();
    }

    @Test
    void giteaAndForgejoSignInTheSameWayWithoutAPrefix() {
        assertThat(genuine(headers("X-Gitea-Event", "push", "X-GitHub-Event", "push", "X-Gitea-Signature", SIGNATURE)))
                .isTrue();
        assertThat(genuine(
                        headers("X-Forgejo-Event", "push", "X-Gitea-Event", "push", "X-Forgejo-Signature", SIGNATURE)))
                .isTrue();
        assertThat(genuine(headers("X-Forgejo-Event", "push", "X-Hub-Signature-256", "sha256=" + SIGNATURE)))
                .isTrue();
    }

    @Test
    void gitlabSendsTheSecretItself() {
        assertThat(genuine(headers("X-Gitlab-Event", "Push Hook", "X-Gitlab-Token", SECRET)))
                .isTrue();
        assertThat(genuine(headers("X-Gitlab-Event", "Push Hook", "X-Gitlab-Token", SECRET + " ")))
                .isFalse();
        assertThat(genuine(headers("X-Gitlab-Event", "Push Hook", "X-Gitlab-Token", SIGNATURE)))
                .isFalse();
    }

    @Test
    void whatIsNotQuiteRightIsWrong() {
        for (String wrong : new String[] {
            "", "sha256=", SIGNATURE, "sha1=" + SIGNATURE, "sha256=" + SIGNATURE.substring(1), "sha256=" + SECRET
        }) {
            assertThat(genuine(headers("X-GitHub-Event", "push", "X-Hub-Signature-256", wrong)))
                    .as(wrong)
                    .isFalse();
        }
        assertThat(genuine(headers("X-GitHub-Event", "push", "X-Gitlab-Token", SECRET)))
                .isFalse();
        assertThat(Forge.of(headers("X-Hub-Signature-256", "sha256=" + SIGNATURE)))
                .isEmpty();
        assertThat(Forge.GITHUB.isSigned(headers("X-Hub-Signature", "sha1=x"))).isFalse();
    }

    @Test
    void aPushOfGitlabNamesItsRepositoryInItsProject() {
        PushEvent push = PushEvent.of(Json.MAPPER.readTree("""
                {"object_kind": "push", "before": "95790bf891e76fee5e1747ab589903a6a1f80f22",
                 "after": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7", "ref": "refs/heads/master",
                 "checkout_sha": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
                 "project": {"name": "Diaspora", "web_url": "http://example.com/mike/diaspora",
                   "git_ssh_url": "git@example.com:mike/diaspora.git",
                   "git_http_url": "http://example.com/mike/diaspora.git", "default_branch": "master"}}
                """));
        assertThat(push.branch()).isEqualTo("master");
        assertThat(push.commit()).hasValue("da1560886d4f094c3e6c9ef40349f7d38b5d27d7");
        assertThat(push.defaultBranch()).hasValue("master");
        assertThat(push.isFrom(GitUrl.parse("ssh://git@example.com/mike/diaspora")))
                .isTrue();
        assertThat(push.isFrom(GitUrl.parse("http://example.com/mike/other"))).isFalse();
    }

    @Test
    void aDeletedBranchHasNoCommit() {
        assertThat(PushEvent.of(Json.MAPPER.readTree(
                                "{\"ref\": \"refs/heads/x\", \"after\": \"%s\"}".formatted("0".repeat(40))))
                        .commit())
                .isEmpty();
        assertThat(PushEvent.of(Json.MAPPER.readTree("{\"ref\": \"refs/heads/x\", \"deleted\": true, \"after\": \"%s\"}"
                                .formatted("a".repeat(40))))
                        .commit())
                .isEmpty();
    }
}
