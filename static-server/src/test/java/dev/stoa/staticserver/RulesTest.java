package dev.stoa.staticserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What _redirects and _headers do, and single-page apps. */
class RulesTest {
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    Path root;

    private @Nullable StaticServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
        client.close();
    }

    @ParameterizedTest
    @CsvSource({
        "/old, 301, /new",
        "/old/, 301, /new",
        "/old?a=1, 301, /new?a=1",
        "/blog/2024/05/hi, 302, /posts/hi-2024",
        "/docs/a/b, 301, /manual/a/b",
        "/docs, 301, /manual/",
        "/docs/x%20y/%C3%A9, 301, /manual/x%20y/%C3%A9",
        "/docs//evil.example/x, 301, /manual/evil.example/x",
        "/part//evil.example, 301, /evil.example",
        "/part/%5C%5Cevil.example, 301, /%5C%5Cevil.example",
        "/part/a%0D%0ASet-Cookie:x, 301, /a%0D%0ASet-Cookie:x",
        "/away/a?b=c, 307, https://other.example/to/a?b=c",
        "/find?id=7, 301, /item/7",
        "/temporary, 308, /new"
    })
    void aRedirectLeadsWhereTheRuleSays(String path, int status, String location) throws Exception {
        start("""
                # comment
                /old        /new
                /blog/:year/:month/:name  /posts/:name-:year  302
                /docs/*     /manual/:splat   # another
                /part/*     /:splat
                /away/*     https://other.example/to/:splat 307
                /find id=:id  /item/:id
                /temporary  /new 308
                """, "");

        HttpResponse<String> response = get(path, "*/*");

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Location")).hasValue(location);
    }

    @Test
    void aFileWinsOverARuleUnlessItIsForced() throws Exception {
        write("old.html", "the file");
        start("/old /new\n", "");
        assertThat(get("/old", "*/*").body()).isEqualTo("the file");
        Objects.requireNonNull(server).close();

        start("/old /new 301!\n", "");
        assertThat(get("/old", "*/*").statusCode()).isEqualTo(301);
    }

    @Test
    void theFirstRuleThatFitsCounts() throws Exception {
        start("/a/b /first\n/a/* /second\n", "");

        assertThat(get("/a/b", "*/*").headers().firstValue("Location")).hasValue("/first");
        assertThat(get("/a/c", "*/*").headers().firstValue("Location")).hasValue("/second");
    }

    @Test
    void aRewriteAnswersWithAnotherFile() throws Exception {
        write("index.html", "the app");
        write("style.css", "the style");
        write("gone.html", "gone");
        start("/gone/* /gone.html 404\n/* /index.html 200\n", "");

        assertThat(get("/any/where", "*/*").body()).isEqualTo("the app");
        assertThat(get("/any/where", "*/*").statusCode()).isEqualTo(200);
        assertThat(get("/style.css", "*/*").body()).isEqualTo("the style");
        assertThat(get("/gone/x", "*/*").statusCode()).isEqualTo(404);
        assertThat(get("/gone/x", "*/*").body()).isEqualTo("gone");
    }

    @Test
    void aRewriteCannotLeaveTheSite() throws Exception {
        Files.writeString(root.resolve(".secret"), "secret");
        start("/x/* /:splat 200\n", "");

        assertThat(get("/x/.secret", "*/*").statusCode()).isEqualTo(404);
        assertThat(get("/x/%2e%2e/%2e%2e/etc/passwd", "*/*").statusCode()).isEqualTo(404);
    }

    @Test
    void theRulesThemselvesAreNotForVisitors() throws Exception {
        start("/old /new\n", "/*\n  X-A: b\n");

        assertThat(get("/_redirects", "*/*").statusCode()).isEqualTo(404);
        assertThat(get("/_headers", "*/*").statusCode()).isEqualTo(404);
    }

    @Test
    void headersAreAddedWhereThePathFits() throws Exception {
        write("index.html", "home");
        write("assets/app.js", "1");
        start("", """
                /*
                  X-Frame-Options: DENY
                  X-One: a
                /assets/*
                  Cache-Control: public, max-age=31536000, immutable
                  X-Name: file :splat
                  X-One: b
                  ! X-Content-Type-Options
                """);

        HttpResponse<String> script = get("/assets/app.js", "*/*");
        assertThat(script.headers().firstValue("X-Frame-Options")).hasValue("DENY");
        assertThat(script.headers().allValues("Cache-Control")).containsExactly("public, max-age=31536000, immutable");
        assertThat(script.headers().firstValue("X-Name")).hasValue("file app.js");
        assertThat(script.headers().firstValue("X-One")).hasValue("a, b");
        assertThat(script.headers().firstValue("X-Content-Type-Options")).isEmpty();
        HttpResponse<String> page = get("/", "*/*");
        assertThat(page.headers().firstValue("X-Name")).isEmpty();
        assertThat(page.headers().firstValue("Cache-Control")).hasValue("public, max-age=0, must-revalidate");
    }

    @Test
    void badLinesAreNamedAndTheOthersCount() throws Exception {
        start("""
                /good /new
                /nowhere
                old /new
                /a/*/b /new
                /a /b 999
                /a /b 301 Country=de
                /proxy https://other.example/ 200
                /me /me
                /host/* https://:splat/x
                """ + "/long /" + "x".repeat(3000) + "\n", """
                  X-Lost: 1
                /x
                  no colon here
                  Content-Length: 3
                nopath
                  X-B: c
                """);

        assertThat(Rules.read(root).warnings())
                .anyMatch(w -> w.contains("_redirects, line 2 is left out: it does not say where to"))
                .anyMatch(w -> w.contains("_redirects, line 3 is left out: \"old\" is no path of this site"))
                .anyMatch(w -> w.contains("_redirects, line 4 is left out: \"*\" can only stand at the end"))
                .anyMatch(w -> w.contains("_redirects, line 5 is left out: \"999\" is no status"))
                .anyMatch(w -> w.contains("_redirects, line 6 is left out: conditions"))
                .anyMatch(w -> w.contains("_redirects, line 7 is left out: with status 200"))
                .anyMatch(w -> w.contains("_redirects, line 8 is left out: it leads to itself"))
                .anyMatch(w -> w.contains("_redirects, line 9 is left out: a placeholder cannot stand in a host name"))
                .anyMatch(w -> w.contains("_redirects, line 10 is left out: it has more than 2000"))
                .anyMatch(w -> w.contains("_headers, line 1 is left out: it belongs to no path"))
                .anyMatch(w -> w.contains("_headers, line 3 is left out: it is not of the form"))
                .anyMatch(w -> w.contains("_headers, line 4 is left out: Content-Length is not for a site to set"))
                .anyMatch(w -> w.contains("_headers, line 5 is left out: \"nopath\""))
                .hasSize(13);
        assertThat(get("/good", "*/*").statusCode()).isEqualTo(301);
    }

    @Test
    void thereIsABoundToTheRules() throws Exception {
        write("_redirects", "/a /b\n".repeat(3000));

        Rules rules = Rules.read(root);

        assertThat(rules.redirects()).hasSize(2100);
        assertThat(rules.warnings())
                .containsExactly("_redirects has 3000 rules: those after the first 2100 are left out");
    }

    @ParameterizedTest
    @CsvSource({
        "/shop/7, 'text/html,application/xhtml+xml', 200",
        "/shop/7, */*, 200",
        "/shop/7, application/json, 404",
        "/missing.js, text/html, 404",
        "/v1.2, text/html, 404",
        "/.env, */*, 404"
    })
    void aSinglePageAppAnswersNavigationAlone(String path, String accept, int status) throws Exception {
        write("index.html", "the app");
        server = StaticServer.start(root, 0, true);

        HttpResponse<String> response = get(path, accept);

        assertThat(response.statusCode()).isEqualTo(status);
        if (status == 200) {
            assertThat(response.body()).isEqualTo("the app");
        }
    }

    @Test
    void aPageWithASlashTooManyIsRedirected() throws Exception {
        write("about.html", "about");
        server = StaticServer.start(root, 0, false);

        assertThat(get("/about/", "*/*").headers().firstValue("Location")).hasValue("/about");
        assertThat(get("/about", "*/*").body()).isEqualTo("about");
    }

    @Test
    void theNearestNotFoundPageIsShown() throws Exception {
        write("404.html", "none");
        write("en/404.html", "none in English");
        server = StaticServer.start(root, 0, false);

        assertThat(get("/en/a/b", "*/*").body()).isEqualTo("none in English");
        assertThat(get("/de/a", "*/*").body()).isEqualTo("none");
        assertThat(get("/de/a", "*/*").statusCode()).isEqualTo(404);
    }

    private void start(String redirects, String headers) throws IOException {
        write("_redirects", redirects);
        write("_headers", headers);
        server = StaticServer.start(root, 0, false);
    }

    private HttpResponse<String> get(String path, String accept) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + Objects.requireNonNull(server).port() + path))
                .header("Accept", accept)
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private void write(String name, String text) {
        try {
            Path file = root.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
