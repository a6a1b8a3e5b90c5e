package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Instances refuse, hang up, babble and sleep; the client gets an answer that says so, or another instance's. */
class UpstreamFailureTest {

    private static FakeInstance dead(String name) {
        FakeInstance instance = FakeInstance.polite(name);
        instance.close();
        return instance;
    }

    @Test
    void aDeadInstanceIsPassedOver() throws InterruptedException {
        try (TestRouter edge = new TestRouter();
                FakeInstance alive = FakeInstance.polite("two")) {
            edge.route(dead("one"), alive, dead("six"));
            for (int i = 0; i < 10; i++) {
                assertThat(edge.get("/")).contains("200 OK").endsWith("two");
                assertThat(edge.nextFinished().instance()).isEqualTo("two");
            }
        }
    }

    @Test
    void anUploadMovesOnFromADeadInstanceToo() {
        try (TestRouter edge = new TestRouter();
                FakeInstance alive = new FakeInstance("two", client -> {
                    String request = client.readMessage();
                    String body = request.substring(request.indexOf("\r\n\r\n") + 4);
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                })) {
            edge.route(dead("one"), alive);
            for (int i = 0; i < 2; i++) {
                try (Conversation client = edge.connect()) {
                    client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 300000\r\n\r\n"
                            + "x".repeat(300_000));
                    assertThat(client.readMessage()).contains("200 OK").endsWith("x".repeat(300_000));
                }
            }
        }
    }

    @Test
    void whenAllInstancesRefuseItIs502() throws InterruptedException {
        try (TestRouter edge = new TestRouter()) {
            edge.route(dead("one"), dead("two"));

            assertThat(edge.get("/"))
                    .startsWith("HTTP/1.1 502 ")
                    .containsIgnoringCase("stoa-error: upstream_refused")
                    .contains("none of the 2 instances of shop", "stoa logs -a shop");
            FinishedRequest told = edge.nextFinished();
            assertThat(told.status()).isEqualTo(502);
            assertThat(told.app()).isEqualTo("shop");
            assertThat(told.error()).isEqualTo("upstream_refused");
        }
    }

    @Test
    void connectionsToAnInstanceAreUsedAgain() {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = FakeInstance.polite("web");
                Conversation client = edge.route(web).connect()) {
            for (int i = 0; i < 20; i++) {
                assertThat(client.get("shop.localhost", "/").readMessage()).endsWith("web");
            }
            assertThat(web.connections()).isEqualTo(1);
        }
    }

    @Test
    void aConnectionThatTheInstanceClosedWhileItRestedIsNotNoticed() {
        // Closes every connection right when the second request arrives, as a server does whose patience just ended.
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb");
                    client.readHead();
                });
                Conversation client = edge.route(web).connect()) {
            for (int i = 0; i < 10; i++) {
                assertThat(client.get("shop.localhost", "/").readMessage())
                        .contains("200 OK")
                        .endsWith("web");
            }
        }
    }

    @Test
    void anOrderIsNeverPlacedTwice() {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb");
                    client.readHead();
                });
                Conversation client = edge.route(web).connect()) {
            client.get("shop.localhost", "/").readMessage();
            client.write("POST /order HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.readMessage()).containsIgnoringCase("stoa-error: upstream_closed");
            assertThat(web.connections()).isEqualTo(1);
        }
    }

    @Test
    void anInstanceThatHangsUpBeforeItAnswersIs502() throws InterruptedException {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web.1", Conversation::readHead)) {
            assertThat(edge.route(web).get("/"))
                    .startsWith("HTTP/1.1 502 ")
                    .containsIgnoringCase("stoa-error: upstream_closed")
                    .contains("web.1 closed the connection before it answered");
            assertThat(edge.nextFinished().error()).isEqualTo("upstream_closed");
        }
    }

    @Test
    void anAnswerThatIsNotHttpIs502() {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = FakeInstance.saying("web.1", "220 mail.example.com ESMTP\r\n\r\n")) {
            assertThat(edge.route(web).get("/"))
                    .startsWith("HTTP/1.1 502 ")
                    .containsIgnoringCase("stoa-error: bad_response");
        }
    }

    @Test
    void anAnswerThatBreaksOffIsNotTakenForWhole() throws InterruptedException {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                });
                Conversation client = edge.route(web).connect()) {
            assertThat(client.get("shop.localhost", "/").readAll())
                    .contains("abc")
                    .doesNotContain("\r\n0\r\n");
            FinishedRequest told = edge.nextFinished();
            assertThat(told.status()).isEqualTo(200);
            assertThat(told.error()).isEqualTo("upstream_closed");
        }
    }

    @Test
    void anInstanceThatDoesNotAnswerIs504() throws InterruptedException {
        try (TestRouter edge = new TestRouter(TestRouter.impatient());
                FakeInstance web = new FakeInstance("web.1", Conversation::readAll)) {
            assertThat(edge.route(web).get("/"))
                    .startsWith("HTTP/1.1 504 ")
                    .containsIgnoringCase("stoa-error: upstream_timeout")
                    .contains("web.1 did not answer within 0.3 s");
            assertThat(edge.nextFinished().error()).isEqualTo("upstream_timeout");
        }
    }

    @Test
    void anAnswerThatStallsIsCutOff() throws InterruptedException {
        try (TestRouter edge = new TestRouter(TestRouter.impatient());
                FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                    client.readAll();
                });
                Conversation client = edge.route(web).connect()) {
            assertThat(client.get("shop.localhost", "/").readAll()).endsWith("abc");
            assertThat(edge.nextFinished().error()).isEqualTo("upstream_timeout");
        }
    }

    @Test
    void aClientThatStopsSendingItsBodyGets408() throws InterruptedException {
        try (TestRouter edge = new TestRouter(TestRouter.impatient());
                FakeInstance web = new FakeInstance("web.1", Conversation::readAll);
                Conversation client = edge.route(web).connect()) {
            client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 10\r\n\r\nabc");
            assertThat(client.readHead()).startsWith("HTTP/1.1 408 ");
            assertThat(edge.nextFinished().error()).isEqualTo("request_timeout");
        }
    }

    @Test
    void aClientThatSendsHalfAHeadIsLetGo() {
        try (TestRouter edge = new TestRouter(TestRouter.impatient());
                Conversation client = edge.connect()) {
            assertThat(client.write("GET / HTTP/1.1\r\nHost: sh").readAll()).isEmpty();
        }
    }

    @Test
    void whenTheClientLeavesTheInstanceIsToldAndItCountsAs499() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch left = new CountDownLatch(1);
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    asked.countDown();
                    client.readAll();
                    left.countDown();
                });
                Conversation client = edge.route(web).connect()) {
            client.get("shop.localhost", "/");
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            client.leave();
            assertThat(left.await(10, TimeUnit.SECONDS)).isTrue();
            FinishedRequest told = edge.nextFinished();
            assertThat(told.status()).isEqualTo(499);
            assertThat(told.error()).isEqualTo("client_closed");
            assertThat(edge.router.inFlight(web.address())).isZero();
        }
    }

    @Test
    void anAnswerToNoQuestionIsNotTheAnswerToTheNext() {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = FakeInstance.saying(
                        "web.1",
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")) {
            edge.route(web);
            for (int i = 0; i < 5; i++) {
                assertThat(edge.get("/")).endsWith("\r\n\r\nok");
            }
        }
    }
}
