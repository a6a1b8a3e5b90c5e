package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of an answer where one side speaks HTTP/2 and the other HTTP/1.1. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Http2AnswerTest {
    private final TestRouter edge = new TestRouter(TestRouter.oneLoop());

    @AfterAll
    void close() {
        edge.close();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "9110-8.6 a 204 with a length        | HTTP/1.1 204 No Content~Content-Length: 4~~ | 204",
                "9110-8.6 a 204 with a body          | HTTP/1.1 204 No Content~Content-Length: 4~~evil | 204",
                "9110-8.6 a 204 in chunks            | HTTP/1.1 204 No Content~Transfer-Encoding: chunked~~4~evil~0~~ | 204",
                "9110-15.3.6 a 205 with a body       | HTTP/1.1 205 Reset Content~Content-Length: 4~~evil | 205",
                "9110-15.3.6 a 205 in chunks         | HTTP/1.1 205 Reset Content~Transfer-Encoding: chunked~~4~evil~0~~ | 205",
                "9110-8.6 a 103 with a length        | HTTP/1.1 103 Early Hints~Content-Length: 4~~HTTP/1.1 204 No Content~~ | 204",
                "9110-8.6 a 100 in chunks            | HTTP/1.1 100 Continue~Transfer-Encoding: chunked~~HTTP/1.1 204 No Content~~ | 204",
            })
    void whatHasNoBodyHasNoLengthEither(String name, String answer, String status) {
        try (FakeInstance web = FakeInstance.saying("web.1", answer.replace("~", "\r\n"));
                FramePeer client = new FramePeer(edge.route(web).router.port())) {
            FramePeer.Answer heard = client.get(1, "shop.localhost", "/").answer(1);
            assertThat(heard.outcome()).isEqualTo(status);
            assertThat(heard.text()).isEmpty();
            assertThat(heard.heads)
                    .allSatisfy(head -> assertThat(head).doesNotContainKeys("content-length", "transfer-encoding"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "beyond ASCII at both ends|\u00e91\u00e9|\u00e91\u00e9",
                "beyond ASCII alone|\u00c3\u00a9|\u00c3\u00a9",
                "blanks around it| \t\u00e9 b\t |\u00e9 b",
            })
    void aValueIsPassedOnAsItIsWithoutTheBlanksAroundIt(String name, String said, String passed) {
        try (FakeInstance web = FakeInstance.saying(
                        "web.1", "HTTP/1.1 200 OK\r\nX-A:" + said + "\r\nContent-Length: 2\r\n\r\nok");
                FramePeer client = new FramePeer(edge.route(web).router.port())) {
            FramePeer.Answer heard = client.get(1, "shop.localhost", "/").answer(1);
            assertThat(heard.text()).isEqualTo("ok");
            assertThat(heard.head()).containsEntry("x-a", passed);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "8.1.1 a length and the end          | :status=200 content-length=5 | END",
                "8.1.1 a length of a 404 and the end | :status=404 content-length=5 | END",
                "8.1.1 two lengths                   | :status=200 content-length=2 content-length=5 | hello",
                "8.1.1 a signed length               | :status=200 content-length=+5 | hello",
                "8.2.1 upper case in a name          | :status=200 X-A=b | hello",
                "8.2.1 a blank in a name             | :status=200 x·a=b | hello",
                "8.2.1 a line end in a name          | :status=200 x-a~x-evil=b | hello",
                "8.2.1 a line end in a value         | :status=200 x-a=b~x-evil:·c | hello",
                "8.2.1 a blank before a value        | :status=200 x-a=·b | hello",
                "8.2.2 Transfer-Encoding             | :status=200 transfer-encoding=chunked | hello",
                "8.2.2 Connection                    | :status=200 connection=close | hello",
                "8.3 a pseudo-header of requests     | :status=200 :path=/ | hello",
                "8.3 one behind others               | x-a=b :status=200 | hello",
                "8.3.2 no status                     | x-a=b | hello",
                "8.3.2 two of them                   | :status=200 :status=404 | hello",
                "8.3.2 one of two digits             | :status=20 | hello",
                "8.6 a 101                           | :status=101 | hello",
            })
    void whatIsNoAnswerIsA502AndTheAppIsNotAskedAgain(String name, String table, String body) {
        AtomicInteger asked = new AtomicInteger();
        try (FakeInstance web = app((peer, stream) -> {
                    boolean evil = asked.incrementAndGet() == 2;
                    boolean whole = body.equals("END");
                    peer.headers(stream, evil && whole, DowngradeTest.fields(evil ? table : ":status=200"));
                    if (!evil || !whole) {
                        peer.data(stream, "hello", true);
                    }
                });
                Conversation client = route(web).connect()) {
            // Over a connection that has served, so that a request could be sent again.
            assertThat(client.get("shop.localhost", "/").readMessage()).contains("hello");
            assertThat(client.get("shop.localhost", "/").readMessage())
                    .startsWith("HTTP/1.1 502 ")
                    .contains("stoa-error: bad_response");
            assertThat(client.get("shop.localhost", "/").readMessage()).contains("hello");
            assertThat(asked).hasValue(3);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "8.1.1 nothing, by data              | content-length=5 |       |",
                "8.1.1 nothing, by trailers          | content-length=5 |       | x-t=1",
                "8.1.1 too little                    | content-length=5 | he    |",
                "8.1.1 too much                      | content-length=2 | hello |",
                "8.1 trailers with a status          | x-a=1            | hello | :status=200 x-t=1",
                "8.2.1 a line end in a trailer       | x-a=1            | hello | x-t=1~x-evil:·2",
            })
    void anAnswerThatIsNotWhatItsHeadPromisedNeverLooksWhole(String name, String head, String body, String trailers) {
        try (FakeInstance web = app((peer, stream) -> {
                    peer.headers(stream, false, DowngradeTest.fields(":status=200 " + head))
                            .data(stream, body == null ? "" : body, trailers == null);
                    if (trailers != null) {
                        peer.headers(stream, true, DowngradeTest.fields(trailers));
                    }
                });
                Conversation client = route(web).connect();
                FramePeer newer = new FramePeer(edge.router.port())) {
            String all = client.get("shop.localhost", "/").readAll();
            assertThat(all).startsWith("HTTP/1.1 ").doesNotContain("\r\n0\r\n", "evil");
            assertThat(newer.get(1, "shop.localhost", "/").answer(1).outcome()).isEqualTo("reset 2");
        }
    }

    @Test
    void theAnswerToAHeadHasALengthAndNoBody() {
        try (FakeInstance web = app((peer, stream) ->
                        peer.headers(stream, true, DowngradeTest.fields(":status=200 content-length=5")));
                Conversation client = route(web).connect()) {
            for (int i = 0; i < 2; i++) {
                client.write("HEAD / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
                assertThat(client.readHead()).startsWith("HTTP/1.1 200 OK").contains("content-length: 5");
            }
        }
    }

    private interface Says {
        void to(FramePeer peer, int stream);
    }

    private static FakeInstance app(Says says) {
        return new FakeInstance("web.1", wire -> {
            FramePeer peer = FramePeer.serving(wire, new byte[0]);
            for (FramePeer.Frame frame = peer.next(); frame.type() >= 0; frame = peer.next()) {
                if (frame.type() == FramePeer.HEADERS) {
                    says.to(peer, frame.stream());
                }
            }
        });
    }

    private TestRouter route(FakeInstance web) {
        Upstream upstream = new Upstream("web.1", web.address(), web.address().toString(), UpstreamProtocol.H2C);
        edge.router.update(new RouteTable(Map.of("shop.localhost", new Route("shop", List.of(upstream), ""))));
        return edge;
    }
}
