package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What two servers could read in two ways never reaches an app. */
class StrictnessTest {
    private final TestRouter edge = new TestRouter(TestRouter.CONFIG.withBodyBytesMax(1000));
    private final FakeInstance web = new FakeInstance("web.1", client -> {
        throw new AssertionError("unreachable");
    });

    @AfterEach
    void close() {
        edge.close();
        web.close();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "no Host             | GET / HTTP/1.1~~",
                "two Hosts           | GET / HTTP/1.1~Host: shop.localhost~Host: shop.localhost~~",
                "a bad Host          | GET / HTTP/1.1~Host: shop.localhost/x~~",
                "a Host with a user  | GET / HTTP/1.1~Host: me@shop.localhost~~",
                "both lengths        | POST / HTTP/1.1~Host: shop.localhost~Content-Length: 5~Transfer-Encoding: chunked~~0~~",
                "both, turned round  | POST / HTTP/1.1~Host: shop.localhost~Transfer-Encoding: chunked~Content-Length: 5~~0~~",
                "differing lengths   | POST / HTTP/1.1~Host: shop.localhost~Content-Length: 5~Content-Length: 6~~hello",
                "a list of lengths   | POST / HTTP/1.1~Host: shop.localhost~Content-Length: 5, 6~~hello",
                "a signed length     | POST / HTTP/1.1~Host: shop.localhost~Content-Length: +5~~hello",
                "a negative length   | POST / HTTP/1.1~Host: shop.localhost~Content-Length: -5~~hello",
                "an odd encoding     | POST / HTTP/1.1~Host: shop.localhost~Transfer-Encoding: xchunked~~0~~",
                "chunked not last    | POST / HTTP/1.1~Host: shop.localhost~Transfer-Encoding: chunked, identity~~0~~",
                "chunked twice       | POST / HTTP/1.1~Host: shop.localhost~Transfer-Encoding: chunked~Transfer-Encoding: chunked~~0~~",
                "chunked in 1.0      | POST / HTTP/1.0~Host: shop.localhost~Transfer-Encoding: chunked~~0~~",
                "space before colon  | GET / HTTP/1.1~Host: shop.localhost~X-A : b~~",
                "a folded header     | GET / HTTP/1.1~Host: shop.localhost~X-A: b~ c~~",
                "a folded header tab | GET / HTTP/1.1~Host: shop.localhost~X-A: b~\tc~~",
                "folded after blanks | ~~GET / HTTP/1.1~Host: shop.localhost~X-A: b~ c~~",
                "a folded first line | GET / HTTP/1.1~ Host: shop.localhost~~",
                "a bare line feed    | GET / HTTP/1.1~Host: shop.localhost^X-A: b~~",
                "a bare return       | GET / HTTP/1.1~Host: shop.localhost!X-A: b~~",
                "a zero byte         | GET / HTTP/1.1~Host: shop.localhost~X-A: b$c~~",
                "no colon            | GET / HTTP/1.1~Host: shop.localhost~X-A~~",
                "HTTP/2, almost      | PRI * HTTP/2.0~~SN~~",
                "an unknown version  | GET / HTTP/1.9~Host: shop.localhost~~",
                "a tunnel            | CONNECT shop.localhost:80 HTTP/1.1~Host: shop.localhost:80~~",
                "no path             | GET shop.localhost HTTP/1.1~Host: shop.localhost~~",
                "another scheme      | GET ftp://shop.localhost/ HTTP/1.1~Host: shop.localhost~~",
            })
    void anAmbiguousRequestGets400(String name, String wire) throws InterruptedException {
        edge.route(web);
        // In the table, ~ is a line end, ^ a line feed alone, ! a return alone, and $ a zero byte.
        String raw =
                wire.replace("~", "\r\n").replace("^", "\n").replace("!", "\r").replace("$", "\0");
        try (Conversation client = edge.connect()) {
            assertThat(client.write(raw).readAll())
                    .startsWith("HTTP/1.1 400 ")
                    .containsIgnoringCase("stoa-error: bad_request")
                    .containsIgnoringCase("connection: close");
        }
        assertThat(edge.nextFinished().error()).isEqualTo("bad_request");
        assertThat(web.connections()).isZero();
    }

    @Test
    void aFoldedHeaderIsRefusedThoughItComesInPieces() {
        edge.route(web);
        try (Conversation client = edge.connect()) {
            for (char c : "GET / HTTP/1.1\r\nHost: shop.localhost\r\nX-A: b\r\n c\r\n\r\n".toCharArray()) {
                client.write(String.valueOf(c));
            }
            assertThat(client.readHead()).startsWith("HTTP/1.1 400 ");
        }
    }

    @Test
    void anEndlessAddressGets414() {
        assertThat(firstLine("GET /" + "a".repeat(9000) + " HTTP/1.1\r\nHost: shop.localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 414 ");
    }

    @Test
    void aHeaderThatIsTooLongGets431() {
        assertThat(firstLine("GET / HTTP/1.1\r\nHost: shop.localhost\r\nCookie: " + "a".repeat(8192) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ");
    }

    @Test
    void headersWithoutEndGet431WhileTheClientStillSends() {
        assertThat(firstLine("GET / HTTP/1.1\r\nHost: shop.localhost\r\n" + "X-A: bbbbbbbbbbbbbbbb\r\n".repeat(20_000)))
                .startsWith("HTTP/1.1 431 ");
    }

    @Test
    void moreThanAThousandHeadersGet431() {
        assertThat(firstLine("GET / HTTP/1.1\r\nHost: shop.localhost\r\n" + "A: b\r\n".repeat(1000) + "\r\n"))
                .startsWith("HTTP/1.1 431 ");
    }

    @Test
    void aBodyThatIsAnnouncedTooLargeGets413() {
        assertThat(firstLine("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 1001\r\n\r\n"))
                .startsWith("HTTP/1.1 413 ");
    }

    @Test
    void aBodyThatGrowsTooLargeGets413() {
        try (FakeInstance patient = new FakeInstance("web.1", Conversation::readAll)) {
            edge.route(patient);
            String chunk = "190\r\n" + "a".repeat(400) + "\r\n";
            assertThat(firstLine("POST / HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + chunk.repeat(3)))
                    .startsWith("HTTP/1.1 413 ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"miracles", "100-continue\r\nExpect: miracles"})
    void anotherExpectationThan100ContinueGets417(String expected) {
        assertThat(firstLine("POST / HTTP/1.1\r\nHost: shop.localhost\r\nExpect: " + expected
                        + "\r\nContent-Length: 1\r\n\r\na"))
                .startsWith("HTTP/1.1 417 ");
    }

    @Test
    void badChunksNeverLookLikeAWholeBody() throws InterruptedException {
        try (FakeInstance patient = new FakeInstance("web.1", Conversation::readAll)) {
            edge.route(patient);
            String head = "POST / HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
            assertThat(firstLine(head + "5\r\nhello\r\nzz\r\n")).startsWith("HTTP/1.1 400 ");
            assertThat(edge.nextFinished().error()).isEqualTo("bad_request");
        }
    }

    private String firstLine(String raw) {
        try (Conversation client = edge.connect()) {
            return client.write(raw).readLine();
        }
    }
}
