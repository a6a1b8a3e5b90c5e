package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.base.Descriptors;
import dev.stoa.platform.base.Threads;
import io.netty.buffer.Unpooled;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Instances, routers and processes go, and nobody is cut off without a word. */
class GoodbyeTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final String CLOSE_1001 = "\u0088\u0002\u0003\u00e9";
    private static final String CLOSE_1001_MASKED = "\u0088\u0082\0\0\0\0\u0003\u00e9";
    private static final String SWITCH = """
            HTTP/1.1 101 Switching Protocols\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Accept: x\r
            \r
            """;

    private static Conversation upgraded(TestRouter edge) {
        Conversation client = edge.connect();
        client.write("""
                GET / HTTP/1.1\r
                Host: shop.localhost\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                \r
                """);
        assertThat(client.readHead()).startsWith("HTTP/1.1 101 ");
        return client;
    }

    @Test
    void aWebSocketWhoseInstanceHasLeftIsToldSoBetweenTwoFramesAfterTheDrainTime() throws InterruptedException {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        CountDownLatch left = new CountDownLatch(1);
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    // A frame of 5 bytes, of which the router sees 2 before the instance leaves the table.
                    client.write(SWITCH + "\u0081\u0005he");
                    left.await();
                    heard.add(client.read(CLOSE_1001_MASKED.length()));
                    client.write("llo\u0081\u0001x");
                    client.readAll();
                })) {
            edge.router.drainTime(Duration.ofMillis(1));
            try (Conversation client = upgraded(edge.route(web))) {
                assertThat(client.read(4)).isEqualTo("\u0081\u0005he");
                edge.router.update(RouteTable.EMPTY);
                left.countDown();
                assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(CLOSE_1001_MASKED);
                assertThat(client.readAll()).startsWith("llo").endsWith(CLOSE_1001);
            }
            assertThat(edge.router.drain(java.util.Set.of(web.address()), LONG)).isTrue();
        }
    }

    @Test
    void aWebSocketOfAnInstanceThatStaysIsLeftAlone() {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    client.write(SWITCH);
                    client.write(client.read(4));
                    client.readAll();
                })) {
            edge.router.drainTime(Duration.ofMillis(1));
            try (Conversation client = upgraded(edge.route(web))) {
                edge.route(web);
                assertThat(client.write("\u0081\u0002hi").read(4)).isEqualTo("\u0081\u0002hi");
            }
        }
    }

    @Test
    void aWebSocketWhoseInstanceEndsWithoutAWordIsToldSo() {
        assertThat(lastWordsAfter("\u0081\u0002hi")).isEqualTo("\u0081\u0002hi" + CLOSE_1001);
        assertThat(lastWordsAfter("\u0081\u0002hi\u0088\u0002\u0003\u00e8")).endsWith("\u0088\u0002\u0003\u00e8");
        // Within a frame there is no place for a word.
        assertThat(lastWordsAfter("\u0081\u0002h")).isEqualTo("\u0081\u0002h");
    }

    private static String lastWordsAfter(String frames) {
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    client.write(SWITCH + frames);
                });
                Conversation client = upgraded(edge.route(web))) {
            return client.readAll();
        }
    }

    @Test
    void closingTheRouterTellsWebSockets() {
        TestRouter edge = new TestRouter();
        try (FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    client.write(SWITCH);
                    client.readAll();
                });
                Conversation client = upgraded(edge.route(web))) {
            Thread close = Threads.start("close", edge::close);
            assertThat(client.readAll()).isEqualTo(CLOSE_1001);
            client.leave();
            await().atMost(LONG).until(() -> !close.isAlive());
        }
    }

    @Test
    void theEndOfEveryFrameIsFoundHoweverTheBytesAreCut() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        FrameBoundary boundary = new FrameBoundary();
        for (int frame = 0; frame < 200; frame++) {
            int length = List.of(0, 1, 125, 126, 300, 65_535, 65_536, 70_000).get(random.nextInt(8));
            byte[] bytes = frame(length, random.nextBoolean());
            for (int at = 0; at < bytes.length; ) {
                assertThat(boundary.reached()).as("seed %d, byte %d", seed, at).isEqualTo(at == 0);
                int part = Math.min(bytes.length - at, 1 + random.nextInt(1 + bytes.length / 2));
                boundary.pass(Unpooled.wrappedBuffer(bytes, at, part));
                at += part;
            }
            assertThat(boundary.reached())
                    .as("seed %d, length %d", seed, length)
                    .isTrue();
        }
    }

    private static byte[] frame(int length, boolean masked) {
        int lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
        byte[] bytes = new byte[2 + lengthBytes + (masked ? 4 : 0) + length];
        bytes[0] = (byte) 0x82;
        bytes[1] = (byte) ((masked ? 0x80 : 0) | (lengthBytes == 0 ? length : lengthBytes == 2 ? 126 : 127));
        for (int i = 0; i < lengthBytes; i++) {
            bytes[1 + lengthBytes - i] = (byte) ((long) length >> (8 * i));
        }
        return bytes;
    }

    @Test
    void aRouterThatTakesOverTheSocketsOfAnotherLosesNoConnection() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger answered = new AtomicInteger();
        Queue<String> bad = new ConcurrentLinkedQueue<>();
        TestRouter old = new TestRouter();
        Router next = new Router(TestRouter.CONFIG, request -> {});
        try (FakeInstance web = FakeInstance.polite("web")) {
            int port = old.route(web).router.port();
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                boolean keeps = i % 2 == 0;
                clients.add(Threads.start("client", () -> ask(port, keeps, stop, answered, bad)));
            }
            await().atMost(LONG).until(() -> answered.get() > 200);

            Map<String, Integer> sockets = handedOver(old.router.sockets());
            next.inherit(sockets);
            next.start();
            assertThat(next.port()).isEqualTo(port);
            next.update(new RouteTable(Map.of("shop.localhost", new Route("shop", List.of(web.upstream()), ""))));
            next.accept();
            old.router.retire(LONG);

            int before = answered.get();
            await().atMost(LONG).until(() -> answered.get() > before + 200 || !bad.isEmpty());
            stop.set(true);
            for (Thread client : clients) {
                client.join();
            }
            assertThat(bad).isEmpty();
        } finally {
            stop.set(true);
            next.close();
        }
    }

    private static Map<String, Integer> handedOver(Map<String, Integer> sockets) throws Exception {
        Path meeting = Files.createTempDirectory("goodbye").resolve("socket");
        List<String> names = List.copyOf(sockets.keySet());
        Map<String, Integer> taken = new HashMap<>();
        try (Descriptors offer = Descriptors.offer(meeting)) {
            Thread giver = Threads.start("giver", () -> {
                try {
                    offer.give(List.copyOf(sockets.values()), LONG, () -> true);
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            List<Integer> descriptors = Descriptors.take(meeting, names.size(), LONG);
            giver.join();
            for (int i = 0; i < names.size(); i++) {
                taken.put(names.get(i), descriptors.get(i));
            }
        }
        return taken;
    }

    /** A client that keeps its connection does so until an answer says that it is the last one. */
    private static void ask(int port, boolean keeps, AtomicBoolean stop, AtomicInteger answered, Queue<String> bad) {
        while (!stop.get()) {
            try (Conversation client = Conversation.with(port)) {
                boolean last = false;
                while (!last && !stop.get()) {
                    String answer = client.get("shop.localhost", "/").readMessage();
                    if (!answer.startsWith("HTTP/1.1 200 ")) {
                        bad.add("answer: " + answer);
                        return;
                    }
                    answered.incrementAndGet();
                    last = !keeps || Conversation.header(answer, "connection").equalsIgnoreCase("close");
                }
            } catch (RuntimeException e) {
                bad.add(e.toString());
                return;
            }
        }
    }
}
