package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What an HTTP/2 client can say that HTTP/1.1 behind must not hear, and what it can do too often. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Http2AttackTest {
    private static final int PROTOCOL_ERROR = 1;
    private static final int FLOW_CONTROL_ERROR = 3;
    private static final int FRAME_SIZE_ERROR = 6;
    private static final int COMPRESSION_ERROR = 9;
    private static final int ENHANCE_YOUR_CALM = 11;

    private final TestRouter edge = new TestRouter();
    private final List<String> reached = new ArrayList<>();
    private final FakeInstance web = new FakeInstance("web.1", peer -> {
        for (String head = peer.readHead(); !head.isEmpty(); head = peer.readHead()) {
            synchronized (reached) {
                reached.add(head);
            }
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });

    Http2AttackTest() {
        edge.route(web);
    }

    @AfterAll
    void close() {
        edge.close();
        web.close();
    }

    private FramePeer client() {
        return new FramePeer(edge.router.port());
    }

    private static Arguments attack(String name, int code, Consumer<FramePeer> does) {
        return Arguments.of(name, code, does);
    }

    private static void repeat(FramePeer client, int times, byte[] frame) {
        byte[] many = new byte[frame.length * 100];
        for (int i = 0; i < 100; i++) {
            System.arraycopy(frame, 0, many, i * frame.length, frame.length);
        }
        try {
            for (int i = 0; i < times / 100; i++) {
                client.raw(many);
            }
        } catch (java.io.UncheckedIOException e) {
            // The router hung up, as it should.
        }
    }

    static Stream<Arguments> floods() {
        byte[] none = new byte[0];
        byte[] big = FramePeer.block("x-a", "b".repeat(4000));
        return Stream.of(
                attack(
                        "settings",
                        ENHANCE_YOUR_CALM,
                        client -> repeat(client, 10_000, FramePeer.bytes(FramePeer.SETTINGS, 0, 0, none))),
                attack(
                        "pings",
                        ENHANCE_YOUR_CALM,
                        client -> repeat(client, 10_000, FramePeer.bytes(FramePeer.PING, 0, 0, new byte[8]))),
                attack(
                        "priorities",
                        ENHANCE_YOUR_CALM,
                        client -> repeat(client, 10_000, FramePeer.bytes(FramePeer.PRIORITY, 0, 5, new byte[5]))),
                attack(
                        "window updates",
                        ENHANCE_YOUR_CALM,
                        client -> repeat(
                                client, 10_000, FramePeer.bytes(FramePeer.WINDOW_UPDATE, 0, 0, FramePeer.number(1)))),
                attack(
                        "unknown frames",
                        ENHANCE_YOUR_CALM,
                        client -> repeat(client, 10_000, FramePeer.bytes(99, 0, 0, none))),
                attack("empty data", ENHANCE_YOUR_CALM, client -> {
                    client.post(1, "shop.localhost", "/");
                    repeat(client, 10_000, FramePeer.bytes(FramePeer.DATA, 0, 1, none));
                }),
                attack("rapid resets", ENHANCE_YOUR_CALM, client -> {
                    try {
                        for (int id = 1; id < 4000; id += 2) {
                            client.get(id, "shop.localhost", "/").reset(id, 8);
                        }
                    } catch (java.io.UncheckedIOException e) {
                        // The router hung up, as it should.
                    }
                }),
                attack("resets that the router is led to", ENHANCE_YOUR_CALM, client -> {
                    try {
                        for (int id = 1; id < 4000; id += 2) {
                            client.get(id, "shop.localhost", "/").window(id, 0);
                        }
                    } catch (java.io.UncheckedIOException e) {
                        // The router hung up, as it should.
                    }
                }),
                attack("small continuations", ENHANCE_YOUR_CALM, client -> {
                    client.frame(FramePeer.HEADERS, 0, 1, FramePeer.block(":method", "GET"));
                    repeat(client, 10_000, FramePeer.bytes(FramePeer.CONTINUATION, 0, 1, none));
                }),
                attack("large continuations", ENHANCE_YOUR_CALM, client -> {
                    client.frame(FramePeer.HEADERS, 0, 1, FramePeer.block(":method", "GET"));
                    repeat(client, 10_000, FramePeer.bytes(FramePeer.CONTINUATION, 0, 1, big));
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("floods")
    void aFloodCostsItsConnectionAndNothingElse(String name, int code, Consumer<FramePeer> flood) {
        try (FramePeer bystander = client();
                FramePeer client = client()) {
            flood.accept(client);
            // A reset may overtake the GOAWAY.
            assertThat(client.goneWith()).isIn(code, -1);
            assertThat(bystander.get(1, "shop.localhost", "/").answer(1).text()).isEqualTo("ok");
        }
    }

    static Stream<Arguments> violations() {
        byte[] none = new byte[0];
        return Stream.of(
                attack("4.2 a frame too large", FRAME_SIZE_ERROR, c -> c.frame(FramePeer.DATA, 0, 1, new byte[16_385])),
                attack(
                        "4.3 nonsense for headers",
                        COMPRESSION_ERROR,
                        c -> c.frame(FramePeer.HEADERS, 5, 1, new byte[] {
                            (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff
                        })),
                attack("5.1 data on an idle stream", PROTOCOL_ERROR, c -> c.data(1, "x", true)),
                attack("5.1 a reset of an idle stream", PROTOCOL_ERROR, c -> c.reset(1, 8)),
                attack("5.1 a window for an idle stream", PROTOCOL_ERROR, c -> c.window(1, 5)),
                attack("5.1.1 an even stream", PROTOCOL_ERROR, c -> c.get(2, "shop.localhost", "/")),
                attack("6.1 data on no stream", PROTOCOL_ERROR, c -> c.data(0, "x", true)),
                attack(
                        "6.1 more padding than data",
                        PROTOCOL_ERROR,
                        c -> c.post(1, "shop.localhost", "/").frame(FramePeer.DATA, 8, 1, new byte[] {9, 1})),
                attack("6.2 headers on no stream", PROTOCOL_ERROR, c -> c.get(0, "shop.localhost", "/")),
                attack(
                        "6.2 something between headers",
                        PROTOCOL_ERROR,
                        c -> c.frame(FramePeer.HEADERS, 0, 1, FramePeer.block(":method", "GET"))
                                .ping(1)),
                attack("6.4 a short reset", FRAME_SIZE_ERROR, c -> c.frame(FramePeer.RST_STREAM, 0, 1, new byte[3])),
                attack("6.5 settings on a stream", PROTOCOL_ERROR, c -> c.frame(FramePeer.SETTINGS, 0, 1, none)),
                attack("6.5 settings cut short", FRAME_SIZE_ERROR, c -> c.frame(FramePeer.SETTINGS, 0, 0, new byte[5])),
                attack(
                        "6.5 a full acknowledgement",
                        FRAME_SIZE_ERROR,
                        c -> c.frame(FramePeer.SETTINGS, 1, 0, new byte[6])),
                attack(
                        "6.5.2 push is neither on nor off",
                        PROTOCOL_ERROR,
                        c -> c.frame(FramePeer.SETTINGS, 0, 0, FramePeer.setting(2, 2))),
                attack(
                        "6.5.2 a window too large",
                        FLOW_CONTROL_ERROR,
                        c -> c.frame(FramePeer.SETTINGS, 0, 0, FramePeer.setting(4, -1))),
                attack(
                        "6.5.2 frames too small",
                        PROTOCOL_ERROR,
                        c -> c.frame(FramePeer.SETTINGS, 0, 0, FramePeer.setting(5, 100))),
                attack(
                        "6.6 a client pushes",
                        PROTOCOL_ERROR,
                        c -> c.get(1, "shop.localhost", "/")
                                .frame(FramePeer.PUSH_PROMISE, 4, 1, new byte[] {0, 0, 0, 2})),
                attack("6.7 a short ping", FRAME_SIZE_ERROR, c -> c.frame(FramePeer.PING, 0, 0, new byte[7])),
                attack("6.7 a ping on a stream", PROTOCOL_ERROR, c -> c.frame(FramePeer.PING, 0, 1, new byte[8])),
                attack("6.9 a window of nothing", PROTOCOL_ERROR, c -> c.window(0, 0)),
                attack("6.9.1 too much window", FLOW_CONTROL_ERROR, c -> c.window(0, Integer.MAX_VALUE)),
                attack(
                        "6.10 a continuation of nothing",
                        PROTOCOL_ERROR,
                        c -> c.frame(FramePeer.CONTINUATION, 4, 1, none)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("violations")
    void aViolationEndsTheConnectionWithItsCode(String name, int code, Consumer<FramePeer> violate) {
        try (FramePeer client = client()) {
            violate.accept(client);
            assertThat(client.goneWith()).isEqualTo(code);
        }
    }

    @Test
    void aConnectionThatDoesNotBeginWithSettingsEnds() {
        try (Conversation raw = edge.connect()) {
            raw.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
            raw.write(FramePeer.bytes(FramePeer.PING, 0, 0, new byte[8]));
            assertThat(raw.readAll()).contains("SETTINGS");
        }
    }

    @Test
    void moreDataThanPromisedNeverReachesTheApp() throws Exception {
        List<String> heard = new ArrayList<>();
        java.util.concurrent.CountDownLatch over = new java.util.concurrent.CountDownLatch(1);
        try (FakeInstance app = new FakeInstance("web.1", peer -> {
                    peer.readHead();
                    heard.add(peer.readAll());
                    over.countDown();
                });
                TestRouter router = new TestRouter().route(app);
                FramePeer client = new FramePeer(router.router.port())) {
            client.post(1, "shop.localhost", "/", "content-length", "5");
            client.data(1, "helloGET /evil HTTP/1.1\r\nHost: shop.localhost\r\n\r\n", true);
            assertThat(client.answer(1).outcome()).isEqualTo("reset 1");
            over.await();
            assertThat(heard.getFirst()).doesNotContain("evil");
        }
    }

    @Test
    void lessDataThanPromisedNeverLooksLikeAWholeBody() throws Exception {
        List<String> heard = new ArrayList<>();
        java.util.concurrent.CountDownLatch over = new java.util.concurrent.CountDownLatch(1);
        try (FakeInstance app = new FakeInstance("web.1", peer -> {
                    heard.add(peer.readHead() + peer.readAll());
                    over.countDown();
                });
                TestRouter router = new TestRouter().route(app);
                FramePeer client = new FramePeer(router.router.port())) {
            client.post(1, "shop.localhost", "/", "content-length", "9").data(1, "hello", true);
            assertThat(client.answer(1).outcome()).isEqualTo("reset 1");
            over.await();
            // The head may not even have been sent.
            String body = heard.getFirst().substring(heard.getFirst().indexOf("\r\n\r\n") + 1);
            assertThat(body.strip().length()).isLessThan(9);
        }
    }

    @ParameterizedTest
    @CsvSource({"x-a, 431", "x-b, 200"})
    void aHeaderMayBeAsLongAsOverHttp11(String name, String status) {
        int length = name.equals("x-a") ? 8190 : 8180;
        try (FramePeer client = client()) {
            String[] fields = DowngradeTest.fields("GET " + name + "=" + "v".repeat(length));
            assertThat(client.headers(1, true, fields).answer(1).status()).isEqualTo(status);
        }
    }

    @Test
    void anEndlessPathGets414() {
        try (FramePeer client = client()) {
            assertThat(client.get(1, "shop.localhost", "/" + "a".repeat(9000))
                            .answer(1)
                            .status())
                    .isEqualTo("414");
        }
    }

    @Test
    void headersThatAreTooManyOrTooLargeGet431() {
        try (FramePeer client = client()) {
            String[] many = Arrays.copyOf(DowngradeTest.fields("GET"), 8 + 2 * 1001);
            Arrays.fill(many, 8, many.length, "x");
            assertThat(client.headers(1, true, many).answer(1).status()).isEqualTo("431");
            // 17 KB of frames say 70 KB of headers, by reference to one that the router remembers.
            byte[] first = FramePeer.block(DowngradeTest.fields("GET"));
            String value = "v".repeat(3900);
            byte[] literal = FramePeer.block("x-a", value);
            literal[0] = 0x40;
            byte[] block = new byte[first.length + literal.length + 20];
            System.arraycopy(first, 0, block, 0, first.length);
            System.arraycopy(literal, 0, block, first.length, literal.length);
            Arrays.fill(block, first.length + literal.length, block.length, (byte) (0x80 | 62));
            client.frame(FramePeer.HEADERS, 5, 3, block);
            assertThat(client.answer(3).status()).isEqualTo("431");
            assertThat(client.heard(3).head()).containsEntry("stoa-error", "headers_too_large");
            assertThat(client.get(5, "shop.localhost", "/").answer(5).text()).isEqualTo("ok");
        }
    }

    @Test
    void aBombOfBytesThatIsNotHttpAtAllEndsQuietly() {
        try (FramePeer client = client()) {
            client.raw("GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(client.goneWith()).isEqualTo(FRAME_SIZE_ERROR);
        }
    }
}
