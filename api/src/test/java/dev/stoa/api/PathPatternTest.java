package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathPatternTest {
    @ParameterizedTest
    @CsvSource({
        "/,                /,                    to /",
        "/about,           /about,               to /about",
        "/old/*,           /old/a/b,             to /new/a/b",
        "/old/*,           /old/,                to /new/",
        "/old/*,           /old,                 to /new/",
        "/*,               /,                    to /new/",
        "/*,               /a,                   to /new/a",
        "/blog/:year/:id,  /blog/2024/7,         to /7-2024",
        "/a/:x/*rest,      /a/1/2/3,             to /2/3?x=1",
    })
    void aPathThatFitsFillsTheTarget(String pattern, String path, String expected) {
        String target = switch (pattern) {
            case "/old/*", "/*" -> "/new/:splat";
            case "/blog/:year/:id" -> "/:id-:year";
            case "/a/:x/*rest" -> "/:rest?x=:x";
            default -> path;
        };
        assertThat(PathPattern.parse(pattern).match(path).map(found -> "to " + PathPattern.fill(target, found)))
                .contains(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "/*, *",
        "/about, /about/",
        "/about, /About",
        "/about, /abou",
        "/old/*, /older",
        "/old/*, /ol",
        "/a/:x, /a/",
        "/a/:x, /a",
        "/a/:x, /a/b/c",
        "/a/:x/c, /a//c"
    })
    void aPathThatDoesNotFitIsLeftAlone(String pattern, String path) {
        assertThat(PathPattern.parse(pattern).match(path)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/:splat,        /evil.com,   /evil.com",
        "/:splat,        //evil.com,  /evil.com",
        "/:splat,        \\evil.com,  /%5Cevil.com",
        "/:splat,        /\\evil.com, /%5Cevil.com",
        "/new/:splat,    /x,          /new//x",
        "https://a.example/:splat, /evil.com, https://a.example//evil.com",
    })
    void aPathNeverBecomesAnotherHost(String target, String splat, String location) {
        assertThat(PathPattern.fill(target, Map.of("splat", splat))).isEqualTo(location);
    }

    @Test
    void whatHasNoPlaceInAHeaderIsEscaped() {
        assertThat(PathPattern.fill("/:splat", Map.of("splat", "a\"b\u00e4<\u0001$1\\1")))
                .isEqualTo("/a%22b%E4%3C%01$1%5C1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "about",
                "//a",
                "/a?b",
                "/a#b",
                "/a b",
                "/*/b",
                "/a*b",
                "/:a/:a",
                "/:1",
                "/:",
                "/ä",
                "/:splat/*"
            })
    void whatIsNoPatternIsRefused(String text) {
        assertThatThrownBy(() -> PathPattern.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
