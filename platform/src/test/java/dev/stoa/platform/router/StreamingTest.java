package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.base.Threads;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies, streams and sockets pass through as they come, and in the right frames. */
class StreamingTest {
    private static final int MEGABYTE = 1024 * 1024;
    private static final int BLOCKS = 100;

    /** Of what goes wrong in one of two. */
    private static final int ROUNDS = 12;

    private static final long BUFFER_BYTES_MAX = 8L * MEGABYTE;

    private final TestRouter edge = new TestRouter();

    @AfterEach
    void close() {
        edge.close();
    }

    @Test
    void anUploadOf100MegabytesWaitsForTheAppAndNotInMemory() throws InterruptedException {
        CountDownLatch mayRead = new CountDownLatch(1);
        AtomicLong sent = new AtomicLong();
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    mayRead.await();
                    long sum = 0;
                    for (int i = 0; i < BLOCKS; i++) {
                        String block = client.read(MEGABYTE);
                        sum += block.length() == MEGABYTE && block.charAt(0) == block.charAt(MEGABYTE - 1)
                                ? block.charAt(0)
                                : 100_000;
                    }
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + sum);
                });
                Conversation client = edge.route(web).connect()) {
            client.write("PUT / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: " + BLOCKS * (long) MEGABYTE
                    + "\r\n\r\n");
            Thread upload = Threads.start("upload", () -> {
                for (int i = 0; i < BLOCKS; i++) {
                    byte[] block = new byte[MEGABYTE];
                    java.util.Arrays.fill(block, (byte) i);
                    client.write(block);
                    sent.incrementAndGet();
                }
            });
            AtomicLong before = new AtomicLong(-1);
            // It stalls when the buffers of the sockets are full, long before the end.
            await().during(Duration.ofMillis(300)).until(() -> before.getAndSet(sent.get()) == sent.get());
            assertThat(sent.get()).isLessThan(BLOCKS / 2);
            assertThat(edge.router.bufferBytes()).isLessThan(BUFFER_BYTES_MAX);

            mayRead.countDown();
            assertThat(client.readMessage()).contains("200 OK").endsWith("4950");
            upload.join();
            assertThat(edge.router.bufferBytes()).isLessThan(BUFFER_BYTES_MAX);
        }
    }

    @Test
    void aDownloadWaitsForTheClientAndNotInMemory() {
        AtomicLong sent = new AtomicLong();
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: " + BLOCKS * (long) MEGABYTE + "\r\n\r\n");
                    for (int i = 0; i < BLOCKS; i++) {
                        client.write(new byte[MEGABYTE]);
                        sent.incrementAndGet();
                    }
                });
                Conversation client = edge.route(web).connect()) {
            client.get("shop.localhost", "/").readHead();
            AtomicLong before = new AtomicLong(-1);
            await().during(Duration.ofMillis(300)).until(() -> before.getAndSet(sent.get()) == sent.get());
            assertThat(sent.get()).isLessThan(BLOCKS / 2);
            assertThat(edge.router.bufferBytes()).isLessThan(BUFFER_BYTES_MAX);

            long read = 0;
            for (int i = 0; i < BLOCKS; i++) {
                read += client.read(MEGABYTE).length();
            }
            assertThat(read).isEqualTo(BLOCKS * (long) MEGABYTE);
        }
    }

    @Test
    void serverSentEventsArriveOneByOne() {
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
                    // Each event is sent only when the client has said over a second connection that it has the last.
                    client.write("data: one\n\n");
                    proceed.await();
                    client.write("data: two\n\n");
                });
                Conversation client = edge.route(web).connect()) {
            assertThat(client.get("shop.localhost", "/").readHead()).containsIgnoringCase("transfer-encoding: chunked");
            client.readLine();
            assertThat(client.readLine()).isEqualTo("data: one");
            client.readLine();
            client.readLine();
            proceed.countDown();
            client.readLine();
            assertThat(client.readLine()).isEqualTo("data: two");
        }
    }

    private final CountDownLatch proceed = new CountDownLatch(1);

    @Test
    void aWebSocketIsBytesInBothDirectionsAndCountsUntilItCloses() throws InterruptedException {
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    String head = client.readHead();
                    assertThat(Conversation.header(head, "Upgrade")).isEqualTo("websocket");
                    assertThat(Conversation.header(head, "Connection")).isEqualToIgnoringCase("upgrade");
                    client.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: x\r\n\r\nhello");
                    for (int b = client.readByte(); b >= 0; b = client.readByte()) {
                        client.write(new byte[] {(byte) (b + 1)});
                    }
                });
                Conversation client = edge.route(web).connect()) {
            client.write("GET /ws HTTP/1.1\r\nHost: shop.localhost\r\nConnection: keep-alive, Upgrade\r\n"
                    + "Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\nab");
            String head = client.readHead();
            assertThat(head).startsWith("HTTP/1.1 101 ").containsIgnoringCase("upgrade: websocket");
            assertThat(client.read(7)).isEqualTo("hellobc");
            client.write(new byte[] {0, 1, (byte) 0xfe});
            assertThat(client.read(3)).isEqualTo("\1\2\u00ff");
            assertThat(edge.router.inFlight(web.address())).isEqualTo(1);

            client.leave();
            FinishedRequest told = edge.nextFinished();
            assertThat(told.status()).isEqualTo(101);
            assertThat(told.bytesOut()).isEqualTo(10);
            assertThat(told.error()).isEmpty();
            assertThat(edge.router.inFlight(web.address())).isZero();
        }
    }

    @Test
    void aWebSocketThatTheAppClosesEndsForTheClient() {
        try (FakeInstance web = FakeInstance.saying(
                        "web.1",
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nbye");
                Conversation client = edge.route(web).connect()) {
            client.write("GET /ws HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            client.readHead();
            assertThat(client.read(3)).isEqualTo("bye");
            web.hangUp();
            assertThat(client.readAll()).isEmpty();
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInTheirOrder() {
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    for (String head = client.readHead(); !head.isEmpty(); head = client.readHead()) {
                        String path = head.split(" ", -1)[1];
                        client.write("HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path);
                    }
                });
                Conversation client = edge.route(web).connect()) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 3000; i++) {
                // Every third is for nobody, so that the router answers in between by itself.
                requests.append("GET /%d HTTP/1.1\r\nHost: %s.localhost\r\nContent-Length: 0\r\n\r\n"
                        .formatted(i, i % 3 == 0 ? "x" : "shop"));
            }
            Threads.start("pipeline", () -> client.write(requests.toString()));
            for (int i = 0; i < 3000; i++) {
                assertThat(client.readMessage()).contains(i % 3 == 0 ? "404 Not Found" : "\r\n\r\n/" + i);
            }
        }
    }

    @Test
    void thousandsOfPipelinedRequestsForNobodyDoNotOverflowTheStack() {
        try (Conversation client = edge.connect()) {
            Threads.start("pipeline", () -> client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5000)));
            for (int i = 0; i < 5000; i++) {
                assertThat(client.readMessage()).startsWith("HTTP/1.1 404 ");
            }
        }
    }

    @Test
    void chunksAndTrailersPassInBothDirections() {
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    String request = client.readMessage();
                    client.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n");
                    client.write("3\r\nabc\r\n0\r\nX-Sum: 7\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n\r\n");
                    assertThat(request).contains("hello").containsIgnoringCase("x-check: 1");
                });
                Conversation client = edge.route(web).connect()) {
            client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.write("5\r\nhello\r\n0\r\nX-Check: 1\r\n\r\n");
            assertThat(client.readMessage()).endsWith("abcX-Sum: 7\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HEAD|HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                "HEAD|HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET|HTTP/1.1 204 No Content\r\n\r\n",
                "GET|HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n",
            })
    void anAnswerWithoutABodyLeavesTheConnectionInOrder(String exchange) {
        String[] parts = exchange.split("\\|", -1);
        try (FakeInstance web = FakeInstance.saying("web.1", parts[1]);
                Conversation client = edge.route(web).connect()) {
            for (int i = 0; i < 3; i++) {
                client.write(parts[0] + " / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
                assertThat(client.readHead()).startsWith(parts[1].substring(0, 12));
            }
            assertThat(web.connections()).isEqualTo(1);
        }
    }

    @Test
    void aHeadForNobodyGetsNoBody() {
        try (Conversation client = edge.connect()) {
            client.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(client.readHead()).startsWith("HTTP/1.1 404 ");
            assertThat(client.readMessage()).startsWith("HTTP/1.1 404 ");
        }
    }

    @Test
    void anOldClientGetsAPlainBodyAndTheEndOfTheConnection() {
        try (FakeInstance web = FakeInstance.saying(
                        "web.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
                Conversation client = edge.route(web).connect()) {
            client.write("GET / HTTP/1.0\r\nHost: shop.localhost\r\nConnection: keep-alive\r\n\r\n");
            assertThat(client.readAll())
                    .endsWith("\r\n\r\nabc")
                    .containsIgnoringCase("connection: close")
                    .doesNotContainIgnoringCase("transfer-encoding");
        }
    }

    @Test
    void anOldClientThatAsksForItKeepsItsConnection() {
        try (FakeInstance web = FakeInstance.polite("web");
                Conversation client = edge.route(web).connect()) {
            for (int i = 0; i < 2; i++) {
                client.write("GET / HTTP/1.0\r\nHost: shop.localhost\r\nConnection: keep-alive\r\n\r\n");
                assertThat(client.readMessage())
                        .containsIgnoringCase("connection: keep-alive")
                        .endsWith("web");
            }
        }
    }

    @Test
    void theAppIsAskedBeforeABodyIsSent() {
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    assertThat(client.readHead()).containsIgnoringCase("expect: 100-continue");
                    client.write("HTTP/1.1 100 Continue\r\n\r\n");
                    String body = client.read(5);
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body);
                });
                Conversation client = edge.route(web).connect()) {
            client.write(
                    "POST / HTTP/1.1\r\nHost: shop.localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            assertThat(client.readHead()).startsWith("HTTP/1.1 100 Continue");
            client.write("hello");
            assertThat(client.readMessage()).startsWith("HTTP/1.1 200 OK").endsWith("hello");
        }
    }

    /** Whoever waited for a word may never send the body, and what comes then cannot be told from it. */
    @Test
    void anAnswerInsteadOfAWordIsTheLastOfItsConnection() {
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                    client.readAll();
                });
                Conversation client = edge.route(web).connect()) {
            client.write(
                    "POST / HTTP/1.1\r\nHost: shop.localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            assertThat(client.readAll())
                    .startsWith("HTTP/1.1 403 ")
                    .contains("connection: close")
                    .endsWith("no");
        }
    }

    @Test
    void anAppThatRefusesAnUploadAndHangsUpIsHeard() {
        String refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig";
        try (FakeInstance web = new FakeInstance("web.1", client -> {
            client.readHead();
            // What was not read makes a reset of the end.
            client.write(refusal);
        })) {
            edge.route(web);
            for (int i = 0; i < ROUNDS; i++) {
                try (Conversation client = edge.connect()) {
                    client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 2000000\r\n\r\n");
                    client.write(new byte[1_000_000]);
                    assertThat(client.readMessage()).startsWith("HTTP/1.1 413 ").endsWith("big");
                }
            }
        }
    }

    @Test
    void anAnswerBeforeTheEndOfTheUploadIsNotLost() {
        try (FakeInstance web = new FakeInstance("web.1", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
                    client.readAll();
                });
                Conversation client = edge.route(web).connect()) {
            client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 2000000\r\n\r\n");
            client.write(new byte[1_000_000]);
            assertThat(client.readMessage()).contains("413 Content Too Large").endsWith("big");
            client.write(new byte[1_000_000]);
            assertThat(client.get("x.localhost", "/").readMessage()).startsWith("HTTP/1.1 404 ");
        }
    }
}
