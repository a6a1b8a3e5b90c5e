package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutingTest {
    private final TestRouter edge = new TestRouter();
    private final FakeInstance web = new FakeInstance("web.1", RoutingTest::echoHead);

    @AfterEach
    void close() {
        edge.close();
        web.close();
    }

    private static void echoHead(Conversation client) {
        for (String head = client.readHead(); !head.isEmpty(); head = client.readHead()) {
            client.write("HTTP/1.1 200 OK\r\nContent-Length: " + head.length() + "\r\n\r\n" + head);
        }
    }

    private static String body(String message) {
        return message.substring(message.indexOf("\r\n\r\n") + 4);
    }

    private static String lines(String... lines) {
        return String.join("\r\n", lines) + "\r\n\r\n";
    }

    private String send(String raw) {
        try (Conversation client = edge.connect()) {
            return client.write(raw).readMessage();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "shop.localhost",
                "SHOP.localhost",
                "shop.localhost.",
                "shop.localhost:8080",
                "Shop.Localhost.:80"
            })
    void aHostIsFoundHoweverItIsWritten(String host) {
        edge.route(web);
        try (Conversation client = edge.connect()) {
            assertThat(client.get(host, "/a?b=c").readMessage()).contains("200 OK", "GET /a?b=c HTTP/1.1");
        }
    }

    @Test
    void anUnknownHostGets404AndSaysWhatToDo() {
        String answer = send("GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n");

        assertThat(answer)
                .startsWith("HTTP/1.1 404 ")
                .containsIgnoringCase("stoa-error: no_app")
                .contains("no app answers for nobody.localhost", "stoa domains add nobody.localhost");
    }

    @Test
    void anAppWithoutAnInstanceGets503WithTheReason() {
        edge.router.update(
                new RouteTable(Map.of("shop.localhost", new Route("shop", List.of(), "web.1 exited with status 1"))));

        assertThat(edge.get("/"))
                .startsWith("HTTP/1.1 503 ")
                .containsIgnoringCase("stoa-error: no_instance")
                .contains("web.1 exited with status 1", "stoa logs -a shop");
    }

    @Test
    void aTargetInAbsoluteFormDecidesTheHost() {
        edge.route(web);

        assertThat(send("GET http://shop.localhost/x?y HTTP/1.1\r\nHost: other.localhost\r\n\r\n"))
                .contains("200 OK", "GET /x?y HTTP/1.1")
                .containsIgnoringCase("host: shop.localhost\r\n")
                .doesNotContain("other.localhost");
    }

    @ParameterizedTest
    @CsvSource({
        "OPTIONS http://shop.localhost, OPTIONS *",
        "OPTIONS http://shop.localhost/, OPTIONS /",
        "OPTIONS http://shop.localhost?a, OPTIONS /?a",
        "GET http://shop.localhost, GET /",
    })
    void anAddressWithoutAPathIsTheAppAsAWholeForOptions(String asked, String heard) {
        edge.route(web);
        assertThat(send(asked + " HTTP/1.1\r\nHost: other.localhost\r\n\r\n"))
                .contains("\r\n\r\n" + heard + " HTTP/1.1\r\n");
    }

    @Test
    void anAnswerSaysWhenItWasMade() {
        String before = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
        String date = "Sun, 06 Nov 1994 08:49:37 GMT";
        try (FakeInstance silent = FakeInstance.saying("app", before + "\r\n");
                FakeInstance old = FakeInstance.saying("app", before + "Date: " + date + "\r\n\r\n")) {
            assertThat(told(edge.route(silent).get("/")))
                    .isBetween(Instant.now().minusSeconds(60), Instant.now());
            assertThat(told(edge.route(old).get("/"))).isEqualTo(Instant.parse("1994-11-06T08:49:37Z"));
            assertThat(told(edge.route().get("/"))).isAfter(Instant.now().minusSeconds(60));
        }
    }

    private static Instant told(String answer) {
        return DateTimeFormatter.RFC_1123_DATE_TIME.parse(Conversation.header(answer, "Date"), Instant::from);
    }

    @Test
    void theAppLearnsWhereTheRequestCameFrom() {
        edge.route(web);

        String head = body(send(lines(
                "GET / HTTP/1.1",
                "Host: shop.localhost:99",
                "X-Forwarded-For: 9.9.9.9",
                "X-Forwarded-Proto: gopher",
                "X-Request-Id: my-own-id-1",
                "Via: 1.0 front")));

        assertThat(Conversation.header(head, "X-Forwarded-For")).isEqualTo("9.9.9.9, 127.0.0.1");
        assertThat(Conversation.header(head, "X-Forwarded-Proto")).isEqualTo("http");
        assertThat(Conversation.header(head, "X-Forwarded-Host")).isEqualTo("shop.localhost:99");
        assertThat(Conversation.header(head, "X-Forwarded-Port")).isEqualTo("" + edge.router.port());
        assertThat(Conversation.header(head, "X-Request-Id")).isEqualTo("my-own-id-1");
        assertThat(Conversation.header(head, "X-Request-Start")).matches("\\d{13}");
        assertThat(head).containsIgnoringCase("via: 1.0 front").containsIgnoringCase("via: 1.1 stoa");
    }

    @Test
    void aRequestIdThatIsNotSaneIsReplacedAndToldToTheClient() {
        edge.route(web);

        String answer = send("GET / HTTP/1.1\r\nHost: shop.localhost\r\nX-Request-Id: <script>alert(1)\r\n\r\n");

        String id = Conversation.header(answer, "X-Request-Id");
        assertThat(id).matches("[a-z0-9]{20}");
        assertThat(Conversation.header(body(answer), "X-Request-Id")).isEqualTo(id);
    }

    @Test
    void hopByHopHeadersEndAtTheRouter() {
        edge.route(web);

        String head = body(send(lines(
                "GET / HTTP/1.1",
                "Host: shop.localhost",
                "Connection: keep-alive, X-Secret, Host",
                "X-Secret: s",
                "Keep-Alive: timeout=5",
                "Proxy-Authorization: p",
                "Proxy: http://evil",
                "TE: trailers",
                "Upgrade: h2c",
                "X-Kept: k")));

        assertThat(head.toLowerCase(java.util.Locale.ROOT))
                .contains("x-kept: k", "host: shop.localhost")
                .doesNotContain("x-secret", "keep-alive", "proxy", "te: ", "upgrade", "connection:");
    }

    @Test
    void aPathInRawUtf8ArrivesAsItWasSent() {
        edge.route(web);

        // The bytes of "/café" in UTF-8, as curl sends them.
        assertThat(send("GET /caf\u00c3\u00a9 HTTP/1.1\r\nHost: shop.localhost\r\nX-Name: \u00c3\u00a9\r\n\r\n"))
                .contains("GET /caf\u00c3\u00a9 HTTP/1.1", ": \u00c3\u00a9\r\n");
    }

    @Test
    void aBrowserGetsAPageInWhichNothingOfTheRequestIsMarkup() {
        edge.router.update(
                new RouteTable(Map.of("shop.localhost", new Route("shop", List.of(), "<script>alert('x')</script>"))));

        assertThat(send("GET / HTTP/1.1\r\nHost: shop.localhost\r\nAccept: text/html,*/*;q=0.8\r\n\r\n"))
                .containsIgnoringCase("content-type: text/html")
                .contains("<!doctype html>", "&lt;script&gt;alert(&#39;x&#39;)")
                .doesNotContain("<script>");
    }

    @Test
    void aProgramThatPrefersJsonGetsProblemDetails() {
        String answer =
                send("GET / HTTP/1.1\r\nHost: nobody.localhost\r\nAccept: text/html;q=0.5, application/json\r\n\r\n");

        assertThat(answer).containsIgnoringCase("content-type: application/problem+json");
        Problem problem = Json.read(body(answer), Problem.class);
        assertThat(problem.code()).isEqualTo("no_app");
        assertThat(problem.status()).isEqualTo(404);
        assertThat(problem.hint()).contains("stoa domains add");
    }

    @Test
    void theListenerIsToldOnceOfEachRequest() throws InterruptedException {
        edge.route(web);

        String answer = edge.get("/cart?card=4111");

        FinishedRequest told = edge.nextFinished();
        assertThat(told.app()).isEqualTo("shop");
        assertThat(told.host()).isEqualTo("shop.localhost");
        assertThat(told.method()).isEqualTo("GET");
        assertThat(told.path()).isEqualTo("/cart");
        assertThat(told.status()).isEqualTo(200);
        assertThat(told.bytesOut()).isEqualTo(body(answer).length());
        assertThat(told.instance()).isEqualTo("web.1");
        assertThat(told.client().isLoopbackAddress()).isTrue();
        assertThat(told.requestId()).isEqualTo(Conversation.header(answer, "X-Request-Id"));
        assertThat(told.error()).isEmpty();
        assertThat(edge.finished).isEmpty();
    }

    @Test
    void aPortThatIsTakenIsNamedWithTheWayOut() {
        RouterConfig taken = RouterConfig.onPort(edge.router.port()).withHost("127.0.0.1");
        try (Router second = new Router(taken, request -> {})) {
            assertThatThrownBy(second::start)
                    .isInstanceOfSatisfying(
                            StoaException.class,
                            e -> assertThat(e.hint().orElse("")).contains("--http-port"))
                    .hasMessageContaining("port " + edge.router.port());
        }
    }
}
