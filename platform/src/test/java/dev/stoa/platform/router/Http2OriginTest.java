package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An app that speaks HTTP/2 without encryption, as gRPC servers do. */
class Http2OriginTest {
    /** Netty's clients leave 1 to those who upgraded. */
    private static final int FIRST = 3;

    private static final int MEGABYTE = 1024 * 1024;

    private final TestRouter edge = new TestRouter(config(TestRouter.CONFIG));
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final CountDownLatch proceed = new CountDownLatch(1);

    /** One event loop, so that it is known who shares a connection. */
    private static RouterConfig config(RouterConfig base) {
        return new RouterConfig(base.host(), base.port(), 1, base.times(), base.bodyBytesMax());
    }

    @AfterEach
    void close() {
        edge.close();
    }

    @FunctionalInterface
    private interface Serve {
        void frame(FramePeer peer, FramePeer.Frame frame);
    }

    /** Calls back with every frame that a client sends. */
    private FakeInstance app(String name, byte[] settings, Serve serve) {
        return new FakeInstance(name, wire -> {
            FramePeer peer = FramePeer.serving(wire, settings);
            for (FramePeer.Frame frame = peer.next(); frame.type() >= 0; frame = peer.next()) {
                if (frame.type() == FramePeer.HEADERS) {
                    requests.add(peer.heard(frame.stream()).heads.toString());
                }
                serve.frame(peer, frame);
            }
        });
    }

    private FakeInstance answering(String body) {
        return app("web.1", new byte[0], (peer, frame) -> {
            if ((frame.type() == FramePeer.HEADERS || frame.type() == FramePeer.DATA) && frame.has(1)) {
                peer.headers(frame.stream(), false, ":status", "200", "x-app", "yes")
                        .data(frame.stream(), body, true);
            }
        });
    }

    private void route(FakeInstance... instances) {
        List<Upstream> upstreams = java.util.stream.Stream.of(instances)
                .map(instance -> new Upstream(
                        instance.upstream().instance(),
                        instance.address(),
                        instance.upstream().id(),
                        UpstreamProtocol.H2C))
                .toList();
        edge.router.update(new RouteTable(Map.of("shop.localhost", new Route("shop", upstreams, ""))));
    }

    private FramePeer client() {
        return new FramePeer(edge.router.port());
    }

    @Test
    void anHttp11ClientIsAnsweredToo() {
        try (FakeInstance web = answering("hello")) {
            route(web);
            try (Conversation client = edge.connect()) {
                for (int i = 0; i < 3; i++) {
                    assertThat(client.get("shop.localhost", "/a?b").readMessage())
                            .startsWith("HTTP/1.1 200 OK\r\n")
                            .containsIgnoringCase("x-app: yes")
                            .contains("hello");
                }
                client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: x-hop\r\nX-Hop: 1\r\n"
                        + "Content-Length: 2\r\nX-Up: 1\r\n\r\nab");
                assertThat(client.readMessage()).contains("hello");
            }
            assertThat(web.connections()).isEqualTo(1);
            assertThat(requests.getFirst())
                    .contains(":method=GET", ":scheme=http", ":authority=shop.localhost", ":path=/a?b", "te=trailers")
                    .doesNotContain("connection", " host=");
            assertThat(requests.getLast())
                    .contains("x-up=1", "content-length=2")
                    .doesNotContain("x-hop");
        }
    }

    @Test
    void grpcPassesWithItsTrailers() {
        try (FakeInstance web = app("web.1", new byte[0], (peer, frame) -> {
            if (frame.type() == FramePeer.DATA && frame.has(1)) {
                peer.headers(frame.stream(), false, ":status", "200", "content-type", "application/grpc")
                        .data(frame.stream(), "\0\0\0\0\2hi", false)
                        .headers(frame.stream(), true, "grpc-status", "0", "grpc-message", "fine");
            } else if (frame.type() == FramePeer.HEADERS && frame.has(1)) {
                peer.headers(frame.stream(), true, ":status", "200", "grpc-status", "12");
            }
        })) {
            route(web);
            try (FramePeer client = client()) {
                client.post(
                        1, "shop.localhost", "/pkg.Service/Call", "te", "trailers", "content-type", "application/grpc");
                FramePeer.Answer answer = client.data(1, "\0\0\0\0\1x", true).answer(1);
                assertThat(answer.text()).isEqualTo("\0\0\0\0\2hi");
                assertThat(answer.trailers()).containsEntry("grpc-status", "0").containsEntry("grpc-message", "fine");
                // Trailers alone: one frame, with everything.
                FramePeer.Answer only = client.get(3, "shop.localhost", "/").answer(3);
                assertThat(only.heads).hasSize(1);
                assertThat(only.head()).containsEntry("grpc-status", "12");
                assertThat(only.text()).isEmpty();
            }
        }
    }

    @Test
    void messagesGoBothWaysWhileTheStreamIsOpen() {
        try (FakeInstance web = app("web.1", new byte[0], (peer, frame) -> {
            if (frame.type() == FramePeer.HEADERS) {
                peer.headers(frame.stream(), false, ":status", "200");
            } else if (frame.type() == FramePeer.DATA) {
                peer.data(
                        frame.stream(),
                        new String(frame.payload(), StandardCharsets.US_ASCII).toUpperCase(Locale.ROOT),
                        frame.has(1));
            }
        })) {
            route(web);
            try (FramePeer client = client()) {
                client.post(1, "shop.localhost", "/").head(1);
                for (String word : List.of("one", "two", "three")) {
                    int before = client.heard(1).body.size();
                    client.data(1, word, false);
                    while (client.heard(1).body.size() < before + word.length()) {
                        client.next();
                    }
                }
                assertThat(client.data(1, "", true).answer(1).text()).isEqualTo("ONETWOTHREE");
            }
        }
    }

    @Test
    void theAppsLimitOfStreamsIsKeptWithMoreConnections() {
        AtomicInteger most = new AtomicInteger();
        try (FakeInstance web = new FakeInstance("web.1", wire -> {
            FramePeer peer = FramePeer.serving(wire, FramePeer.setting(3, 2));
            int open = 0;
            for (FramePeer.Frame frame = peer.next(); frame.type() >= 0; frame = peer.next()) {
                if (frame.type() == FramePeer.HEADERS) {
                    most.accumulateAndGet(++open, Math::max);
                    if (open == 2) {
                        proceed.await();
                    }
                }
                if (open == 2) {
                    for (int i = 0; i < 2; i++) {
                        peer.headers(frame.stream() - 2 * i, false, ":status", "200")
                                .data(frame.stream() - 2 * i, "x", true);
                    }
                    open = 0;
                }
            }
        })) {
            route(web);
            try (FramePeer client = client()) {
                for (int id = 1; id < 21; id += 2) {
                    client.get(id, "shop.localhost", "/");
                }
                Awaitility.await().until(() -> web.connections() == 5);
                proceed.countDown();
                for (int id = 1; id < 21; id += 2) {
                    assertThat(client.answer(id).text()).isEqualTo("x");
                }
            }
            assertThat(most).hasValue(2);
            assertThat(web.connections()).isEqualTo(5);
        }
    }

    @Test
    void aResetOfTheClientReachesTheAppAndTheConnectionStays() throws InterruptedException {
        CountDownLatch reset = new CountDownLatch(1);
        try (FakeInstance web = app("web.1", new byte[0], (peer, frame) -> {
            if (frame.type() == FramePeer.RST_STREAM) {
                reset.countDown();
            } else if (frame.type() == FramePeer.HEADERS && frame.stream() > FIRST) {
                peer.headers(frame.stream(), true, ":status", "204");
            }
        })) {
            route(web);
            try (FramePeer client = client()) {
                client.get(1, "shop.localhost", "/");
                Awaitility.await().until(() -> requests.size() == 1);
                client.reset(1, 8);
                reset.await();
                assertThat(client.get(3, "shop.localhost", "/").answer(3).status())
                        .isEqualTo("204");
                assertThat(web.connections()).isEqualTo(1);
            }
        }
    }

    @Test
    void anAppThatResetsCutsTheAnswerOrFailsTheRequest() {
        try (FakeInstance web = app("web.1", new byte[0], (peer, frame) -> {
            if (frame.type() == FramePeer.HEADERS) {
                if (frame.stream() > FIRST) {
                    peer.headers(frame.stream(), false, ":status", "200").data(frame.stream(), "part", false);
                }
                peer.reset(frame.stream(), 2);
            }
        })) {
            route(web);
            try (FramePeer client = client()) {
                assertThat(client.get(1, "shop.localhost", "/").answer(1).status())
                        .isEqualTo("502");
                FramePeer.Answer cut = client.get(3, "shop.localhost", "/").answer(3);
                assertThat(cut.ended).isFalse();
                assertThat(cut.reset).isEqualTo(2);
            }
        }
    }

    @Test
    void aBodyWithoutAHeadIsNoAnswer() {
        try (FakeInstance web = app("web.1", new byte[0], (peer, frame) -> {
            if (frame.type() == FramePeer.HEADERS) {
                peer.data(frame.stream(), "hello", true);
            }
        })) {
            route(web);
            assertThat(edge.get("/")).startsWith("HTTP/1.1 502 ").contains("bad_response");
        }
    }

    @Test
    void aRequestThatTheAppRefusedOrNeverSawIsSentAgain() {
        AtomicInteger refusals = new AtomicInteger();
        try (FakeInstance web = app("web.1", new byte[0], (peer, frame) -> {
            if (frame.type() == FramePeer.HEADERS) {
                switch (refusals.getAndIncrement()) {
                    case 1 -> peer.reset(frame.stream(), 7);
                    case 3 ->
                        peer.frame(
                                FramePeer.GOAWAY,
                                0,
                                0,
                                java.nio.ByteBuffer.allocate(8)
                                        .putInt(frame.stream() - 2)
                                        .array());
                    default -> peer.headers(frame.stream(), true, ":status", "204");
                }
            }
        })) {
            route(web);
            try (FramePeer client = client()) {
                for (int id = 1; id < 9; id += 2) {
                    assertThat(client.get(id, "shop.localhost", "/").answer(id).status())
                            .isEqualTo("204");
                }
            }
            assertThat(refusals).hasValue(6);
        }
    }

    @Test
    void anAppThatSpeaksHttp11InsteadIsSaidToDoSo() {
        try (FakeInstance web = FakeInstance.polite("web");
                FakeInstance hangsUp = new FakeInstance("web.2", wire -> {})) {
            route(web);
            assertThat(edge.get("/")).startsWith("HTTP/1.1 502 ").contains("does not speak HTTP/2", "protocol");
            route(hangsUp);
            assertThat(edge.get("/")).startsWith("HTTP/1.1 502 ");
            web.stop();
            route(web);
            assertThat(edge.get("/")).startsWith("HTTP/1.1 502 ").contains("upstream_refused");
        }
    }

    @Test
    void aSlowReaderStopsItsOwnStreamAndNoOther() {
        try (FakeInstance web = new FakeInstance("web.1", wire -> {
            FramePeer peer = FramePeer.serving(wire, new byte[0]);
            int granted = 0;
            int sent = 0;
            for (FramePeer.Frame frame = peer.next(); frame.type() >= 0; frame = peer.next()) {
                if (frame.type() == FramePeer.HEADERS) {
                    peer.headers(frame.stream(), false, ":status", "200");
                    if (frame.stream() > FIRST) {
                        peer.data(frame.stream(), "quick", true);
                    } else {
                        granted = 65_535;
                    }
                }
                if (frame.type() == FramePeer.WINDOW_UPDATE && frame.stream() == FIRST) {
                    granted += frame.number(0);
                }
                while (granted - sent >= 16_000 && sent < 64 * MEGABYTE) {
                    peer.data(FIRST, "x".repeat(16_000), false);
                    sent += 16_000;
                }
            }
        })) {
            route(web);
            try (Conversation slow = edge.connect();
                    FramePeer client = client()) {
                slow.get("shop.localhost", "/huge").readHead();
                for (int id = 1; id < 9; id += 2) {
                    assertThat(client.get(id, "shop.localhost", "/").answer(id).text())
                            .isEqualTo("quick");
                }
                assertThat(edge.router.bufferBytes()).isLessThan(32L * MEGABYTE);
            }
        }
    }

    @Test
    void anUploadIsHeldBackByTheAppsWindow() {
        try (FakeInstance web = new FakeInstance("web.1", wire -> {
            FramePeer peer = FramePeer.serving(wire, new byte[0]).stingy();
            peer.await(FramePeer.HEADERS);
            while (peer.heard(FIRST).body.size() < 65_535) {
                peer.next();
            }
            proceed.await();
            peer.window(0, 8 * MEGABYTE).window(FIRST, 8 * MEGABYTE);
            FramePeer.Answer got = peer.answer(FIRST);
            peer.headers(FIRST, false, ":status", "200").data(FIRST, Integer.toString(got.body.size()), true);
            peer.next();
        })) {
            route(web);
            try (Conversation client = edge.connect()) {
                client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: " + MEGABYTE + "\r\n\r\n");
                client.write(new byte[MEGABYTE / 2]);
                proceed.countDown();
                client.write(new byte[MEGABYTE / 2]);
                assertThat(client.readMessage()).contains(Integer.toString(MEGABYTE));
            }
        }
    }

    @Test
    void anUploadThatTheAppAnswersAndDoesNotTakeIsWithdrawn() {
        byte[] oneStreamOfTenBytes = ByteBuffer.allocate(12)
                .put(FramePeer.setting(3, 1))
                .put(FramePeer.setting(4, 10))
                .array();
        AtomicInteger withdrawn = new AtomicInteger();
        try (FakeInstance web = app("web.1", oneStreamOfTenBytes, (peer, frame) -> {
            if (frame.type() == FramePeer.HEADERS) {
                peer.headers(frame.stream(), true, ":status", "401");
            } else if (frame.type() == FramePeer.RST_STREAM) {
                withdrawn.incrementAndGet();
            }
        })) {
            route(web);
            try (Conversation client = edge.connect()) {
                for (int i = 1; i < 4; i++) {
                    client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 5000\r\n\r\n");
                    assertThat(client.write(new byte[5000]).readHead()).startsWith("HTTP/1.1 401 ");
                    assertThat(client.readLine()).isEqualTo("0");
                    assertThat(client.readLine()).isEmpty();
                }
            }
            Awaitility.await().until(() -> withdrawn.get() == 3);
            assertThat(web.connections()).isEqualTo(1);
        }
    }

    @Test
    void interimAnswersAndHeadsPass() {
        try (FakeInstance web = app("web.1", new byte[0], (peer, frame) -> {
            if (frame.type() == FramePeer.HEADERS) {
                peer.headers(frame.stream(), false, ":status", "103", "link", "</a.css>");
                peer.headers(frame.stream(), true, ":status", "200", "content-length", "9");
            }
        })) {
            route(web);
            try (Conversation client = edge.connect()) {
                client.write("HEAD / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
                assertThat(client.readHead()).startsWith("HTTP/1.1 103 ").containsIgnoringCase("link: </a.css>");
                assertThat(client.readHead()).startsWith("HTTP/1.1 200 ").containsIgnoringCase("content-length: 9");
                assertThat(client.get("nobody", "/").readMessage()).startsWith("HTTP/1.1 404 ");
            }
        }
    }

    @Test
    void connectionsToAnInstanceThatLeftTheTableAreClosed() {
        CountDownLatch closed = new CountDownLatch(1);
        try (FakeInstance web = new FakeInstance("web.1", wire -> {
                    FramePeer peer = FramePeer.serving(wire, new byte[0]);
                    for (FramePeer.Frame frame = peer.next(); frame.type() >= 0; frame = peer.next()) {
                        if (frame.type() == FramePeer.HEADERS) {
                            peer.headers(frame.stream(), true, ":status", "204");
                        }
                    }
                    closed.countDown();
                });
                FakeInstance next = answering("next")) {
            route(web);
            assertThat(edge.get("/")).startsWith("HTTP/1.1 204");
            route(next);
            assertThat(edge.get("/")).contains("next");
            Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> closed.getCount() == 0);
        }
    }

    private static final String WEBSOCKET = String.join(
            "\r\n",
            "GET /chat HTTP/1.1",
            "Host: shop.localhost",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: %s",
            "",
            "");

    /** Of RFC 6455, 1.3. */
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    /** Takes WebSockets as streams, and sends back what it gets. */
    private FakeInstance echo() {
        return app("web.1", FramePeer.setting(8, 1), (peer, frame) -> {
            if (frame.type() == FramePeer.HEADERS) {
                peer.headers(frame.stream(), false, ":status", "200", "sec-websocket-protocol", "chat");
            } else if (frame.type() == FramePeer.DATA && frame.payload().length > 0) {
                peer.data(
                        frame.stream(),
                        new String(frame.payload(), StandardCharsets.ISO_8859_1),
                        frame.payload()[0] == 'z');
            }
        });
    }

    @Test
    void aWebSocketIsAStreamToTheAppWhateverTheClientSpeaks() {
        try (FakeInstance web = echo()) {
            route(web);
            try (Conversation client = edge.connect()) {
                client.write(WEBSOCKET.formatted(KEY));
                assertThat(client.readHead())
                        .startsWith("HTTP/1.1 101 ")
                        .containsIgnoringCase("upgrade: websocket")
                        .containsIgnoringCase("connection: upgrade")
                        .containsIgnoringCase("sec-websocket-protocol: chat")
                        .containsIgnoringCase("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
                client.write("ping");
                assertThat(client.read(4)).isEqualTo("ping");
                client.write("zap");
                assertThat(client.read(3)).isEqualTo("zap");
                // The app has ended its side.
                assertThat(client.readByte()).isEqualTo(-1);
            }
            assertThat(requests.getFirst())
                    .contains(":method=CONNECT", ":protocol=websocket", ":path=/chat", ":authority=shop.localhost")
                    .contains("sec-websocket-version=13")
                    .doesNotContain("sec-websocket-key", "upgrade=");
            try (FramePeer client = client()) {
                client.headers(
                        1,
                        false,
                        ":method",
                        "CONNECT",
                        ":protocol",
                        "websocket",
                        ":scheme",
                        "http",
                        ":authority",
                        "shop.localhost",
                        ":path",
                        "/chat");
                assertThat(client.head(1).status()).isEqualTo("200");
                client.data(1, "pong", false);
                while (client.heard(1).body.size() < 4) {
                    client.next();
                }
                assertThat(client.heard(1).text()).isEqualTo("pong");
            }
            Awaitility.await().until(() -> edge.router.inFlight(web.address()) == 0);
        }
    }

    @Test
    void anAppWhoseSettingsDoNotAllowWebSocketsIsSaidToDoSo() {
        try (FakeInstance web = answering("hello")) {
            route(web);
            for (int i = 0; i < 6; i++) {
                try (Conversation client = edge.connect()) {
                    client.write(WEBSOCKET.formatted(KEY));
                    assertThat(client.readMessage())
                            .startsWith("HTTP/1.1 502 ")
                            .contains("SETTINGS_ENABLE_CONNECT_PROTOCOL");
                }
            }
            // It is not held against the instance.
            assertThat(edge.get("/")).contains("hello");
        }
        try (FakeInstance web = echo()) {
            route(web);
            try (Conversation client = edge.connect()) {
                client.write(WEBSOCKET.formatted("short"));
                assertThat(client.readMessage()).startsWith("HTTP/1.1 400 ").contains("Sec-WebSocket-Key");
            }
        }
    }
}
