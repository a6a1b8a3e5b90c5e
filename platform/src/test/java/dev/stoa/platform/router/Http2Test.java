package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** HTTP/2 in front of an app that speaks HTTP/1.1. */
class Http2Test {
    private final TestRouter edge = new TestRouter();

    @AfterEach
    void close() {
        edge.close();
    }

    private FramePeer client() {
        return new FramePeer(edge.router.port());
    }

    @Test
    void aRequestIsAnsweredOverTheSamePort() throws InterruptedException {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    while (!peer.readHead().isEmpty()) {
                        peer.write("""
                                HTTP/1.1 200 OK\r
                                Content-Length: 5\r
                                X-App: Yes\r
                                Connection: keep-alive\r
                                \r
                                hello""");
                    }
                });
                FramePeer client = client()) {
            edge.route(web);
            FramePeer.Answer answer = client.get(1, "shop.localhost", "/a?b").answer(1);
            assertThat(answer.status()).isEqualTo("200");
            assertThat(answer.text()).isEqualTo("hello");
            assertThat(answer.head()).containsEntry("x-app", "Yes").containsEntry("content-length", "5");
            assertThat(answer.head()).containsKey("x-request-id").doesNotContainKey("connection");
            assertThat(answer.reset).isEqualTo(-1);
            assertThat(client.get(3, "shop.localhost", "/").answer(3).text()).isEqualTo("hello");
            assertThat(web.connections()).isEqualTo(1);
            FinishedRequest told = edge.nextFinished();
            assertThat(told.path()).isEqualTo("/a");
            assertThat(told.bytesOut()).isEqualTo(5);
            assertThat(told.error()).isEmpty();
        }
    }

    @Test
    void theAppSeesPlainHttp11() {
        try (FakeInstance web = hearing("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                FramePeer client = client()) {
            edge.route(web);
            client.headers(
                            1,
                            true,
                            ":method",
                            "GET",
                            ":scheme",
                            "http",
                            ":path",
                            "/%7e//../x?y=%20",
                            ":authority",
                            "Shop.localhost:8080",
                            "cookie",
                            "a=1",
                            "te",
                            "trailers",
                            "cookie",
                            "b=2",
                            "x-one",
                            "1",
                            "x-one",
                            "2")
                    .answer(1);
            String head = web.heads().getFirst();
            assertThat(head)
                    .startsWith("GET /%7e//../x?y=%20 HTTP/1.1\r\n")
                    .containsIgnoringCase("\r\nhost: Shop.localhost:8080\r\n")
                    .containsIgnoringCase("\r\ncookie: a=1; b=2\r\n")
                    .containsIgnoringCase("\r\nx-one: 1\r\nx-one: 2\r\n")
                    .containsIgnoringCase("\r\nvia: 2.0 stoa\r\n")
                    .containsIgnoringCase("\r\nx-forwarded-for: 127.0.0.1\r\n")
                    .doesNotContainIgnoringCase("transfer-encoding")
                    .doesNotContainIgnoringCase("\r\nte:")
                    .doesNotContain("\r\n:");
        }
    }

    private static FakeInstance hearing(String answer) {
        FakeInstance[] self = new FakeInstance[1];
        self[0] = new FakeInstance("web.1", peer -> {
            while (!self[0].hear(peer).isEmpty()) {
                peer.write(answer);
            }
        });
        return self[0];
    }

    @Test
    void bodiesAndTrailersPassInBothDirections() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    String request = peer.readMessage();
                    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    peer.write("3\r\nabc\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\n\r\n");
                    assertThat(request).contains("hello").containsIgnoringCase("x-check: 1");
                });
                FramePeer client = client()) {
            edge.route(web);
            client.post(1, "shop.localhost", "/").data(1, "hel", false).data(1, "lo", false);
            FramePeer.Answer answer = client.headers(1, true, "x-check", "1").answer(1);
            assertThat(answer.text()).isEqualTo("abc");
            assertThat(answer.trailers()).containsEntry("x-sum", "7").hasSize(1);
        }
    }

    @Test
    void interimAnswersComeBeforeTheAnswer() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    assertThat(peer.readHead()).containsIgnoringCase("expect: 100-continue");
                    peer.write("HTTP/1.1 100 Continue\r\n\r\n");
                    String body = peer.read(5);
                    peer.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
                    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body);
                });
                FramePeer client = client()) {
            edge.route(web);
            client.post(1, "shop.localhost", "/", "expect", "100-continue", "content-length", "5");
            assertThat(client.await(FramePeer.HEADERS).type()).isEqualTo(FramePeer.HEADERS);
            assertThat(client.heard(1).heads.getFirst()).containsEntry(":status", "100");
            FramePeer.Answer answer = client.data(1, "hello", true).answer(1);
            assertThat(answer.heads.get(1)).containsEntry(":status", "103").containsEntry("link", "</a.css>");
            assertThat(answer.status()).isEqualTo("200");
            assertThat(answer.text()).isEqualTo("hello");
        }
    }

    @Test
    void aHeadAndA304EndWithTheirHead() {
        try (FakeInstance web = FakeInstance.saying("web.1", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
                FakeInstance head = FakeInstance.saying("web.2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
                FramePeer client = client()) {
            edge.route(web);
            client.get(1, "shop.localhost", "/");
            FramePeer.Frame frame = client.await(FramePeer.HEADERS);
            assertThat(frame.has(FramePeer.END_STREAM)).isTrue();
            edge.route(head);
            client.headers(3, true, ":method", "HEAD", ":scheme", "http", ":authority", "shop.localhost", ":path", "/");
            frame = client.await(FramePeer.HEADERS);
            assertThat(frame.has(FramePeer.END_STREAM)).isTrue();
            assertThat(client.heard(3).head()).containsEntry("content-length", "9");
            client.headers(5, true, ":method", "HEAD", ":scheme", "http", ":authority", "nobody", ":path", "/");
            assertThat(client.answer(5).status()).isEqualTo("404");
            assertThat(client.heard(5).text()).isEmpty();
        }
    }

    @Test
    void manyRequestsGoAtOnceAndNobodyWaitsForAnother() throws InterruptedException {
        CountDownLatch slow = new CountDownLatch(1);
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    for (String head = peer.readHead(); !head.isEmpty(); head = peer.readHead()) {
                        String path = head.split(" ", -1)[1];
                        if (path.equals("/slow")) {
                            slow.await();
                        }
                        peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path);
                    }
                });
                FramePeer client = client()) {
            edge.route(web).connect().close();
            client.get(1, "shop.localhost", "/slow");
            for (int id = 3; id < 201; id += 2) {
                client.get(id, "shop.localhost", "/" + id);
            }
            for (int id = 3; id < 201; id += 2) {
                assertThat(client.answer(id).text()).isEqualTo("/" + id);
            }
            slow.countDown();
            assertThat(client.answer(1).text()).isEqualTo("/slow");
        }
    }

    @Test
    void aResetCancelsTheRequestToTheApp() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch hungUp = new CountDownLatch(1);
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    peer.readHead();
                    asked.countDown();
                    peer.readAll();
                    hungUp.countDown();
                });
                FramePeer client = client()) {
            edge.route(web);
            client.get(1, "shop.localhost", "/");
            asked.await();
            client.reset(1, 8);
            hungUp.await();
            assertThat(edge.nextFinished().status()).isEqualTo(499);
            assertThat(client.get(3, "nobody", "/").answer(3).status()).isEqualTo("404");
        }
    }

    @Test
    void anAnswerThatIsCutIsResetAndNotEnded() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
                });
                FramePeer client = client()) {
            edge.route(web);
            FramePeer.Answer answer = client.get(1, "shop.localhost", "/").answer(1);
            assertThat(answer.ended).isFalse();
            assertThat(answer.reset).isEqualTo(2);
            assertThat(client.get(3, "nobody", "/").answer(3).status()).isEqualTo("404");
        }
    }
}
