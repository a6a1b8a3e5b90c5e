package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Messages and frames put together by chance out of pieces that are valid, nearly valid, or noise, from either side. Whatever it was:
 * nobody hears what nobody said plainly, the router breaks on nothing of its own, keeps no buffer, and serves the next one.
 *
 * <p>{@code STOA_NOISE_ROUNDS} makes it longer, {@code STOA_NOISE_SEED} repeats one that failed.
 */
class NoiseTest {
    private static final int ROUNDS =
            setting("STOA_NOISE_ROUNDS").map(Integer::parseInt).orElse(150);
    private static final String EVIL = "GET /evil HTTP/1.1\r\nHost: shop.localhost\r\n\r\n";
    private static final String GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

    private final long seed = setting("STOA_NOISE_SEED").map(Long::parseLong).orElseGet(System::nanoTime);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final TestRouter edge = new TestRouter(TestRouter.oneLoop());
    private final Queue<String> broken = new ConcurrentLinkedQueue<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord told) {
            broken.add(told.getMessage() + " " + told.getThrown());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };
    private final Logger log = Logger.getLogger("dev.stoa.platform.router");

    private static Optional<String> setting(String name) {
        return Optional.ofNullable(System.getenv(name));
    }

    @BeforeEach
    void listens() {
        listener.setLevel(Level.WARNING);
        log.addHandler(listener);
    }

    @AfterEach
    void leavesNothing() {
        log.removeHandler(listener);
        edge.close();
        assertThat(broken).as("seed=%d", seed).isEmpty();
        assertThat(edge.router.buffersInUse()).as("seed=%d", seed).isZero();
    }

    private String any(List<String> pieces) {
        return pieces.get(random.nextInt(pieces.size()));
    }

    private boolean oneOf(int count) {
        return random.nextInt(count) == 0;
    }

    /** In pieces, ~ is a line end, ^ a line feed, ! a return, $ a zero byte, and EVIL a request. */
    private String text(List<String> pieces, int countMax) {
        StringBuilder noise = new StringBuilder();
        for (int i = random.nextInt(1, countMax); i > 0; i--) {
            noise.append(any(pieces));
        }
        return SmugglingTest.wire(noise.toString());
    }

    // Requests.

    private static final List<String> REQUESTS = List.of(
            "GET / HTTP/1.1~",
            "POST /a HTTP/1.1~",
            "POST / HTTP/1.0~",
            "GET  / HTTP/1.1~",
            "HOST~",
            "HOST~",
            "Host : x~",
            "Content-Length: 5~",
            "Content-Length: 0~",
            "Content-Length:\t5~",
            "Transfer-Encoding: chunked~",
            "Transfer-Encoding: chunked~",
            "Transfer-Encoding: identity~",
            "transfer-encoding:chunked ~",
            "X-A: b~",
            " folded~",
            "~",
            "~",
            "~~",
            "^",
            "!",
            "$",
            "5~hello~",
            "2c~EVIL~",
            "0~~",
            "5;x=y~hello~",
            "0;^~",
            "0~X-T: 1~~",
            "0~Host: evil~Content-Length: 44~~",
            "0~X-T : 1~~",
            "Connection: close~",
            "Connection: content-length~",
            "Expect: 100-continue~",
            "Upgrade: websocket~Connection: Upgrade~",
            "PRI * HTTP/2.0~~SM~~",
            "\u00ff\u0080",
            "hello",
            ":",
            "Trailer: X-T~",
            "GET / HTTP/1.1~HOST~~",
            "POST /b HTTP/1.1~HOST~Content-Length: 44~~EVIL",
            "POST /c HTTP/1.1~HOST~Transfer-Encoding: chunked~~2c~EVIL~0~~");

    /** Hears requests one by one, each by its framing. */
    private FakeInstance hearing(Queue<String> heads) {
        return new FakeInstance("web.1", peer -> {
            for (String message = peer.readMessage(); !message.isEmpty(); message = peer.readMessage()) {
                heads.add(message.substring(0, message.indexOf("\r\n\r\n") + 2));
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
    }

    private void isPlain(String head, String sent) {
        List<String> names = head.lines()
                .skip(1)
                .map(line -> line.substring(0, line.indexOf(':')).toLowerCase(java.util.Locale.ROOT))
                .toList();
        assertThat(head).as("seed=%d sent=%s", seed, sent).matches(PLAIN).doesNotContain("/evil");
        assertThat(names.stream().filter("host"::equals))
                .as("seed=%d sent=%s", seed, sent)
                .hasSize(1);
        assertThat(names.stream().filter(name -> name.equals("content-length") || name.equals("transfer-encoding")))
                .as("seed=%d sent=%s head=%s", seed, sent, head)
                .hasSizeLessThanOrEqualTo(1);
    }

    private static final Pattern PLAIN =
            Pattern.compile("[!-~]+ [!-\u00ff]+ HTTP/1\\.1\r\n([!#-'*+.0-9A-Z^-z|~-]+:[\t -\u00ff]*\r\n)+");

    @Test
    void noRequestIsHeardThatNobodySent() {
        Queue<String> heads = new ConcurrentLinkedQueue<>();
        try (FakeInstance web = hearing(heads)) {
            edge.route(web);
            for (int round = 0; round < ROUNDS; round++) {
                heads.clear();
                String sent = text(REQUESTS, 14);
                try (Conversation client = edge.connect()) {
                    client.write("POST /first HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: " + EVIL.length()
                            + "\r\n\r\n" + EVIL + sent);
                    client.readHead();
                }
                theNextIsServed(web);
                heads.forEach(head -> isPlain(head, sent));
            }
        }
    }

    private void theNextIsServed(FakeInstance web) {
        try (Conversation client = edge.connect()) {
            assertThat(client.get("shop.localhost", "/after").readMessage())
                    .as("seed=%d", seed)
                    .startsWith("HTTP/1.1 200 OK\r\n");
        }
        Awaitility.await("nothing is in flight, seed=" + seed)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> edge.router.inFlight(web.address()) == 0);
    }

    // Frames of a client.

    private static final List<String> FIELDS = List.of(
            "x-a=b",
            "x-a=",
            "x-a=\u00e9",
            "X-A=b",
            "x-a=b~c",
            "x-a=b$",
            "x-a=·b",
            "x·a=b",
            ":path=/evil",
            ":evil=1",
            ":protocol=websocket",
            "host=shop.localhost",
            "host=evil",
            "cookie=a",
            "cookie=b",
            "content-length=5",
            "content-length=44",
            "content-length=0",
            "content-length=-1",
            "transfer-encoding=chunked",
            "connection=close",
            "te=trailers",
            "te=gzip",
            "expect=100-continue",
            "upgrade=h2c",
            "x_forwarded_for=evil");

    private String[] fields(String first) {
        StringBuilder table = new StringBuilder(first);
        for (int i = random.nextInt(3); i > 0; i--) {
            table.append(table.isEmpty() ? "" : " ").append(any(FIELDS));
        }
        return table.isEmpty() ? new String[0] : DowngradeTest.fields(table.toString());
    }

    /** A head in one frame or in several, with padding and priority or without. */
    private void head(FramePeer peer, int stream, String[] fields) {
        byte[] block = FramePeer.block(fields);
        int end = oneOf(2) ? FramePeer.END_STREAM : 0;
        int cut = oneOf(4) ? random.nextInt(block.length + 1) : block.length;
        byte[] first = java.util.Arrays.copyOf(block, cut);
        if (cut == block.length) {
            peer.frame(FramePeer.HEADERS, end | FramePeer.END_HEADERS, stream, first);
            return;
        }
        peer.frame(FramePeer.HEADERS, end, stream, first);
        byte[] rest = java.util.Arrays.copyOfRange(block, cut, block.length);
        int whole = oneOf(20) ? 0 : FramePeer.END_HEADERS;
        peer.frame(FramePeer.CONTINUATION, whole, oneOf(20) ? stream + 2 : stream, rest);
    }

    private void data(FramePeer peer, int stream) {
        String text = any(List.of("", "hello", EVIL, "x".repeat(9000)));
        int end = oneOf(2) ? FramePeer.END_STREAM : 0;
        if (oneOf(4)) {
            int padding = random.nextInt(256);
            byte[] bytes = new byte[1 + text.length() + padding];
            bytes[0] = (byte) (oneOf(10) ? 255 : padding);
            System.arraycopy(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1), 0, bytes, 1, text.length());
            peer.frame(FramePeer.DATA, end | 8, stream, bytes);
        } else {
            peer.data(stream, text, end != 0);
        }
    }

    /** @param starts the pseudo-headers that a message may begin with */
    private void frame(FramePeer peer, int stream, List<String> starts) {
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3, 4 -> head(peer, stream, fields(any(starts)));
            case 5, 6, 7 -> data(peer, stream);
            case 8 -> head(peer, stream, fields(""));
            case 9 -> peer.reset(stream, random.nextInt(14));
            case 10 -> peer.window(oneOf(2) ? 0 : stream, random.nextInt(oneOf(2) ? Integer.MAX_VALUE : 9000));
            case 11 ->
                peer.frame(
                        FramePeer.SETTINGS,
                        oneOf(8) ? FramePeer.ACK : 0,
                        0,
                        FramePeer.setting(random.nextInt(10), oneOf(2) ? random.nextInt(3) : random.nextInt()));
            case 12 -> peer.ping(random.nextLong());
            case 13 -> peer.frame(FramePeer.PRIORITY, 0, stream, new byte[oneOf(4) ? 4 : 5]);
            case 14 -> peer.frame(random.nextInt(256), random.nextInt(256), stream, new byte[random.nextInt(40)]);
            default -> peer.frame(FramePeer.GOAWAY, 0, 0, new byte[oneOf(4) ? 3 : 8]);
        }
    }

    private int stream(int begun) {
        return oneOf(30) ? random.nextInt(8) : 1 + 2 * random.nextInt(begun + 1);
    }

    private static final List<String> HEADS_OF_REQUESTS = List.of(
            "GET",
            "POST",
            "POST",
            ":method=HEAD :scheme=http :authority=shop.localhost :path=/",
            ":method=CONNECT :protocol=websocket :scheme=http :authority=shop.localhost :path=/ws",
            ":method=GET :scheme=http :path=/");

    @Test
    void noFramesAreHeardAsARequestThatNobodySent() {
        Queue<String> heads = new ConcurrentLinkedQueue<>();
        try (FakeInstance web = hearing(heads)) {
            edge.route(web);
            for (int round = 0; round < ROUNDS; round++) {
                heads.clear();
                try (FramePeer client = new FramePeer(edge.router.port())) {
                    whileOpen(client, peer -> {
                        for (int i = 0; i < 12; i++) {
                            frame(peer, stream(i / 3), HEADS_OF_REQUESTS);
                        }
                        peer.ping(7);
                        peer.await(FramePeer.PING);
                    });
                }
                theNextIsServed(web);
                int number = round;
                heads.forEach(head -> isPlain(head, "round " + number));
            }
        }
    }

    private static void whileOpen(FramePeer peer, Consumer<FramePeer> does) {
        try {
            does.accept(peer);
        } catch (UncheckedIOException e) {
            // The router hung up.
        }
    }

    // Answers.

    private static final List<String> ANSWERS = List.of(
            "HTTP/1.1 200 OK~",
            "HTTP/1.1 200 OK~",
            "HTTP/1.1 204 No Content~",
            "HTTP/1.1 205 Reset Content~",
            "HTTP/1.1 304 Not Modified~",
            "HTTP/1.1 103 Early Hints~~",
            "HTTP/1.1 101 Switching Protocols~Upgrade: websocket~Connection: Upgrade~~",
            "HTTP/1.0 200 OK~",
            "HTTP/1.1 OK~",
            "Content-Length: 4~",
            "Content-Length: 4~",
            "Content-Length: 0~",
            "Content-Length: -4~",
            "Transfer-Encoding: chunked~",
            "Transfer-Encoding: chunked~",
            "Transfer-Encoding: gzip~",
            "X-A: b~",
            "X-A : b~",
            " folded~",
            "words~",
            "Connection: close~",
            "Connection: content-length~",
            "Date: now~",
            "~",
            "~",
            "~",
            "^",
            "!",
            "$",
            "4~evil~",
            "4;a=b~evil~",
            "evil",
            "0~~",
            "0~X-T: 1~Content-Length: 9~Connection: x~~",
            "0~X-T~~",
            "HTTP/1.1 200 OK~Content-Length: 4~~evil");

    @Test
    void noAnswerIsReadAsAnotherOne() {
        Queue<String> answers = new ConcurrentLinkedQueue<>();
        try (FakeInstance web = new FakeInstance("web.1", peer -> {
            while (!peer.readMessage().isEmpty()) {
                String noise = answers.poll();
                peer.write(noise == null ? GOOD : noise);
                if (noise != null) {
                    return;
                }
            }
        })) {
            edge.route(web);
            for (int round = 0; round < ROUNDS; round++) {
                String said = text(ANSWERS, 12);
                answers.add(said);
                if (oneOf(2)) {
                    isOneAnswerAndTheNext(said);
                } else {
                    try (FramePeer client = new FramePeer(edge.router.port())) {
                        FramePeer.Answer answer =
                                client.get(1, "shop.localhost", "/first").answer(1);
                        assertThat(answer.ended || answer.reset >= 0)
                                .as("seed=%d said=%s", seed, said)
                                .isTrue();
                    }
                }
                answers.clear();
                theNextIsGood(said);
            }
        }
    }

    private void theNextIsGood(String said) {
        assertThat(edge.get("/after")).as("seed=%d said=%s", seed, said).endsWith("\r\n\r\ngood");
    }

    /** Asks twice over one connection, which the first answer may end. */
    private void isOneAnswerAndTheNext(String said) {
        try (Conversation client = edge.connect()) {
            String all = client.write("POST /first HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 0\r\n\r\n")
                    .write("GET /next HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n")
                    .readAll();
            assertThat(behindAnswer(behindAnswer(all)))
                    .as("seed=%d said=%s all=%s", seed, said, all)
                    .isEmpty();
        } catch (AssertionError | IndexOutOfBoundsException | NumberFormatException e) {
            throw new AssertionError("seed=%d said=%s".formatted(seed, said), e);
        }
    }

    /** What follows interim answers and one that ends where it says, or is cut there by the end of all. */
    private static String behindAnswer(String all) {
        if (all.isEmpty()) {
            return all;
        }
        String rest = all;
        while (rest.startsWith("HTTP/1.1 1")) {
            rest = rest.substring(rest.indexOf("\r\n\r\n") + 4);
        }
        assertThat(rest).startsWith("HTTP/1.1 ").contains("\r\n\r\n");
        String head = rest.substring(0, rest.indexOf("\r\n\r\n") + 2);
        String body = rest.substring(head.length() + 2);
        String length = Conversation.header(head, "content-length");
        boolean chunked = Conversation.header(head, "transfer-encoding").equals("chunked");
        assertThat(chunked && !length.isEmpty()).as(head).isFalse();
        if (List.of("204", "205", "304").contains(head.substring(9, 12))) {
            return body;
        }
        return chunked ? behindChunks(body) : body.substring(Math.min(Integer.parseInt(length), body.length()));
    }

    private static String behindChunks(String body) {
        String rest = body;
        while (!rest.isEmpty()) {
            int from = rest.indexOf("\r\n") + 2;
            int size = Integer.parseInt(rest.substring(0, from - 2), 16);
            if (size == 0) {
                return rest.substring(from).replaceFirst("^([!-~]+: .*\r\n)*\r\n", "");
            }
            assertThat(rest.startsWith("\r\n", from + size)).isTrue();
            rest = rest.substring(from + size + 2);
        }
        return rest;
    }

    // Frames of an app.

    private static final List<String> HEADS_OF_ANSWERS = List.of(
            ":status=200", ":status=200", ":status=204", ":status=304", ":status=103", ":status=101", ":status=20");

    @Test
    void noFramesOfAnAppAreReadAsAnotherAnswer() {
        Queue<Boolean> noisy = new ConcurrentLinkedQueue<>();
        try (FakeInstance web = new FakeInstance("web.1", wire -> {
            FramePeer app = FramePeer.serving(wire, new byte[0]);
            for (FramePeer.Frame frame = app.next(); frame.type() >= 0; frame = app.next()) {
                if (frame.type() != FramePeer.HEADERS) {
                    continue;
                }
                int stream = frame.stream();
                if (noisy.poll() == null) {
                    app.headers(stream, false, ":status", "200", "content-length", "4")
                            .data(stream, "good", true);
                    continue;
                }
                whileOpen(app, peer -> {
                    for (int i = 0; i < 6; i++) {
                        frame(peer, oneOf(12) ? random.nextInt(stream) : stream, HEADS_OF_ANSWERS);
                    }
                    peer.reset(stream, 2);
                });
            }
        })) {
            Upstream upstream = new Upstream("web.1", web.address(), "web.1", UpstreamProtocol.H2C);
            edge.router.update(new RouteTable(Map.of("shop.localhost", new Route("shop", List.of(upstream), ""))));
            for (int round = 0; round < ROUNDS; round++) {
                String said = "round " + round;
                noisy.add(true);
                isOneAnswerAndTheNext(said);
                noisy.clear();
                theNextIsGood(said);
            }
        }
    }
}
