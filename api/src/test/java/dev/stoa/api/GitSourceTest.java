package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GitSourceTest {
    @ParameterizedTest
    @CsvSource({
        "https://github.com/you/shop.git, https, github.com, 0, /you/shop.git, shop",
        "HTTPS://GitHub.com/you/Shop, https, github.com, 0, /you/Shop, Shop",
        "http://localhost:3000/you/shop/, http, localhost, 3000, /you/shop/, shop",
        "ssh://git@host.example:2222/a/b.git, ssh, host.example, 2222, /a/b.git, b",
        "git+ssh://host/a, ssh, host, 0, /a, a",
        "git@github.com:you/shop.git, ssh, github.com, 0, you/shop.git, shop",
        "github.com:you/shop, ssh, github.com, 0, you/shop, shop",
        "git://[::1]:9418/x.git, git, [::1], 9418, /x.git, x",
    })
    void aUrlHasItsParts(String text, String scheme, String host, int port, String path, String name) {
        GitUrl url = GitUrl.parse(text);
        assertThat(url.scheme()).isEqualTo(scheme);
        assertThat(url.host()).isEqualTo(host);
        assertThat(url.port()).isEqualTo(port);
        assertThat(url.path()).isEqualTo(path);
        assertThat(url.name()).isEqualTo(name);
        assertThat(GitUrl.parse(url.complete())).isEqualTo(url);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "  ",
                "/etc",
                "./x",
                "../x",
                "x",
                "~/x",
                "C:\\x",
                "c:/x",
                "file:///etc",
                "file://host/etc",
                "ext::sh -c id",
                "ftp://host/x",
                "https://",
                "https:///x",
                "https://host",
                "https://host/",
                "https://ho st/x",
                "https://host:99999/x",
                "https://host:port/x",
                "https://host/x?token=y",
                "https://a@b@c/x",
                "-oProxyCommand=x:y",
                "https://user:%zz@host/x",
                "https://host/x\ny",
            })
    void whatIsNoUrlOfAServerIsRefused(String text) {
        assertThatThrownBy(() -> GitUrl.parse(text))
                .isInstanceOf(StoaException.class)
                .hasMessageStartingWith("that is not the URL of a git repository");
    }

    @Test
    void aPasswordIsPrintedOnlyWhereItIsNeeded() {
        GitUrl url = GitUrl.parse("https://me:s%40cret@host/x.git");
        assertThat(url.password()).hasValue("s@cret");
        assertThat(url).hasToString("https://host/x.git");
        assertThat(url.complete()).isEqualTo("https://me:s%40cret@host/x.git");
        assertThat(GitUrl.parse("https://t0ken@host/x")).hasToString("https://host/x");
        assertThat(GitUrl.parse("ssh://git:pw@host/x")).hasToString("ssh://git@host/x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://github.com/you/shop",
                "http://user:pw@GITHUB.com:8080/You/Shop.git/",
                "git@github.com:you/shop.git",
                "ssh://git@ssh.github.com:443/you/shop.git",
                "https://www.github.com/you/shop",
            })
    void aRepositoryHasManyUrls(String text) {
        assertThat(GitUrl.parse("https://github.com/you/shop.git").sameRepository(GitUrl.parse(text)))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://github.com/you/shop2",
                "https://github.com/other/shop",
                "https://github.com.evil.example/you/shop",
                "https://evil.example/github.com/you/shop",
                "https://ssh.evil.example/you/shop",
            })
    void anotherRepositoryIsAnother(String text) {
        assertThat(GitUrl.parse("https://github.com/you/shop.git").sameRepository(GitUrl.parse(text)))
                .isFalse();
    }

    @Test
    void theRefStandsBehindTheFirstHash() {
        assertThat(GitSource.parse("https://host/x").ref()).isEmpty();
        assertThat(GitSource.parse("https://host/x#feature/a#1").ref()).isEqualTo(Optional.of("feature/a#1"));
        assertThat(GitSource.parse("git@host:x#v1.0")).hasToString("git@host:x#v1.0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-x", "a b", "a..b", "a.lock", "/a", "a/", "a//b", "a~1", "a^", "a:b", "a@{1}", "@", ".a"})
    void whatCannotBeARefIsRefused(String ref) {
        assertThatThrownBy(() -> GitSource.parse("https://host/x#" + ref))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("cannot be a branch, a tag or a commit");
    }
}
