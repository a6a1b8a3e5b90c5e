package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.EdgeManifest.Auth;
import dev.stoa.api.EdgeManifest.Maintenance;
import dev.stoa.api.EdgeManifest.Rate;
import dev.stoa.api.EdgeManifest.Redirect;
import dev.stoa.api.EdgeManifest.Rewrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class EdgeTableTest {
    private static final String ALL = """
            [edge]
            compress = ["gzip", "br"]
            cache = { size = "64MB" }
            body = "10MB"
            rate = { requests = 100, per = "1m", key = "header:X-Api-Key", burst = 20 }
            allow = ["10.0.0.0/8"]
            deny = ["10.1.2.3", "2001:db8::/32"]
            auth = { user = "admin", password_var = "GATE_PASSWORD" }
            maintenance = { page = "maintenance.html", retry_after = "10m", allow = ["127.0.0.1"] }
            errors = { 502 = "errors/502.html", 503 = "errors/503.html" }
            headers = { X-Frame-Options = "DENY" }
            access_log = false
            trace = false
            https = "redirect"
            hsts = "1y"

            [[edge.redirects]]
            from = "/old/*"
            to = "/new/:splat"

            [[edge.redirects]]
            from = "/away"
            to = "https://example.com/"
            status = 307

            [[edge.rewrites]]
            from = "/u/:name"
            to = "/users?name=:name"
            """;

    private static EdgeManifest parse(String toml) {
        return ManifestFile.parse(toml, "stoa.toml").edge();
    }

    @Test
    void everyKeyIsRead() {
        EdgeManifest edge = parse(ALL);

        assertThat(edge.compress()).containsExactly("gzip", "br");
        assertThat(edge.cacheBytes()).contains(64_000_000L);
        assertThat(edge.bodyBytes()).contains(10_000_000L);
        assertThat(edge.rate()).contains(new Rate(100, Duration.ofMinutes(1), "header:X-Api-Key", 20));
        assertThat(edge.allow()).containsExactly("10.0.0.0/8");
        assertThat(edge.deny()).containsExactly("10.1.2.3", "2001:db8::/32");
        assertThat(edge.auth()).contains(new Auth("admin", "GATE_PASSWORD"));
        Maintenance maintenance = edge.maintenance().orElseThrow();
        assertThat(maintenance.retryAfter()).isEqualTo(Duration.ofMinutes(10));
        assertThat(maintenance.allow()).containsExactly("127.0.0.1");
        assertThat(edge.pages())
                .isEqualTo(
                        Map.of("502", "errors/502.html", "503", "errors/503.html", "maintenance", "maintenance.html"));
        assertThat(edge.redirects())
                .containsExactly(
                        new Redirect("/old/*", "/new/:splat", 301), new Redirect("/away", "https://example.com/", 307));
        assertThat(edge.rewrites()).containsExactly(new Rewrite("/u/:name", "/users?name=:name"));
        assertThat(edge.headers()).containsEntry("X-Frame-Options", "DENY");
        assertThat(edge.accessLog()).isFalse();
        assertThat(edge.trace()).isFalse();
        assertThat(edge.https()).contains(EdgeManifest.HttpsMode.REDIRECT);
        assertThat(edge.hsts()).contains(Duration.ofDays(365));
    }

    @ParameterizedTest
    @CsvSource({"true, 3", "false, 0", "[], 0"})
    void compressMayBeTrueOrFalseOrAList(String value, int codings) {
        assertThat(parse("[edge]\ncompress = " + value).compress()).hasSize(codings);
    }

    @Test
    void theLinesOfAManifestAreAManifestAgain() {
        Manifest manifest = ManifestFile.parse(ALL, "stoa.toml");

        String written = ManifestLines.toml(ManifestLines.of(manifest, AppSetup.NONE, Map.of()));

        assertThat(parse(written)).as(written).isEqualTo(manifest.edge());
    }

    @Test
    void aManifestSurvivesItsJson() {
        EdgeManifest edge = parse(ALL);
        assertThat(Json.read(Json.write(edge), EdgeManifest.class)).isEqualTo(edge);
        assertThat(Json.read(Json.write(EdgeManifest.DEFAULT), EdgeManifest.class))
                .isEqualTo(EdgeManifest.DEFAULT);
    }

    @Test
    void everyExampleOfTheReferenceIsValid() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "reference", "edge.md"));
        List<String> examples = Pattern.compile("(?s)```toml\n(.*?)```")
                .matcher(page)
                .results()
                .map((MatchResult block) -> block.group(1))
                .toList();
        assertThat(examples)
                .hasSizeGreaterThan(3)
                .allSatisfy(toml -> assertThat(parse(toml)).isNotEqualTo(EdgeManifest.DEFAULT));
    }

    record Mistake(String toml, String message, String hint) {
        @Override
        public String toString() {
            return message;
        }
    }

    static Stream<Mistake> mistakes() {
        return Stream.of(
                new Mistake("compres = true", "\"compres\" is not a key of [edge]", "did you mean \"compress\"?"),
                new Mistake("compress = \"gzip\"", "must be true, or a list of codings", "compress = ["),
                new Mistake("compress = [\"lzma\"]", "has \"lzma\", and knows br, zstd and gzip", "compress = ["),
                new Mistake("compress = [\"br\", \"br\"]", "names a coding twice", ""),
                new Mistake("cache = 5", "must be true, or a table with a size, not the number 5", "cache = {"),
                new Mistake("cache = { size = \"1TB\" }", "must be from 1MB to 128MB", "cache = {"),
                new Mistake("cache = { bytes = \"1MB\" }", "\"bytes\" is not a key of [edge.cache]", "size"),
                new Mistake("body = 10", "must be a string with a unit, not the number 10", "body = \"10MB\""),
                new Mistake("body = \"ten\"", "must be an amount such as", "body = \"10MB\""),
                new Mistake("rate = { requests = 5 }", "[edge.rate] has no \"per\"", "rate = { requests"),
                new Mistake("rate = { requests = 0, per = \"1m\" }", "must be from 1 to 1000000, not 0", "rate = {"),
                new Mistake("rate = { requests = 5, per = \"1 minute\" }", "must be a time such as", "rate = {"),
                new Mistake("rate = { requests = 5, per = \"2d\" }", "must be at most a day", "rate = {"),
                new Mistake(
                        "rate = { requests = 5, per = \"1m\", key = \"cookie\" }",
                        "must be \"ip\" or the name of a header, not \"cookie\"",
                        "header:X-Api-Key"),
                new Mistake("allow = [\"10.0.0.0/33\"]", "has \"10.0.0.0/33\", which is neither", "allow = ["),
                new Mistake("deny = \"10.0.0.1\"", "must be a list of strings", "deny = ["),
                new Mistake("auth = { user = \"a\" }", "[edge.auth] has no \"password_var\"", "GATE_PASSWORD"),
                new Mistake("auth = { user = \"a\", password = \"x\" }", "\"password\" is not a key", "password_var"),
                new Mistake("auth = { user = \"a:b\", password_var = \"P\" }", "without a colon", "auth = {"),
                new Mistake(
                        "auth = { user = \"a\", password_var = \"P\" }\n[env]\nP = \"secret\"",
                        "the file is no place for a password",
                        "stoa config set P=…"),
                new Mistake("errors = { 404 = \"x.html\" }", "\"404\" is none of the errors", "401, 403, 413"),
                new Mistake("errors = { 503 = \"../x.html\" }", "must be a file of the source folder", "errors = {"),
                new Mistake("errors = { 503 = \"/etc/passwd\" }", "must be a file of the source folder", "errors = {"),
                new Mistake("errors = { 503 = 1 }", "must be a string", "errors = {"),
                new Mistake(
                        "headers = { Content-Length = \"1\" }", "cannot be a header of every answer", "headers = {"),
                new Mistake("headers = { X-A = \"a\\r\\nB: c\" }", "must be one line", "headers = {"),
                new Mistake("access_log = \"no\"", "must be true or false", "access_log = false"),
                new Mistake("redirects = 1", "must be a list of tables", "[[edge.redirects]]"),
                new Mistake("[[edge.redirects]]\nfrom = \"/a\"", "[edge.redirects] has no \"to\"", "to = "),
                new Mistake(
                        "[[edge.redirects]]\nfrom = \"a\"\nto = \"/b\"",
                        "must be a path that starts with one /",
                        "from ="),
                new Mistake(
                        "[[edge.redirects]]\nfrom = \"/a\"\nto = \"//evil.com\"",
                        "must be a path that starts",
                        "from ="),
                new Mistake(
                        "[[edge.redirects]]\nfrom = \"/*\"\nto = \"https://:splat/\"",
                        "must be a path that starts",
                        ""),
                new Mistake(
                        "[[edge.redirects]]\nfrom = \"/*\"\nto = \"https://example.com:splat\"",
                        "must be a path that starts",
                        ""),
                new Mistake(
                        "[[edge.redirects]]\nfrom = \"/a\"\nto = \"/:b\"",
                        "has :b, and \"from\" has no such place",
                        ":splat"),
                new Mistake(
                        "[[edge.redirects]]\nfrom = \"/a\"\nto = \"/b\"\nstatus = 200",
                        "must be 301, 302, 303, 307 or 308, not 200",
                        "status = 302"),
                new Mistake("[[edge.redirects]]\nfrom = \"/a\"\nto = \"/a\"", "leads in a circle", "no \"from\" fits"),
                new Mistake("[[edge.redirects]]\nfrom = \"/a/*\"\nto = \"/a/b/:splat\"", "leads in a circle", ""),
                new Mistake(
                        "[[edge.redirects]]\nfrom = \"/a\"\nto = \"/b\"\n[[edge.redirects]]\nfrom = \"/b\"\nto = \"/a\"",
                        "leads in a circle",
                        ""),
                new Mistake(
                        "[[edge.rewrites]]\nfrom = \"/a\"\nto = \"https://example.com/\"",
                        "must be a path that starts with one /,",
                        "[[edge.rewrites]]"),
                new Mistake(
                        "[[edge.rewrites]]\nfrom = \"/a\"\nto = \"/b\"\nstatus = 200",
                        "\"status\" is not a key of [edge.rewrites]",
                        "from, to"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsSaidWithItsLineAndTheRightForm(Mistake mistake) {
        StoaException e = catchThrowableOfType(StoaException.class, () -> parse("[edge]\n" + mistake.toml));

        assertThat(e).as(mistake.toml).isNotNull();
        assertThat(e.code()).isEqualTo(ErrorCode.BAD_MANIFEST);
        assertThat(e.message()).contains(mistake.message).containsPattern("in stoa\\.toml, line [1-9]$|, line [1-9]$");
        assertThat(e.hint().orElse("")).contains(mistake.hint);
    }

    @Test
    void aChainThatArrivesIsNoLoop() {
        EdgeManifest edge = parse("""
                [[edge.redirects]]
                from = "/a"
                to = "/b"
                [[edge.redirects]]
                from = "/b"
                to = "/c"
                [[edge.redirects]]
                from = "/*"
                to = "https://example.com/:splat"
                """);
        assertThat(edge.redirects()).hasSize(3);
    }
}
