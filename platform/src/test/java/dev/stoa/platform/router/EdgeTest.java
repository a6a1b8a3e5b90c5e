package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.EdgeManifest;
import dev.stoa.api.ManifestFile;
import dev.stoa.platform.router.edge.BasicAuth;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the router does on its own, as clients and instances see it on the wire. */
class EdgeTest {
    private static final String LONG = "hello, world. ".repeat(200);

    private final TestRouter edge = new TestRouter();
    private final FakeInstance web = new FakeInstance("web.1", this::answer);
    private volatile String answer = ok("Content-Type: text/plain", LONG);

    @AfterEach
    void close() {
        edge.close();
        web.close();
    }

    private static String ok(String headers, String body) {
        return "HTTP/1.1 200 OK\r\n" + (headers.isEmpty() ? "" : headers + "\r\n") + "Content-Length: " + body.length()
                + "\r\n\r\n" + body;
    }

    private void answer(Conversation client) {
        for (String head = web.hear(client); !head.isEmpty(); head = web.hear(client)) {
            client.read(Integer.parseInt("0" + Conversation.header(head, "content-length")));
            client.write(head.startsWith("HEAD") ? answer.substring(0, answer.indexOf("\r\n\r\n") + 4) : answer);
        }
    }

    private EdgeTest policy(String toml) {
        return policy(toml, false, Map.of(), "v1");
    }

    private EdgeTest policy(String toml, FakeInstance instance) {
        return policy(toml, false, Map.of(), "v1", BalancePolicy.DEFAULT, instance);
    }

    private EdgeTest policy(String toml, BalancePolicy balance) {
        return policy(toml, false, Map.of(), "v1", balance, web);
    }

    private EdgeTest policy(String toml, boolean maintenance, Map<String, String> pages, String edition) {
        return policy(toml, maintenance, pages, edition, BalancePolicy.DEFAULT, web);
    }

    private EdgeTest policy(
            String toml,
            boolean maintenance,
            Map<String, String> pages,
            String edition,
            BalancePolicy balance,
            FakeInstance instance) {
        EdgeManifest manifest =
                ManifestFile.parse("[edge]\n" + toml, "stoa.toml").edge();
        EdgePolicy policy = new EdgePolicy(
                manifest,
                manifest.auth().map(auth -> BasicAuth.login(auth.user(), "secret")),
                maintenance,
                pages,
                edition);
        Route route = new Route("shop", List.of(instance.upstream()), "", policy, balance);
        Map<String, Route> routes = new HashMap<>(Map.of("shop.localhost", route));
        edge.router.update(new RouteTable(routes));
        return this;
    }

    private String send(String raw) {
        try (Conversation client = edge.connect()) {
            return client.write(raw).readMessage();
        }
    }

    private String get(String path, String... headers) {
        String lines = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
        return send("GET " + path + " HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n" + lines + "\r\n");
    }

    private static String body(String message) {
        return message.substring(message.indexOf("\r\n\r\n") + 4);
    }

    private static String unzipped(String message) throws IOException {
        String chunks = body(message).replaceFirst("\r\n$", "");
        byte[] bytes = chunks.getBytes(StandardCharsets.ISO_8859_1);
        return new String(new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void anAnswerIsCompressedForThoseWhoTakeIt() throws Exception {
        policy("compress = true");
        answer = ok("Content-Type: text/html\r\nETag: \"a\"\r\nAccept-Ranges: bytes", LONG);

        String zipped = get("/", "Accept-Encoding: gzip");

        assertThat(zipped)
                .containsIgnoringCase("content-encoding: gzip")
                .containsIgnoringCase("transfer-encoding: chunked")
                .containsIgnoringCase("vary: accept-encoding")
                .containsIgnoringCase("etag: W/\"a\"")
                .doesNotContainIgnoringCase("content-length")
                .doesNotContainIgnoringCase("accept-ranges");
        assertThat(unzipped(zipped)).isEqualTo(LONG);
        assertThat(get("/"))
                .endsWith(LONG)
                .containsIgnoringCase("vary: accept-encoding")
                .contains("ETag: \"a\"");
        assertThat(edge.nextFinished().bytesOut()).isLessThan(200);
        assertThat(edge.nextFinished().bytesOut()).isEqualTo(LONG.length());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Content-Type: image/png",
                "Content-Type: text/event-stream",
                "Content-Type: text/plain;Content-Encoding: br",
                "Content-Type: text/plain;Cache-Control: public, no-transform",
                "Content-Type: text/plain;Content-MD5: x",
                "X-None: x",
            })
    void whatGainsNothingOrMustNotChangeIsLeftAlone(String headers) {
        policy("compress = true");
        answer = ok(headers.replace(";", "\r\n"), LONG);
        assertThat(get("/", "Accept-Encoding: gzip")).endsWith("\r\n\r\n" + LONG);
    }

    @Test
    void shortAnswersAndPartsAndOldClientsGetThePlainBody() {
        policy("compress = true");
        assertThat(get("/", "Accept-Encoding: gzip", "Range: bytes=0-")).endsWith(LONG);
        assertThat(send("GET / HTTP/1.0\r\nHost: shop.localhost\r\nAccept-Encoding: gzip\r\n\r\n"))
                .endsWith(LONG);
        answer = ok("Content-Type: text/plain", "short");
        assertThat(get("/", "Accept-Encoding: gzip")).endsWith("short");
        answer = "HTTP/1.1 304 Not Modified\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n\r\n";
        assertThat(get("/", "Accept-Encoding: gzip")).contains("ETag: \"a\"").doesNotContain("gzip");
    }

    @Test
    void theHeadOfACompressedAnswerSaysWhatGetWouldSay() {
        policy("compress = true");
        try (Conversation client = edge.connect()) {
            String request = " / HTTP/1.1\r\nHost: shop.localhost\r\nAccept-Encoding: gzip\r\n\r\n";
            String head = client.write("HEAD" + request).readHead();
            assertThat(head)
                    .containsIgnoringCase("content-encoding: gzip")
                    .doesNotContainIgnoringCase("content-length");
            assertThat(client.write("GET" + request).readHead()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void whatIsStreamedGoesOutAsItComes() throws Exception {
        try (FakeInstance slow = new FakeInstance("web.1", client -> {
            client.readHead();
            client.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.write("5\r\ntick\n\r\n");
            // The next piece comes only when the client has the first.
            client.readLine();
            client.write("5\r\ntock\n\r\n0\r\n\r\n");
        })) {
            EdgeManifest manifest =
                    ManifestFile.parse("[edge]\ncompress = true", "stoa.toml").edge();
            EdgePolicy policy = new EdgePolicy(manifest, Optional.empty(), false, Map.of(), "");
            edge.router.update(new RouteTable(Map.of(
                    "shop.localhost", new Route("shop", List.of(slow.upstream()), "", policy, BalancePolicy.DEFAULT))));
            try (Conversation client = edge.connect()) {
                client.write("""
                        POST / HTTP/1.1\r
                        Host: shop.localhost\r
                        Accept-Encoding: gzip\r
                        Content-Length: 3\r
                        \r
                        """);
                assertThat(client.readHead()).containsIgnoringCase("content-encoding: gzip");
                byte[] first =
                        client.read(Integer.parseInt(client.readLine(), 16)).getBytes(StandardCharsets.ISO_8859_1);
                assertThat(new GZIPInputStream(new ByteArrayInputStream(first)).readNBytes(5))
                        .isEqualTo("tick\n".getBytes(StandardCharsets.US_ASCII));
                client.readLine();
                client.write("ab\n");
                assertThat(client.readLine()).isNotEqualTo("0");
            }
        }
    }

    @Test
    void whatIsKeptIsNotAskedForAgain() {
        policy("cache = true");
        answer = ok("Cache-Control: max-age=60\r\nX-A: b", LONG);

        assertThat(get("/a?b")).contains("stoa; fwd=uri-miss; stored");
        assertThat(get("/a?b")).contains("stoa; hit; ttl=60", "X-A: b").endsWith(LONG);
        assertThat(get("/a?b", "If-Modified-Since: x")).endsWith(LONG);
        assertThat(get("/a?c")).contains("fwd=uri-miss");
        assertThat(web.heads()).hasSize(2);

        policy("cache = true", false, Map.of(), "v2");
        assertThat(get("/a?b")).contains("fwd=uri-miss");
    }

    /** Where one client belongs is nothing for the others, and no reason to keep nothing. */
    @Test
    void theCookieOfAClientThatStaysWithItsInstanceIsNotKept() {
        policy("cache = true", new BalancePolicy(0, Duration.ZERO, true));
        answer = ok("Cache-Control: max-age=60\r\nETag: \"a\"", LONG);

        assertThat(get("/")).contains("stoa; fwd=uri-miss; stored").containsIgnoringCase("set-cookie: stoa_instance=");
        assertThat(get("/")).contains("stoa; hit").doesNotContain("stoa_instance");

        answer = ok("Cache-Control: no-cache\r\nETag: \"a\"", LONG);
        assertThat(get("/asked")).contains("stored");
        answer = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n";
        for (int i = 0; i < 2; i++) {
            // It had to be asked, so the client is told; what is kept goes on as it was.
            assertThat(get("/asked"))
                    .contains("fwd-status=304")
                    .containsOnlyOnce("stoa_instance=")
                    .endsWith(LONG);
        }
    }

    @Test
    void whatIsCompressedIsKeptForThoseWhoTakeIt() throws Exception {
        policy("cache = true\ncompress = true");
        answer = ok("Content-Type: text/plain\r\nCache-Control: max-age=60\r\nETag: \"a\"", LONG);

        assertThat(unzipped(get("/", "Accept-Encoding: gzip"))).isEqualTo(LONG);
        String hit = get("/", "Accept-Encoding: gzip, deflate");
        assertThat(hit).contains("stoa; hit").containsIgnoringCase("content-encoding: gzip");
        assertThat(unzipped(hit)).isEqualTo(LONG);
        assertThat(get("/")).contains("fwd=vary-miss").endsWith(LONG);
        assertThat(get("/")).contains("stoa; hit").endsWith(LONG);
        assertThat(get("/", "Accept-Encoding: gzip", "If-None-Match: W/\"a\"")).startsWith("HTTP/1.1 304");
        assertThat(web.heads()).hasSize(2);
    }

    @Test
    void whatIsStaleIsSentOnceTheAppSaysThatItHolds() {
        policy("cache = true");
        answer = ok("Cache-Control: no-cache\r\nETag: \"a\"", LONG);
        assertThat(get("/")).endsWith(LONG);
        answer = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n";
        try (Conversation client = edge.connect()) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.get("shop.localhost", "/").readMessage())
                        .startsWith("HTTP/1.1 200 OK")
                        .contains("fwd-status=304")
                        .endsWith(LONG);
            }
        }
        assertThat(get("/", "If-None-Match: \"a\"")).startsWith("HTTP/1.1 304");
        assertThat(web.heads().getLast()).containsIgnoringCase("if-none-match: \"a\"");
    }

    @Test
    void concurrentRequestsForTheSameAskTheAppOnce() throws Exception {
        CountDownLatch proceed = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        try (FakeInstance slow = new FakeInstance("web.1", client -> {
            for (String head = client.readHead(); !head.isEmpty(); head = client.readHead()) {
                asked.incrementAndGet();
                proceed.await();
                client.write(ok("Cache-Control: max-age=60", "once"));
            }
        })) {
            policy("cache = true", slow);
            List<Conversation> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(edge.connect().get("shop.localhost", "/same"));
            }
            await().until(() -> asked.get() == 1);
            proceed.countDown();
            for (Conversation client : clients) {
                assertThat(client.readMessage()).endsWith("once");
                client.close();
            }
            assertThat(asked).hasValue(1);
        }
    }

    @Test
    void whatIsStaleIsGivenWhileAFreshOneIsAskedForAndWhenTheAppFails() {
        policy("cache = true");
        answer = ok("Cache-Control: max-age=0, stale-while-revalidate=60, stale-if-error=60\r\nETag: \"1\"", "one");
        assertThat(get("/")).endsWith("one");
        answer = ok("Cache-Control: max-age=0, stale-if-error=60\r\nETag: \"2\"", "two");
        assertThat(get("/")).contains("stoa; hit; ttl=").endsWith("one");
        await().untilAsserted(() -> assertThat(get("/")).endsWith("two"));

        answer = "HTTP/1.1 503 Down\r\nContent-Length: 4\r\nX-Bad: 1\r\n\r\ndown";
        assertThat(get("/"))
                .startsWith("HTTP/1.1 200")
                .contains("fwd-status=503")
                .doesNotContainIgnoringCase("x-bad")
                .endsWith("two");
        web.stop();
        assertThat(get("/")).startsWith("HTTP/1.1 200").endsWith("two");
        assertThat(get("/other")).startsWith("HTTP/1.1 502");
    }

    @Test
    void anAnswerThatBreaksOffIsNotKept() {
        policy("cache = true");
        answer = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nX";
        try (Conversation client = edge.connect()) {
            assertThat(client.get("shop.localhost", "/").readAll()).contains("abc");
        }
        answer = ok("Cache-Control: max-age=60", "whole");
        assertThat(get("/")).contains("fwd=uri-miss").endsWith("whole");
    }

    @Test
    void aBodyThatIsTooLargeDoesNotReachTheApp() {
        policy("body = \"1kB\"");
        assertThat(send("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 1001\r\n\r\n"))
                .startsWith("HTTP/1.1 413")
                .contains("larger than 1000 bytes");
        assertThat(web.heads()).isEmpty();
        assertThat(send("POST / HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n"
                        + "x".repeat(2000) + "\r\n0\r\n\r\n"))
                .startsWith("HTTP/1.1 413");
        assertThat(send("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 4\r\n\r\nabcd"))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void aClientThatAsksTooOftenIsToldWhenToComeAgain() {
        policy("rate = { requests = 60, per = \"1h\", burst = 2, key = \"header:X-Key\" }");
        assertThat(get("/", "X-Key: a")).startsWith("HTTP/1.1 200").contains("RateLimit: \"default\";r=1;t=60");
        assertThat(get("/", "X-Key: a"))
                .startsWith("HTTP/1.1 200")
                .contains("RateLimit-Policy: \"default\";q=2;w=3600");
        String refused = get("/", "X-Key: a");
        assertThat(refused)
                .startsWith("HTTP/1.1 429")
                .containsIgnoringCase("stoa-error: rate_limited")
                .contains("more than 60 in 1 h");
        assertThat(Integer.parseInt(Conversation.header(refused, "retry-after")))
                .isBetween(50, 60);
        assertThat(get("/", "X-Key: b")).startsWith("HTTP/1.1 200");
        assertThat(get("/")).startsWith("HTTP/1.1 200");

        policy("rate = { requests = 60, per = \"1h\", burst = 2, key = \"header:X-Key\" }\nbody = \"1MB\"");
        assertThat(get("/", "X-Key: a")).startsWith("HTTP/1.1 429");
    }

    @Test
    void whoMayNotAskGets403() {
        policy("deny = [\"127.0.0.0/8\"]");
        assertThat(get("/")).startsWith("HTTP/1.1 403").contains("stoa-error: forbidden", "127.0.0.1");
        policy("allow = [\"10.0.0.0/8\"]");
        assertThat(get("/", "X-Forwarded-For: 10.0.0.1")).startsWith("HTTP/1.1 403");
        policy("allow = [\"127.0.0.1\"]");
        assertThat(get("/")).startsWith("HTTP/1.1 200");
    }

    @Test
    void theGateOpensWithItsPasswordAndKeepsIt() {
        policy("auth = { user = \"admin\", password_var = \"P\" }");
        String right = Base64.getEncoder().encodeToString("admin:secret".getBytes(StandardCharsets.US_ASCII));
        String wrong = Base64.getEncoder().encodeToString("admin:secre".getBytes(StandardCharsets.US_ASCII));

        assertThat(get("/")).startsWith("HTTP/1.1 401").contains("WWW-Authenticate: Basic realm=\"shop\"");
        assertThat(get("/", "Authorization: Basic " + wrong)).startsWith("HTTP/1.1 401");
        assertThat(get("/", "Authorization: Basic " + right, "Authorization: Bearer x"))
                .startsWith("HTTP/1.1 401");
        assertThat(web.heads()).isEmpty();
        assertThat(get("/", "Authorization: Basic " + right)).startsWith("HTTP/1.1 200");
        assertThat(web.heads().getFirst()).doesNotContainIgnoringCase("authorization");
    }

    @Test
    void aGateWithoutAPasswordLetsNobodyThrough() {
        EdgeManifest manifest = ManifestFile.parse(
                        "[edge]\nauth = { user = \"admin\", password_var = \"P\" }", "stoa.toml")
                .edge();
        edge.router.update(new RouteTable(Map.of(
                "shop.localhost",
                new Route(
                        "shop",
                        List.of(web.upstream()),
                        "",
                        new EdgePolicy(manifest, Optional.empty(), false, Map.of(), ""),
                        BalancePolicy.DEFAULT))));
        assertThat(get("/", "Authorization: Basic YWRtaW46")).startsWith("HTTP/1.1 401");
    }

    @Test
    void maintenanceKeepsTheWorldOutButForSome() {
        Map<String, String> pages = Map.of("maintenance", "<p>back soon ä</p>", "503", "<p>no</p>");
        policy("maintenance = { retry_after = \"10m\" }", true, pages, "v1");
        assertThat(get("/"))
                .startsWith("HTTP/1.1 503")
                .contains("Retry-After: 600", "stoa-error: maintenance")
                .containsIgnoringCase("content-type: text/html; charset=utf-8")
                .contains("<p>back soon ");
        assertThat(get("/", "Accept: application/json")).contains("\"code\":\"maintenance\"");
        policy("", true, Map.of(), "v1");
        assertThat(get("/")).startsWith("HTTP/1.1 503").contains("Retry-After: 300");
        policy("maintenance = { allow = [\"127.0.0.1\"] }", true, pages, "v1");
        assertThat(get("/")).startsWith("HTTP/1.1 200");
        policy("", false, Map.of(), "v1");
        assertThat(get("/")).startsWith("HTTP/1.1 200");
    }

    @Test
    void anErrorOfTheRoutersOwnHasThePageOfTheAppAndOneOfTheAppsItsOwn() {
        policy(
                "errors = { 502 = \"x\" }\nheaders = { X-Frame-Options = \"DENY\" }",
                false,
                Map.of("502", "<p>oh</p>"),
                "v1");
        answer = "HTTP/1.1 502 Bad Gateway\r\nX-Frame-Options: ALLOW\r\nContent-Length: 3\r\n\r\nown";
        assertThat(get("/")).endsWith("own").contains("X-Frame-Options: DENY").doesNotContain("ALLOW");
        web.stop();
        assertThat(get("/"))
                .startsWith("HTTP/1.1 502")
                .contains("stoa-error: upstream_", "X-Frame-Options: DENY")
                .endsWith("<p>oh</p>");
    }

    @Test
    void pathsLeadElsewhereOrAreKnownByAnotherName() {
        policy("""
                [[edge.redirects]]
                from = "/old/*"
                to = "/new/:splat"
                [[edge.redirects]]
                from = "/www/*"
                to = "http://shop.localhost/www/:splat"
                [[edge.rewrites]]
                from = "/u/:name"
                to = "/users?name=:name"
                """);
        assertThat(get("/old/a?b=c")).startsWith("HTTP/1.1 301").containsIgnoringCase("location: /new/a?b=c");
        assertThat(web.heads()).isEmpty();
        assertThat(get("/www/x")).startsWith("HTTP/1.1 200");
        assertThat(get("/u/bob?x=1")).startsWith("HTTP/1.1 200");
        assertThat(web.heads().getLast()).startsWith("GET /users?name=bob&x=1 HTTP/1.1");
    }

    @Test
    void everyRequestIsPartOfATrace() {
        String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        edge.route(web);
        get("/", "traceparent: " + parent, "tracestate: a=b");
        assertThat(web.heads().getLast()).contains("traceparent: " + parent, "tracestate: a=b");
        get("/", "traceparent: 00-x", "tracestate: a=b");
        assertThat(Conversation.header(web.heads().getLast(), "traceparent"))
                .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
        assertThat(web.heads().getLast()).doesNotContain("tracestate");

        policy("trace = false");
        get("/");
        assertThat(web.heads().getLast()).doesNotContain("traceparent");
    }

    @Test
    void whoeverIsToldOfARequestHearsWhetherTheAppWantsItLogged() throws Exception {
        policy("body = \"1MB\"");
        get("/x?secret");
        FinishedRequest finished = edge.nextFinished();
        assertThat(finished.logged()).isTrue();
        assertThat(finished.path()).isEqualTo("/x");
        assertThat(finished.connect()).isPositive();
        policy("access_log = false");
        get("/");
        assertThat(edge.nextFinished().logged()).isFalse();
    }
}
