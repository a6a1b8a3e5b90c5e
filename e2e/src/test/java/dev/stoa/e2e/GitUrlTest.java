package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GitUrlTest {
    private static final String TOKEN = "t0ken-t0ken-t0ken";

    private static Stoa stoa;
    private static RemoteRepository bakery;

    @BeforeAll
    static void up() {
        bakery = RemoteRepository.web("bakery", "main");
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
        bakery.close();
    }

    @Test
    void aRepositoryIsDeployedUnderItsOwnNameAndSaysWhatItIs() {
        Stoa.Result deploy = stoa.ok("deploy", "--git", bakery.url());

        assertThat(deploy.lastLine()).isEqualTo("http://bakery.localhost:" + stoa.httpPort());
        assertThat(deploy.out()).contains("-----> Fetching " + bakery.url());
        assertThat(stoa.get("bakery", "/").body()).isEqualTo("main");
        assertThat(stoa.json("releases", "-a", "bakery")
                        .get(0)
                        .path("description")
                        .asString())
                .matches("Deploy \\Q" + bakery.url() + "\\E#main \\([0-9a-f]{7}\\)");
    }

    @Test
    void aBranchATagAndACommitCanBeNamed() {
        try (RemoteRepository repository = RemoteRepository.web("named", "first")) {
            repository.tag("v1.0");
            String side = repository.push("side/way", "side");
            repository.push("main", "last");

            stoa.ok("deploy", "--git", repository.url() + "#v1.0", "-a", "named");
            assertThat(stoa.get("named", "/").body()).isEqualTo("first");
            stoa.ok("deploy", "--git", repository.url() + "#side/way", "-a", "named");
            assertThat(stoa.get("named", "/").body()).isEqualTo("side");
            stoa.ok("deploy", "--git", repository.url(), "-a", "named");
            assertThat(stoa.get("named", "/").body()).isEqualTo("last");
            stoa.ok("deploy", "--git", repository.url() + "#" + side.substring(0, 8), "-a", "named");
            assertThat(stoa.get("named", "/").body()).isEqualTo("side");
        }
    }

    @Test
    void whatCannotBeFetchedIsSaidAndWhatServesGoesOn() {
        stoa.ok("deploy", "--git", bakery.url(), "-a", "steady");

        assertThat(stoa.fails("deploy", "--git", bakery.url() + "#mian", "-a", "steady")
                        .err())
                .contains("no branch, tag or commit \"mian\"")
                .contains("did you mean main?");
        assertThat(stoa.fails("deploy", "--git", bakery.url().replace("bakery", "nothing"), "-a", "steady")
                        .err())
                .contains("there is no repository at")
                .contains("stoa git key -a steady");
        assertThat(stoa.fails("deploy", "--git", "http://127.0.0.1:1/x.git", "-a", "steady")
                        .err())
                .contains("nothing answers there");
        assertThat(stoa.fails("deploy", "--git", "git@no.such.host.invalid:x/y.git", "-a", "steady")
                        .err())
                .contains("there is no host no.such.host.invalid");
        for (String bad : new String[] {"file:///etc", "/etc", "../x", "ext::sh -c id", "ftp://host/x", "https://"}) {
            assertThat(stoa.fails("deploy", "--git", bad, "-a", "steady").err())
                    .as(bad)
                    .contains("not the URL of a git repository");
        }
        assertThat(stoa.run("deploy", ".", "--git", bakery.url()).status()).isEqualTo(2);
        assertThat(stoa.get("steady", "/").body()).isEqualTo("main");
        assertThat(stoa.json("releases", "-a", "steady")).hasSize(1);
    }

    /** The platform's own repositories speak the whole protocol, and ask for a password. */
    @Test
    void aRepositoryThatAsksForAPasswordIsFetchedWithTheOneInTheUrl() {
        String open = "http://127.0.0.1:%d/git/supplier.git".formatted(stoa.apiPort());
        String login = open.replace("//", "//me:%s@".formatted(stoa.token()));
        try (RemoteRepository repository = RemoteRepository.web("supplier", "supplied")) {
            repository.pushTo(login, "main");
        }

        assertThat(stoa.fails("deploy", "--git", open, "-a", "consumer").err())
                .contains("does not let the platform read it");
        stoa.ok("deploy", "--git", login + "#main", "-a", "consumer");
        assertThat(stoa.get("consumer", "/").body()).isEqualTo("supplied");

        stoa.ok("git", "connect", login, "-a", "consumer");
        stoa.ok("deploy", "--git", open, "-a", "consumer");
    }

    @Test
    void aTokenInTheUrlIsNowhereInTheClear() throws Exception {
        String url = bakery.url("me:%s@".formatted(TOKEN));
        Stoa.Result deploy = stoa.ok("deploy", "--git", url, "-a", "discreet");
        Stoa.Result connect = stoa.ok("git", "connect", url, "-a", "discreet");

        assertThat(deploy.out() + deploy.err() + connect.out() + connect.err()).doesNotContain(TOKEN);
        for (String command : new String[] {"releases", "deploys", "git", "logs"}) {
            assertThat(stoa.ok(command, "--json", "-a", "discreet").out()).doesNotContain(TOKEN);
        }
        try (Stream<Path> files = Files.walk(stoa.home())) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().contains("/bin/"))
                    .toList()) {
                assertThat(read(file)).as(file.toString()).doesNotContain(TOKEN);
            }
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return ""; // gone meanwhile, as the files of an instance that has ended
        }
    }
}
