package dev.stoa.staticserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaticServerTest {
    private static final String LONG_TEXT = "Hello from Stoa. ".repeat(500);

    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    Path dir;

    private Path root;
    private StaticServer server;

    @BeforeEach
    void start() throws IOException {
        root = Files.createDirectory(dir.resolve("site"));
        write("index.html", "<h1>home</h1>");
        write("docs/index.html", "<h1>docs</h1>");
        write("about.html", "about");
        write("long.txt", LONG_TEXT);
        server = StaticServer.start(root, 0, false);
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void theRootIsItsIndexPage() throws Exception {
        HttpResponse<String> response = get("/");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("<h1>home</h1>");
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    }

    @ParameterizedTest
    @CsvSource({
        "style.css, text/css; charset=utf-8",
        "app.js, text/javascript; charset=utf-8",
        "PHOTO.JPG, image/jpeg",
        "data.json, application/json",
        "thing.unknown, application/octet-stream",
        "noextension, application/octet-stream"
    })
    void theContentTypeFollowsTheName(String name, String type) throws Exception {
        write(name, "x");

        assertThat(get("/" + name).headers().firstValue("Content-Type")).hasValue(type);
    }

    @Test
    void aFolderWithoutASlashRedirectsAndKeepsTheQuery() throws Exception {
        HttpResponse<String> response = get("/docs?a=1");

        assertThat(response.statusCode()).isEqualTo(301);
        assertThat(response.headers().firstValue("Location")).hasValue("/docs/?a=1");
        assertThat(get("/docs/").body()).isEqualTo("<h1>docs</h1>");
    }

    @Test
    void aRedirectNeverNamesAnotherHost() throws Exception {
        String answer = raw("GET //docs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        assertThat(answer).doesNotContain("Location: //");
    }

    @Test
    void aPageIsFoundWithoutItsExtension() throws Exception {
        assertThat(get("/about").body()).isEqualTo("about");
    }

    @Test
    void whatIsNotThereGetsTheSitesOwnPage() throws Exception {
        assertThat(get("/nope").body()).startsWith("404");
        write("404.html", "<h1>lost</h1>");

        HttpResponse<String> response = get("/nope");

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).isEqualTo("<h1>lost</h1>");
        assertThat(response.headers().firstValue("ETag")).isEmpty();
    }

    @Test
    void headHasTheHeadersOfGetAndNoBody() throws Exception {
        HttpResponse<String> response = client.send(request("/long.txt").HEAD().build(), BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValueAsLong("Content-Length")).hasValue(LONG_TEXT.length());
        assertThat(response.body()).isEmpty();
    }

    @Test
    void anotherMethodIsRefused() throws Exception {
        HttpResponse<String> response = client.send(
                request("/").POST(HttpRequest.BodyPublishers.ofString("x")).build(), BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).hasValue("GET, HEAD");
    }

    @Test
    void anUnchangedFileIsNotSentAgain() throws Exception {
        HttpResponse<String> first = get("/long.txt");
        String tag = first.headers().firstValue("ETag").orElseThrow();
        String modified = first.headers().firstValue("Last-Modified").orElseThrow();

        assertThat(get("/long.txt", "If-None-Match", tag).statusCode()).isEqualTo(304);
        assertThat(get("/long.txt", "If-None-Match", "W/" + tag + ", \"other\"").statusCode())
                .isEqualTo(304);
        assertThat(get("/long.txt", "If-Modified-Since", modified).statusCode()).isEqualTo(304);
        write("long.txt", "new and shorter");

        assertThat(get("/long.txt", "If-None-Match", tag).body()).isEqualTo("new and shorter");
        assertThat(get("/long.txt", "If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")
                        .statusCode())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-4, 206, Hello",
        "bytes=6-9, 206, from",
        "bytes=-5, 206, toa. ",
        "bytes=8495-, 206, toa. ",
        "bytes=8495-99999, 206, toa. "
    })
    void aRangeIsAPartOfTheFile(String range, int status, String body) throws Exception {
        HttpResponse<String> response = get("/long.txt", "Range", range);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body().strip()).isEqualTo(body.strip());
        assertThat(response.headers().firstValue("Content-Range").orElseThrow()).endsWith("/8500");
    }

    @Test
    void aRangeBeyondTheEndIsRefusedAndAMalformedOneIgnored() throws Exception {
        HttpResponse<String> beyond = get("/long.txt", "Range", "bytes=8500-");

        assertThat(beyond.statusCode()).isEqualTo(416);
        assertThat(beyond.headers().firstValue("Content-Range")).hasValue("bytes */8500");
        assertThat(get("/long.txt", "Range", "bytes=-0").statusCode()).isEqualTo(416);
        assertThat(get("/long.txt", "Range", "bytes=5-2").statusCode()).isEqualTo(200);
        assertThat(get("/long.txt", "Range", "lines=1-2").body()).isEqualTo(LONG_TEXT);
    }

    @Test
    void aRangeOfAnotherVersionGetsTheWholeFile() throws Exception {
        HttpResponse<String> response = client.send(
                request("/long.txt")
                        .header("Range", "bytes=0-4")
                        .header("If-Range", "\"old\"")
                        .build(),
                BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo(LONG_TEXT);
    }

    @Test
    void textIsCompressedForThoseWhoAskForIt() throws Exception {
        HttpResponse<byte[]> response = client.send(
                request("/long.txt").header("Accept-Encoding", "br, gzip").build(), BodyHandlers.ofByteArray());

        assertThat(response.headers().firstValue("Content-Encoding")).hasValue("gzip");
        assertThat(response.headers().firstValue("Vary")).hasValue("Accept-Encoding");
        assertThat(response.body().length).isLessThan(LONG_TEXT.length() / 10);
        assertThat(unzip(response.body())).isEqualTo(LONG_TEXT);
        assertThat(response.headers().firstValue("ETag").orElseThrow())
                .isNotEqualTo(get("/long.txt").headers().firstValue("ETag").orElseThrow());
        assertThat(get("/long.txt", "Accept-Encoding", "gzip;q=0").body()).isEqualTo(LONG_TEXT);
    }

    @Test
    void aLargeTextIsCompressedOnTheWay() throws Exception {
        String text = LONG_TEXT.repeat(300);
        assertThat(text.length()).isGreaterThan((int) GzipCache.FILE_BYTES_MAX);
        write("large.txt", text);

        HttpResponse<byte[]> response = client.send(
                request("/large.txt").header("Accept-Encoding", "gzip").build(), BodyHandlers.ofByteArray());

        assertThat(unzip(response.body())).isEqualTo(text);
    }

    @Test
    void anEmptyFileIsAnEmptyAnswer() throws Exception {
        write("empty.txt", "");

        assertThat(get("/empty.txt").statusCode()).isEqualTo(200);
        assertThat(get("/empty.txt").body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/.env", "/.git/config", "/docs/.secret", "/stoa.toml", "/Procfile", "/%2eenv"})
    void whatIsNotForVisitorsIsNotThere(String path) throws Exception {
        for (String name : new String[] {".env", ".git/config", "docs/.secret", "stoa.toml", "Procfile"}) {
            write(name, "secret");
        }
        write(".well-known/security.txt", "contact");

        assertThat(get(path).statusCode()).isEqualTo(404);
        assertThat(get("/.well-known/security.txt").body()).isEqualTo("contact");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../secret.txt",
                "/docs/../../secret.txt",
                "/%2e%2e/secret.txt",
                "/..%2fsecret.txt",
                "/docs/..%2f..%2fsecret.txt",
                "//secret.txt",
                "/link.txt",
                "/linked/secret.txt",
                "/%00",
                "/secret.txt%00.html"
            })
    void nothingOutsideTheFolderIsServed(String path) throws Exception {
        Files.writeString(dir.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(root.resolve("link.txt"), Path.of("../secret.txt"));
        Files.createSymbolicLink(root.resolve("linked"), Path.of(".."));

        String answer = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 4").doesNotContain("secret\n").doesNotEndWith("secret");
    }

    @Test
    void aLinkInsideTheFolderIsFollowed() throws Exception {
        Files.createSymbolicLink(root.resolve("latest.txt"), Path.of("long.txt"));

        assertThat(get("/latest.txt").body()).isEqualTo(LONG_TEXT);
    }

    @Test
    void namesWithSpacesAndAccentsAreFound() throws Exception {
        write("\u00fcber uns.html", "hallo");

        assertThat(get("/%C3%BCber%20uns.html").body()).isEqualTo("hallo");
    }

    private void write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static String unzip(byte[] bytes) throws IOException {
        return new String(new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes(), StandardCharsets.UTF_8);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path, String header, String value) throws Exception {
        return client.send(request(path).header(header, value).build(), BodyHandlers.ofString());
    }

    /** A client that sends the path as it stands. */
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
