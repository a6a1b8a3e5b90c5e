package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.platform.base.Threads;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bodies, tunnels and the end of a connection over HTTP/2. */
class Http2StreamingTest {
    private static final int MEGABYTE = 1024 * 1024;
    private static final String CHUNK = "x".repeat(16_000);

    private final TestRouter edge = new TestRouter();
    private final CountDownLatch proceed = new CountDownLatch(1);

    @AfterEach
    void close() {
        edge.close();
    }

    private FramePeer client() {
        return new FramePeer(edge.router.port());
    }

    @Test
    void anAppThatDoesNotReadStopsItsUploadAndNoOther() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    String head = peer.readHead();
                    if (head.contains("/stuck")) {
                        proceed.await();
                    }
                    long read = 0;
                    for (int size = chunk(peer); size > 0; size = chunk(peer)) {
                        read += size;
                    }
                    String answer = Long.toString(read);
                    peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + answer.length() + "\r\n\r\n" + answer);
                });
                FramePeer client = client()) {
            edge.route(web);
            int granted = 65_535;
            int sent = 0;
            client.post(1, "shop.localhost", "/stuck");
            client.window(0, 1);
            // The whole window of the connection is there from the start, so only the stream's own counts.
            while (true) {
                while (granted - sent >= CHUNK.length()) {
                    client.data(1, CHUNK, false);
                    sent += CHUNK.length();
                }
                client.ping(7);
                boolean more = false;
                for (FramePeer.Frame frame = client.next(); frame.type() != FramePeer.PING; frame = client.next()) {
                    if (frame.type() == FramePeer.WINDOW_UPDATE && frame.stream() == 1) {
                        granted += frame.number(0);
                        more = true;
                    }
                }
                if (!more && granted - sent < CHUNK.length()) {
                    // Sockets take some megabytes; a pause later nothing more was granted.
                    if (quiet(client)) {
                        break;
                    }
                }
            }
            assertThat(sent).isLessThan(20 * MEGABYTE);
            client.post(3, "shop.localhost", "/free");
            for (int i = 0; i < 4; i++) {
                client.data(3, CHUNK, i == 3);
            }
            assertThat(client.answer(3).text()).isEqualTo(Integer.toString(4 * CHUNK.length()));
            proceed.countDown();
            client.data(1, "", true);
            assertThat(client.answer(1).text()).isEqualTo(Integer.toString(sent));
        }
    }

    private static int chunk(Conversation peer) {
        int size = Integer.parseInt(peer.readLine(), 16);
        peer.read(size);
        peer.readLine();
        return size;
    }

    private boolean quiet(FramePeer client) {
        for (int i = 0; i < 20; i++) {
            client.ping(8);
            for (FramePeer.Frame frame = client.next(); frame.type() != FramePeer.PING; frame = client.next()) {
                if (frame.type() == FramePeer.WINDOW_UPDATE) {
                    return false;
                }
            }
        }
        return true;
    }

    @Test
    void aClientThatGrantsNothingStopsItsOwnDownloadAndNoOther() throws InterruptedException {
        AtomicLong written = new AtomicLong();
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    String head = peer.readHead();
                    int megabytes = head.contains("/huge") ? 1000 : 1;
                    peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + (long) megabytes * MEGABYTE + "\r\n\r\n");
                    for (int i = 0; i < megabytes; i++) {
                        peer.write(new byte[MEGABYTE]);
                        if (megabytes > 1) {
                            written.addAndGet(MEGABYTE);
                        }
                    }
                    peer.readAll();
                });
                FramePeer client = client().stingy()) {
            edge.route(web);
            client.window(0, 100 * MEGABYTE);
            for (int id = 1; id < 21; id += 2) {
                client.get(id, "shop.localhost", "/huge");
            }
            for (int id = 1; id < 21; id += 2) {
                while (client.heard(id).body.size() < 65_535) {
                    client.next();
                }
            }
            client.get(21, "shop.localhost", "/one").window(21, 2 * MEGABYTE);
            assertThat(client.answer(21).body.size()).isEqualTo(MEGABYTE);
            assertThat(written.get()).isLessThan(100L * MEGABYTE);
            assertThat(edge.router.bufferBytes()).isLessThan(32L * MEGABYTE);
            for (int id = 1; id < 21; id += 2) {
                assertThat(client.heard(id).body.size()).isEqualTo(65_535);
            }
        }
    }

    @Test
    void serverSentEventsArriveOneByOne() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
                    peer.write("data: one\n\n");
                    proceed.await();
                    peer.write("data: two\n\n");
                });
                FramePeer client = client()) {
            edge.route(web);
            FramePeer.Answer answer = client.get(1, "shop.localhost", "/").head(1);
            while (answer.body.size() == 0) {
                client.next();
            }
            assertThat(answer.text()).isEqualTo("data: one\n\n");
            proceed.countDown();
            assertThat(client.answer(1).text()).isEqualTo("data: one\n\ndata: two\n\n");
        }
    }

    private static FramePeer webSocket(FramePeer client, int stream) {
        return client.headers(
                stream,
                false,
                ":method",
                "CONNECT",
                ":protocol",
                "websocket",
                ":scheme",
                "http",
                ":path",
                "/ws",
                ":authority",
                "shop.localhost",
                "sec-websocket-version",
                "13");
    }

    @Test
    void aWebSocketIsAStreamOfItsOwn() throws InterruptedException {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    String head = peer.readHead();
                    assertThat(head)
                            .startsWith("GET /ws HTTP/1.1\r\n")
                            .containsIgnoringCase("sec-websocket-version: 13");
                    assertThat(Conversation.header(head, "Upgrade")).isEqualTo("websocket");
                    assertThat(Conversation.header(head, "Connection")).isEqualToIgnoringCase("upgrade");
                    assertThat(Conversation.header(head, "Sec-WebSocket-Key")).hasSize(24);
                    peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\nhello");
                    for (int b = peer.readByte(); b >= 0; b = peer.readByte()) {
                        peer.write(new byte[] {(byte) (b + 1)});
                    }
                    peer.write("bye");
                });
                FramePeer client = client()) {
            edge.route(web);
            webSocket(client, 1).data(1, "ab", false);
            FramePeer.Answer answer = client.head(1);
            assertThat(answer.status()).isEqualTo("200");
            assertThat(answer.head())
                    .containsEntry("sec-websocket-protocol", "chat")
                    .doesNotContainKeys("sec-websocket-accept", "upgrade", "connection");
            while (answer.body.size() < 7) {
                client.next();
            }
            assertThat(answer.text()).isEqualTo("hellobc");
            assertThat(edge.router.inFlight(web.address())).isEqualTo(1);
            // What the client sends last still arrives, and so does what the app says to that.
            client.data(1, "c", true);
            assertThat(client.answer(1).text()).isEqualTo("hellobcdbye");
            assertThat(answer.ended).isTrue();
            FinishedRequest told = edge.nextFinished();
            assertThat(told.status()).isEqualTo(101);
            assertThat(told.error()).isEmpty();
            assertThat(edge.router.inFlight(web.address())).isZero();
        }
    }

    @Test
    void whatComesBeforeTheAppAgreesToAWebSocketIsNoMoreThanItsWindow() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    peer.readHead();
                    proceed.await();
                    peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
                    assertThat(peer.read(4 * CHUNK.length())).isEqualTo(CHUNK.repeat(4));
                    peer.write("all");
                });
                FramePeer client = client()) {
            edge.route(web);
            webSocket(client, 1);
            for (int i = 0; i < 4; i++) {
                client.data(1, CHUNK, false);
            }
            client.ping(1);
            for (FramePeer.Frame frame = client.next(); frame.type() != FramePeer.PING; frame = client.next()) {
                boolean grants = frame.type() == FramePeer.WINDOW_UPDATE && frame.stream() == 1;
                assertThat(grants).isFalse();
            }
            proceed.countDown();
            assertThat(client.answer(1).text()).startsWith("all");
        }
    }

    @Test
    void anAppThatKnowsNoWebSocketSaysSoAndNeverSeemsToAgree() {
        try (FakeInstance plain = FakeInstance.polite("web");
                FakeInstance refusing =
                        FakeInstance.saying("no!", "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 3\r\n\r\nno!");
                FramePeer client = client()) {
            edge.route(plain);
            assertThat(webSocket(client, 1).answer(1).status()).isEqualTo("502");
            edge.route(refusing);
            assertThat(webSocket(client, 3).answer(3).status()).isEqualTo("426");
            assertThat(client.heard(3).text()).isEqualTo("no!");
        }
    }

    @Test
    void aRouterThatClosesSaysSoAndFinishesWhatWasBegun() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        TestRouter closing = new TestRouter(TestRouter.closingFor(Duration.ofSeconds(10)));
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    peer.readHead();
                    asked.countDown();
                    proceed.await();
                    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
                });
                FramePeer client = new FramePeer(closing.route(web).router.port())) {
            client.get(1, "shop.localhost", "/");
            asked.await();
            Thread close = Threads.start("close", closing::close);
            FramePeer.Frame goAway = client.await(FramePeer.GOAWAY);
            assertThat(goAway.number(0)).isEqualTo(Integer.MAX_VALUE);
            assertThat(goAway.number(4)).isZero();
            // A stream that was on its way is served, too.
            client.get(3, "nobody", "/");
            FramePeer.Frame ping = client.await(FramePeer.PING);
            client.frame(FramePeer.PING, FramePeer.ACK, 0, ping.payload());
            assertThat(client.await(FramePeer.GOAWAY).number(0)).isEqualTo(3);
            assertThat(client.answer(3).status()).isEqualTo("404");
            proceed.countDown();
            assertThat(client.answer(1).text()).isEqualTo("done");
            assertThat(client.next().type()).isEqualTo(-1);
            close.join();
        }
    }

    @Test
    void whoeverStallsTimesOutByHimself() {
        TestRouter impatient = new TestRouter(TestRouter.impatient());
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    for (String head = peer.readHead(); !head.isEmpty(); head = peer.readHead()) {
                        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
                    }
                });
                // Grants nothing, not even for five bytes.
                FramePeer client = new FramePeer(impatient.route(web).router.port(), FramePeer.setting(4, 0));
                FramePeer silent = new FramePeer(impatient.router.port());
                Conversation halfPreface = Conversation.with(impatient.router.port())) {
            halfPreface.write("PRI * HTTP/2.0\r\n");
            client.get(1, "shop.localhost", "/");
            assertThat(client.answer(1).reset).isEqualTo(8);
            // A body that does not come.
            client.post(3, "shop.localhost", "/", "content-length", "5");
            assertThat(client.answer(3).reset).isGreaterThanOrEqualTo(0);
            // A head that never ends, and nothing at all.
            client.frame(FramePeer.HEADERS, 0, 5, FramePeer.block(":method", "GET"));
            assertThat(client.goneWith()).isIn(0, -1);
            assertThat(silent.goneWith()).isZero();
            assertThat(halfPreface.readAll()).isEmpty();
        } finally {
            impatient.close();
        }
    }

    @Test
    void anAnswerBeforeTheEndOfTheUploadIsWholeAndStopsTheUpload() {
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
                    peer.readHead();
                    peer.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
                    peer.readAll();
                });
                FramePeer client = client()) {
            edge.route(web);
            client.post(1, "shop.localhost", "/").data(1, "x", false);
            FramePeer.Answer answer = client.answer(1);
            assertThat(answer.status()).isEqualTo("413");
            assertThat(answer.text()).isEqualTo("big");
            while (answer.reset < 0) {
                client.next();
            }
            assertThat(answer.reset).isZero();
            client.data(1, CHUNK, false);
            assertThat(client.get(3, "nobody", "/").answer(3).status()).isEqualTo("404");
        }
    }
}
