package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What an app can say wrongly. What counts is what the next client gets: connections to apps are shared, and what is left over on one
 * would be the answer to somebody else.
 */
class AnswerTest {
    private static final String EVIL = "HTTP/1.1 200 OK~Content-Length: 4~~evil";

    private final TestRouter edge = new TestRouter(TestRouter.oneLoop());

    @AfterEach
    void close() {
        edge.close();
    }

    /** In the tables, ~ is a line end, ^ a line feed, ! a return, $ a zero byte, and EVIL an answer. */
    private static String wire(String table) {
        return table.replace("EVIL", EVIL)
                .replace("~", "\r\n")
                .replace("^", "\n")
                .replace("!", "\r")
                .replace("$", "\0");
    }

    /** Says the one thing to the first request and the other to all that come later, over whichever connection. */
    private static FakeInstance sayingFirst(String first, String later) {
        AtomicInteger requests = new AtomicInteger();
        return new FakeInstance("web.1", peer -> {
            while (!peer.readMessage().isEmpty()) {
                peer.write(requests.getAndIncrement() == 0 ? first : later);
            }
        });
    }

    private static final String GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

    private void theNextAnswerIsGood() {
        assertThat(edge.get("/next")).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\ngood");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "a 304 with a body           | GET  | HTTP/1.1 304 Not Modified~Content-Length: 4~~evil | 304",
                "a 304 with an answer        | GET  | HTTP/1.1 304 Not Modified~~EVIL                   | 304",
                "a 304 with half an answer   | GET  | HTTP/1.1 304 Not Modified~~HTTP/1.1 200 OK~X-Evil: | 304",
                "a 304 in chunks             | GET  | HTTP/1.1 304 Not Modified~Transfer-Encoding: chunked~~4~evil~0~~ | 304",
                "a 204 with a body           | GET  | HTTP/1.1 204 No Content~Content-Length: 4~~evil   | 204",
                "a 204 in chunks             | GET  | HTTP/1.1 204 No Content~Transfer-Encoding: chunked~~4~evil~0~~ | 204",
                "a 204 with an answer        | GET  | HTTP/1.1 204 No Content~~EVIL                     | 204",
                "a body for HEAD             | HEAD | HTTP/1.1 200 OK~Content-Length: 4~~evil           | 200",
                "chunks for HEAD             | HEAD | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~4~evil~0~~ | 200",
                "an answer behind one        | GET  | HTTP/1.1 200 OK~Content-Length: 2~~okEVIL         | 200",
                "a byte behind one           | GET  | HTTP/1.1 200 OK~Content-Length: 2~~okH            | 200",
                "a line end behind one       | GET  | HTTP/1.1 200 OK~Content-Length: 2~~ok~            | 200",
                "an answer behind nothing    | GET  | HTTP/1.1 200 OK~Content-Length: 0~~EVIL           | 200",
                "an answer behind chunks     | GET  | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~2~ok~0~~EVIL | 200",
                "half of one behind chunks   | GET  | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~2~ok~0~~HTTP/1.1 2 | 200",
                "an interim one behind one   | GET  | HTTP/1.1 200 OK~Content-Length: 2~~okHTTP/1.1 103 Early Hints~~ | 200",
                "a 205 with a body           | GET  | HTTP/1.1 205 Reset Content~Content-Length: 4~~evilEVIL | 205",
            })
    void whatIsLeftOverIsNobodysAnswer(String name, String method, String answer, String status) {
        try (FakeInstance web = sayingFirst(wire(answer), GOOD);
                Conversation client = edge.route(web).connect()) {
            client.write(method + " /first HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
            String head = client.readHead();
            assertThat(head).startsWith("HTTP/1.1 " + status + " ");
            if (!method.equals("HEAD") && status.equals("200")) {
                boolean chunked = head.toLowerCase(java.util.Locale.ROOT).contains("chunked");
                assertThat(client.read(chunked ? 12 : Integer.parseInt(Conversation.header(head, "content-length"))))
                        .isIn("2\r\nok\r\n0\r\n\r\n", "ok", "");
            }
            // For the client the connection is as good as any, unless it was told otherwise.
            if (!Conversation.header(head, "connection").equals("close")) {
                assertThat(client.get("shop.localhost", "/next").readMessage()).endsWith("\r\n\r\ngood");
            }
            theNextAnswerIsGood();
            assertThat(web.connections()).isGreaterThan(1);
        }
    }

    @Test
    void whatComesWhileNobodyAsksIsNobodysAnswer() throws InterruptedException {
        AtomicInteger connections = new AtomicInteger();
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
            boolean first = connections.getAndIncrement() == 0;
            while (!peer.readMessage().isEmpty()) {
                peer.write(GOOD);
                if (first) {
                    // Not before the connection is at rest.
                    edge.nextFinished();
                    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nev");
                    assertThat(peer.readByte()).isEqualTo(-1);
                    connections.getAndIncrement();
                }
            }
        })) {
            edge.route(web);
            theNextAnswerIsGood();
            Awaitility.await().until(() -> connections.get() == 2);
            theNextAnswerIsGood();
            assertThat(web.connections()).isEqualTo(2);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "no status line              | evil",
                "a line that is none         | evil~~",
                "another protocol            | ICY 200 OK~~",
                "a status that is a word     | HTTP/1.1 OK~~",
                "a status of two digits      | HTTP/1.1 20 OK~Content-Length: 0~~",
                "a status of four digits     | HTTP/1.1 2000 OK~Content-Length: 0~~",
                "a status below 100          | HTTP/1.1 099 OK~Content-Length: 0~~",
                "a negative status           | HTTP/1.1 -200 OK~Content-Length: 0~~",
                "a status of HTTP/2          | HTTP/2 200 OK~Content-Length: 0~~",
                "no status                   | HTTP/1.1~~",
                "two lengths                 | HTTP/1.1 200 OK~Content-Length: 2~Content-Length: 40~~okEVIL",
                "two lengths, HTTP/1.0       | HTTP/1.0 200 OK~Content-Length: 2~Content-Length: 40~~okEVIL",
                "lengths in a list           | HTTP/1.1 200 OK~Content-Length: 2, 40~~okEVIL",
                "a signed length             | HTTP/1.1 200 OK~Content-Length: +2~~okEVIL",
                "a negative length           | HTTP/1.1 200 OK~Content-Length: -2~~okEVIL",
                "a length that is a word     | HTTP/1.1 200 OK~Content-Length: two~~okEVIL",
                "an unknown encoding         | HTTP/1.1 200 OK~Transfer-Encoding: x~Content-Length: 2~~okEVIL",
                "chunks and a length         | HTTP/1.1 200 OK~Content-Length: 2~Transfer-Encoding: chunked~~2~ok~0~~EVIL",
                "chunks in HTTP/1.0          | HTTP/1.0 200 OK~Transfer-Encoding: chunked~~2~ok~0~~EVIL",
                "identity                    | HTTP/1.1 200 OK~Transfer-Encoding: identity~Content-Length: 2~~ok",
                "chunked before another      | HTTP/1.1 200 OK~Transfer-Encoding: chunked, gzip~~2~ok~0~~EVIL",
                "chunked twice               | HTTP/1.1 200 OK~Transfer-Encoding: chunked~Transfer-Encoding: chunked~~2~ok~0~~",
                "an unknown encoding of none | HTTP/1.1 304 Not Modified~Transfer-Encoding: x~~",
                "no colon                    | HTTP/1.1 200 OK~evil~Content-Length: 0~~",
                "no name                     | HTTP/1.1 200 OK~: evil~Content-Length: 0~~",
                "a return in a value         | HTTP/1.1 200 OK~X-A: b!X-Evil: c~Content-Length: 0~~",
                "a zero in a value           | HTTP/1.1 200 OK~X-A: b$c~Content-Length: 0~~",
                "a 101 that nobody asked for | HTTP/1.1 101 Switching Protocols~Upgrade: websocket~Connection: Upgrade~~EVIL",
                "a 101 to HTTP/1.1           | HTTP/1.1 101 Switching Protocols~Upgrade: HTTP/1.1~Connection: Upgrade~~EVIL",
            })
    void anAnswerThatIsNoneIsA502AndNothingElse(String name, String answer) throws InterruptedException {
        try (FakeInstance web = sayingAndLeaving(wire(answer));
                Conversation client = edge.route(web).connect()) {
            String told = client.get("shop.localhost", "/first").readMessage();
            assertThat(told).startsWith("HTTP/1.1 502 ").doesNotContain("evil");
            assertThat(edge.nextFinished().error()).isIn("bad_response", "upstream_closed");
            assertThat(client.get("shop.localhost", "/next").readMessage()).endsWith("\r\n\r\ngood");
            theNextAnswerIsGood();
        }
    }

    /** Where the first answer has no end of its own, its connection has. */
    private static FakeInstance sayingAndLeaving(String first) {
        AtomicInteger requests = new AtomicInteger();
        return new FakeInstance("web.1", peer -> {
            while (!peer.readMessage().isEmpty()) {
                if (requests.getAndIncrement() == 0) {
                    peer.write(first);
                    return;
                }
                peer.write(GOOD);
            }
        });
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "a size that is a word       | zz~evil~0~~",
                "an empty size               | ~evil~0~~",
                "a signed size               | +2~ok~0~~",
                "a size that overflows       | 100000000~ok~0~~",
                "a size and 0x               | 0x2~ok~0~~",
                "more than the size          | 2~ok evil~0~~",
                "the end of the connection   | 2~ok",
                "an end without its line     | 2~ok~0~",
                "no colon in a trailer       | 2~ok~0~evil~~",
            })
    void anAnswerThatGoesWrongLaterIsCutOff(String name, String body) throws InterruptedException {
        String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n";
        try (FakeInstance web = sayingAndLeaving(answer + wire(body));
                Conversation client = edge.route(web).connect()) {
            String all = client.get("shop.localhost", "/first").readAll();
            assertThat(all)
                    .startsWith("HTTP/1.1 200 OK")
                    .doesNotEndWith("0\r\n\r\n")
                    .doesNotContain("evil");
            assertThat(edge.nextFinished().error()).isNotEmpty();
            theNextAnswerIsGood();
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "a folded header             | HTTP/1.1 200 OK~X-A: b~ c~Content-Length: 2~~ok | x-a: b c",
                "a blank before the colon    | HTTP/1.1 200 OK~X-A : b~Content-Length : 2~~ok  | x-a: b",
                "line feeds alone            | HTTP/1.1 200 OK^X-A: b^Content-Length: 2^^ok    | x-a: b",
                "no reason                   | HTTP/1.1 200 ~X-A: b~Content-Length: 2~~ok      | x-a: b",
                "neither reason nor blank    | HTTP/1.1 200~X-A: b~Content-Length: 2~~ok       | x-a: b",
                "a status of its own         | HTTP/1.1 299 Mine~X-A: b~Content-Length: 2~~ok  | x-a: b",
                "HTTP/1.0                    | HTTP/1.0 200 OK~X-A: b~Content-Length: 2~~ok    | x-a: b",
                "a 100 that nobody asked for | HTTP/1.1 100 Continue~~HTTP/1.1 200 OK~X-A: b~Content-Length: 2~~ok | x-a: b",
                "a 199                       | HTTP/1.1 199 Odd~X-B: c~~HTTP/1.1 200 OK~X-A: b~Content-Length: 2~~ok | x-a: b",
            })
    void whatIsOddButPlainIsPassedOnInOneForm(String name, String answer, String header) {
        try (FakeInstance web = FakeInstance.saying("web.1", wire(answer));
                Conversation client = edge.route(web).connect()) {
            for (int i = 0; i < 2; i++) {
                String head = client.get("shop.localhost", "/").readHead();
                head = head.startsWith("HTTP/1.1 1") ? client.readHead() : head;
                assertThat(head).startsWith("HTTP/1.1 2").containsIgnoringCase("\r\n" + header + "\r\n");
                assertThat(client.read(2)).isEqualTo("ok");
            }
        }
    }

    @Test
    void headersWithoutEndAreA502() {
        String bomb = "HTTP/1.1 200 OK\r\n" + "X-A: bbbbbbbbbbbbbbbb\r\n".repeat(10_000);
        try (FakeInstance web = sayingFirst(bomb, GOOD)) {
            edge.route(web);
            assertThat(edge.get("/first")).startsWith("HTTP/1.1 502 ");
            theNextAnswerIsGood();
        }
    }

    @Test
    void anAnswerBeforeTheEndOfTheRequestIsTheAnswer() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    while (!peer.readHead().isEmpty()) {
                        peer.write(GOOD);
                    }
                });
                Conversation client = edge.route(web).connect()) {
            client.write("POST /first HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 40\r\n\r\nGET /evil ");
            assertThat(client.readMessage()).endsWith("good");
            // The rest of the body is no request.
            client.write("HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".substring(0, 30));
            assertThat(client.get("shop.localhost", "/next").readMessage()).endsWith("good");
            theNextAnswerIsGood();
        }
    }
}
