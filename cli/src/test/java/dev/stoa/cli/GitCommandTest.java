package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitCommandTest {
    @TempDir
    private Path folder;

    private final FakePlatform platform = new FakePlatform();

    @BeforeEach
    void aRepository() throws Exception {
        assumeTrue(installed(), "needs git: apt-get install git");
        git("init", "-q", "-b", "main");
    }

    @AfterEach
    void stop() {
        platform.close();
    }

    @Test
    void theRemoteIsAddedAndGitAsksThisProgramForThePassword() throws Exception {
        Call.Result result = call("it's here/stoa").stoa("git", "remote", "-a", "shop");

        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out()).contains("Next: git push stoa main");
        assertThat(git("config", "remote.stoa.url")).isEqualTo(platform.url() + "/git/shop.git");
        assertThat(git("config", "--get-all", "credential.%s.helper".formatted(platform.url())))
                .isEqualTo(
                        "\n!STOA_HOME='%s' 'it'\\''s here/stoa' git credential".formatted(folder.resolve("stoa-home")));
    }

    @Test
    void aRemoteThatIsWrongIsPutRight() throws Exception {
        call("stoa").stoa("git", "remote", "-a", "shop");
        git("remote", "set-url", "stoa", "http://127.0.0.1:1/git/other.git");
        git("config", "credential.http://127.0.0.1:1.helper", "old");

        assertThat(call("stoa").stoa("git", "remote", "-a", "shop").status()).isZero();
        assertThat(call("stoa").stoa("git", "remote", "-a", "shop").status()).isZero();

        assertThat(git("config", "remote.stoa.url")).isEqualTo(platform.url() + "/git/shop.git");
        assertThat(git("config", "--get-all", "credential.%s.helper".formatted(platform.url()))
                        .lines())
                .hasSize(2);
        assertThat(git("config", "--list")).doesNotContain("127.0.0.1:1.helper");
    }

    @Test
    void aBranchOfAnotherNameIsPushedToMain() throws Exception {
        git("checkout", "-q", "-b", "dev");
        Call.Result result = call("stoa").stoa("git", "remote", "-a", "shop", "--json");
        assertThat(result.json().path("push").asString()).isEqualTo("git push stoa dev:main");
        assertThat(result.json().path("url").asString()).isEqualTo(platform.url() + "/git/shop.git");
    }

    @Test
    void aFolderWithoutARepositoryIsSaidWithHowToMakeOne() throws Exception {
        Path other = Files.createTempDirectory("no-repository");
        Call.Result result = call("stoa").stoa("git", "remote", other.toString(), "-a", "shop");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains(other + " is not in a git repository").contains("git init");
        assertThat(call("stoa").stoa("git", "remote", "/no/such/folder").err())
                .contains("/no/such/folder is not a folder");
    }

    @Test
    void withoutAPlatformNothingIsChanged() throws Exception {
        Call.Result result = Call.in(folder).with("STOA_LAUNCHER", "stoa").stoa("git", "remote", "-a", "shop");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("no platform runs here").contains("stoa up");
        assertThat(git("remote")).isEmpty();
    }

    @Test
    void thePasswordIsToldToThePlatformItselfAndToNobodyElse() {
        String host = platform.url().substring("http://".length());
        assertThat(asked("protocol=http\nhost=" + host + "\n\n", "get").out())
                .isEqualTo("username=stoa\npassword=" + FakePlatform.TOKEN + "\n");
        for (String other : List.of(
                "protocol=http\nhost=github.com\n",
                "protocol=https\nhost=" + host + "\n",
                "protocol=http\nhost=" + host + ".example.com\n",
                "")) {
            Call.Result result = asked(other, "get");
            assertThat(result.status()).as(other).isZero();
            assertThat(result.out()).as(other).isEmpty();
        }
        assertThat(asked("protocol=http\nhost=" + host + "\n", "store").out()).isEmpty();
        assertThat(asked("protocol=http\nhost=" + host + "\n", "erase").out()).isEmpty();
    }

    private Call.Result asked(String question, String operation) {
        return call("stoa").typing(question).stoa("git", "credential", operation);
    }

    private Call call(String launcher) {
        return Call.in(folder).to(platform).with("STOA_LAUNCHER", launcher);
    }

    private static boolean installed() throws InterruptedException {
        try {
            return new ProcessBuilder("git", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private String git(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("git", "-C", folder.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(Map.of("GIT_CONFIG_GLOBAL", "/dev/null", "GIT_CONFIG_NOSYSTEM", "1"));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said.replaceFirst("\n$", "");
    }
}
