package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the router does on its own, by {@code [edge]} of stoa.toml and by {@code stoa maintenance}. */
class EdgeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String HEADERS = "'\\n'.join(k + ': ' + v for k, v in self.headers.items()) + self.path";

    private static Stoa stoa;

    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    private HttpResponse<String> get(String app, String path, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + stoa.httpPort() + path))
                .header("Host", app + ".localhost");
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    @Test
    void aReleaseBringsItsRulesAndTheNextOneTakesThemAway() throws Exception {
        Folder folder = Folder.empty()
                .with("Procfile", "web: python3 server.py\n")
                .with("server.py", Folder.serverOf("((" + HEADERS + ") * 40)"))
                .with("stoa.toml", """
                        [edge]
                        compress = ["gzip"]
                        cache = true
                        rate = { requests = 100, per = "1m", key = "header:X-Key", burst = 3 }
                        headers = { X-Frame-Options = "DENY" }
                        [[edge.redirects]]
                        from = "/old/*"
                        to = "/new/:splat"
                        status = 308
                        [[edge.rewrites]]
                        from = "/u/:name"
                        to = "/users?name=:name"
                        """);
        stoa.ok("deploy", folder.toString(), "-a", "ruled");

        HttpResponse<String> moved = get("ruled", "/old/a?b=c");
        assertThat(moved.statusCode()).isEqualTo(308);
        assertThat(moved.headers().firstValue("location")).contains("/new/a?b=c");
        HttpResponse<String> plain = get("ruled", "/u/bob");
        assertThat(plain.body()).contains("/users?name=bob", "traceparent: 00-", "x-request-start: ");
        assertThat(plain.headers().firstValue("X-Frame-Options")).contains("DENY");
        assertThat(plain.headers().firstValue("Cache-Status")).contains("stoa; fwd=uri-miss");
        for (int i = 0; i < 3; i++) {
            assertThat(get("ruled", "/", "X-Key", "k").statusCode()).isEqualTo(200);
        }
        HttpResponse<String> refused = get("ruled", "/", "X-Key", "k");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                stoa.ok("logs", "source:router", "-a", "ruled").out())
                        .contains(
                                "at=info method=GET path=\"/u/bob\" host=ruled.localhost",
                                "instance=web.1",
                                "status=308")
                        .contains("at=warn code=rate_limited")
                        .doesNotContain("b=c"));

        stoa.ok(
                "deploy",
                folder.with("stoa.toml", "[edge]\naccess_log = false\n").toString(),
                "-a",
                "ruled");
        HttpResponse<String> free = get("ruled", "/old/a");
        assertThat(free.statusCode()).isEqualTo(200);
        assertThat(get("ruled", "/free").statusCode()).isEqualTo(200);
        assertThat(free.headers().firstValue("X-Frame-Options")).isEmpty();

        assertThat(stoa.ok("logs", "source:router", "-a", "ruled").out()).doesNotContain("path=\"/free\"");

        stoa.ok("rollback", "-a", "ruled");
        assertThat(get("ruled", "/old/a").statusCode()).isEqualTo(308);
    }

    @Test
    void maintenanceOutlastsDeploysAndThePlatform() throws Exception {
        Folder folder = Folder.web("open")
                .with("pages/back.html", "<h1>back soon</h1>")
                .with("stoa.toml", "[edge]\nmaintenance = { page = \"pages/back.html\", retry_after = \"2m\" }\n");
        stoa.ok("deploy", folder.toString(), "-a", "closed");
        assertThat(stoa.json("maintenance", "-a", "closed").get("on").asBoolean())
                .isFalse();
        assertThat(get("closed", "/").body()).isEqualTo("open");

        assertThat(stoa.ok("maintenance", "on", "-a", "closed").out()).contains("maintenance is on");
        assertThat(stoa.ok("apps").out()).contains("up, maintenance");
        stoa.ok("deploy", folder.toString(), "-a", "closed");
        stoa.kill();
        stoa.start();

        HttpResponse<String> kept = get("closed", "/");
        assertThat(kept.statusCode()).isEqualTo(503);
        assertThat(kept.body()).isEqualTo("<h1>back soon</h1>");
        assertThat(kept.headers().firstValue("Retry-After")).contains("120");
        assertThat(stoa.instances("closed")).hasSize(1);

        stoa.ok("maintenance", "off", "-a", "closed");
        assertThat(stoa.ok("apps").out()).doesNotContain("maintenance");
        assertThat(get("closed", "/").body()).isEqualTo("open");
        assertThat(stoa.fails("maintenance", "on", "-a", "nobody").err()).contains("there is no app \"nobody\"");
    }

    @Test
    void aGateTakesItsPasswordFromTheConfigAndAPageMustBeThere() throws Exception {
        Folder folder = Folder.web("inside").with("stoa.toml", """
                        [edge]
                        auth = { user = "admin", password_var = "GATE_PASSWORD" }
                        errors = { 401 = "errors/401.html" }
                        """);
        Stoa.Result none = stoa.fails("deploy", folder.toString(), "-a", "gated");
        assertThat(none.err())
                .contains("takes its password from the config var GATE_PASSWORD", "stoa config set GATE_PASSWORD=");
        stoa.ok("config", "set", "GATE_PASSWORD=s3cret", "-a", "gated");
        Stoa.Result page = stoa.fails("deploy", folder.toString(), "-a", "gated");
        assertThat(page.err()).contains("[edge] names the page errors/401.html, and there is no such file");

        stoa.ok("deploy", folder.with("errors/401.html", "who are you?").toString(), "-a", "gated");
        HttpResponse<String> refused = get("gated", "/");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body()).isEqualTo("who are you?");
        String right = "Basic " + Base64.getEncoder().encodeToString("admin:s3cret".getBytes(StandardCharsets.UTF_8));
        assertThat(get("gated", "/", "Authorization", right).body()).isEqualTo("inside");

        stoa.ok("config", "set", "GATE_PASSWORD=another", "-a", "gated");
        assertThat(get("gated", "/", "Authorization", right).statusCode()).isEqualTo(401);
        assertThat(stoa.fails("config", "unset", "GATE_PASSWORD", "-a", "gated").err())
                .contains("GATE_PASSWORD");
        assertThat(get("gated", "/").statusCode()).isEqualTo(401);
        assertThat(List.of(stoa.ok("manifest", "-a", "gated").out()))
                .allMatch(toml -> toml.contains("password_var = \"GATE_PASSWORD\"") && !toml.contains("another"));
    }

    @Test
    void anAppThatSpeaksHttp2IsServedToOldAndNewClients() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "needs curl: apt-get install curl");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/node")), "needs Node.js: apt-get install nodejs");
        Folder folder = Folder.empty()
                .with("package.json", "{\"name\": \"modern\", \"scripts\": {\"start\": \"node server.js\"}}")
                .with("server.js", """
                        require('http2').createServer().on('stream', (stream, headers) => {
                          stream.respond({':status': 200}, {waitForTrailers: true});
                          stream.on('wantTrailers', () => stream.sendTrailers({'grpc-status': '0'}));
                          let bytes = 0;
                          stream.on('data', data => bytes += data.length);
                          stream.on('end', () => stream.end(headers[':path'] + ' ' + bytes));
                        }).listen(process.env.PORT);
                        """)
                .with("stoa.toml", "[routing]\nprotocol = \"h2c\"\n");
        stoa.ok("deploy", folder.toString(), "-a", "modern");
        assertThat(get("modern", "/old").body()).isEqualTo("/old 0");
        Process curl = new ProcessBuilder(
                        "curl",
                        "-sS",
                        "-D-",
                        "--max-time",
                        "20",
                        "--http2-prior-knowledge",
                        "-H",
                        "Host: modern.localhost",
                        "--data",
                        "x".repeat(100_000),
                        "http://127.0.0.1:%d/new".formatted(stoa.httpPort()))
                .redirectErrorStream(true)
                .start();
        assertThat(new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .startsWith("HTTP/2 200")
                .contains("/new 100000", "grpc-status: 0");

        stoa.ok("deploy", folder.with("stoa.toml", "").toString(), "-a", "modern");
        assertThat(get("modern", "/").statusCode()).isEqualTo(502);
        assertThat(stoa.fails(
                                "deploy",
                                folder.with("stoa.toml", "[routing]\nprotocol = \"h3\"\n")
                                        .toString(),
                                "-a",
                                "modern")
                        .err())
                .contains("\"protocol\" of [routing] is \"http/1.1\" or \"h2c\" in stoa.toml, line 2");
    }
}
