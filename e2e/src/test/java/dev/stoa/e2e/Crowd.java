package dev.stoa.e2e;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Clients of all kinds that ask an app without a pause. They are strict: they never ask twice for the same, so that a
 * connection that ends at the wrong moment is a failure as much as an answer with an error.
 *
 * <p>The app answers a request with its path, or its body if it has one, and a WebSocket with every message: see
 * {@link Folder#echo}.
 */
final class Crowd implements AutoCloseable {
    /** How long a client waits for anything. */
    static final int PATIENCE_MILLIS = 40_000;

    private static final int PAUSE_MILLIS_MAX = 20;

    /** Whom the clients ask: by way of these ports. */
    record Target(int httpPort, int httpsPort, String app) {
        String host() {
            return app + ".localhost";
        }
    }

    /** How clients ask. */
    enum Kind {
        NEW("HTTP/1.1, new connections", false),
        KEPT("HTTP/1.1, kept", false),
        SECURE_NEW("HTTPS/1.1, new connections", false),
        SECURE_KEPT("HTTPS/1.1, kept", false),
        H2C("HTTP/2 without TLS", false),
        H2("HTTP/2 over TLS", false),
        SOCKET("WebSocket", false),
        SECURE_SOCKET("WebSocket over TLS", false),
        H2_SOCKET("WebSocket over HTTP/2", false),
        POST("POST, HTTP/1.1, kept", true),
        H2_POST("POST, HTTP/2 over TLS", true),
        SLOW("an answer in parts, HTTP/1.1", true),
        H2_SLOW("an answer in parts, HTTP/2", true);

        final String title;

        /** What nobody may send a second time, so that an instance that dies cannot be hidden from the client. */
        final boolean once;

        Kind(String title, boolean once) {
            this.title = title;
            this.once = once;
        }

        boolean secure() {
            return this == SECURE_NEW
                    || this == SECURE_KEPT
                    || this == H2
                    || this == SECURE_SOCKET
                    || this == H2_SOCKET
                    || this == H2_POST
                    || this == H2_SLOW;
        }

        String path(int number) {
            boolean slow = this == SLOW || this == H2_SLOW;
            return (slow ? "/slow/" : "/echo/") + name() + "/" + number;
        }

        /** The body of a request, empty: it is a GET. */
        String body(int number) {
            return this == POST || this == H2_POST ? "body " + number + " ".repeat(number % 2000) : "";
        }

        String expected(int number) {
            String slow = this == SLOW || this == H2_SLOW ? ".........." : "";
            return slow + (body(number).isEmpty() ? path(number) : body(number));
        }
    }

    private final Map<Kind, Tally> tallies = new EnumMap<>(Kind.class);
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final List<CompletableFuture<Void>> clients;
    private volatile boolean over;

    private Crowd(Target target, int ofAKind, List<Kind> kinds) {
        kinds.forEach(kind -> tallies.put(kind, new Tally(kind.title)));
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        clients = kinds.stream()
                .flatMap(kind -> Stream.generate(() -> kind).limit(ofAKind))
                .map(kind -> CompletableFuture.runAsync(() -> ask(kind, target), threads))
                .toList();
    }

    /** @param ofAKind how many clients of each kind */
    static Crowd of(Target target, int ofAKind, Kind... kinds) {
        return new Crowd(target, ofAKind, List.of(kinds));
    }

    private void ask(Kind kind, Target target) {
        Tally tally = Objects.requireNonNull(tallies.get(kind));
        while (!over) {
            long begunNanos = System.nanoTime();
            try {
                switch (kind) {
                    case NEW, KEPT, SECURE_NEW, SECURE_KEPT, POST, SLOW ->
                        new Http1Visitor(this, kind, target, tally).visit();
                    case H2C, H2, H2_POST, H2_SLOW -> new Http2Visitor(this, kind, target, tally).visit(loops);
                    case SOCKET, SECURE_SOCKET -> {
                        try (Http1Visitor.Line line = Http1Visitor.Line.to(target, kind.secure())) {
                            new WebSocketVisitor(this, tally).visit(line.upgrade(target.host()), line.out());
                        }
                    }
                    case H2_SOCKET -> {
                        try (Http2Connection connection = Http2Connection.open(loops, target, true)) {
                            Http2Connection.Tunnel tunnel = connection.tunnel(target.host());
                            new WebSocketVisitor(this, tally).visit(tunnel.in(), tunnel.out());
                        }
                    }
                }
            } catch (IOException | RuntimeException e) {
                tally.failed(describe(e, System.nanoTime() - begunNanos));
                pause();
            }
        }
    }

    /** What happened, where, and how long after the connection was begun. */
    private static String describe(Exception e, long nanos) {
        String where = Stream.of(e.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith(Crowd.class.getPackageName()))
                .findFirst()
                .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
                .orElse("nowhere here");
        return "%s, at %s, after %d s".formatted(e, where, TimeUnit.NANOSECONDS.toSeconds(nanos));
    }

    boolean over() {
        return over;
    }

    /** Between two requests: mostly none, as most clients do not wait. */
    @SuppressWarnings("BusyWait")
    static void pause() {
        int millis = ThreadLocalRandom.current().nextInt(2 * PAUSE_MILLIS_MAX) - PAUSE_MILLIS_MAX;
        if (millis > 0) {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns when each kind of client has got so many more answers. */
    void awaitAnswers(int more) {
        Map<Kind, Long> enough = new EnumMap<>(Kind.class);
        tallies.forEach((kind, tally) -> enough.put(kind, tally.answers() + more));
        long begunNanos = System.nanoTime();
        while (!tallies.entrySet().stream()
                .allMatch(each -> each.getValue().answers() >= Objects.requireNonNull(enough.get(each.getKey())))) {
            if (System.nanoTime() - begunNanos > TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS)) {
                throw new AssertionError("some clients get no answers; failures: " + failures());
            }
            pause();
        }
    }

    /** The fewest answers that a kind of client has got so far. */
    long fewestAnswers() {
        return tallies.values().stream().mapToLong(Tally::answers).min().orElse(0);
    }

    /** Everything that was no right answer, by the kind of client. */
    Map<String, Map<String, Integer>> failures() {
        return tallies.entrySet().stream()
                .filter(entry -> !entry.getValue().failures().isEmpty())
                .collect(Collectors.toMap(
                        entry -> entry.getKey().title, entry -> entry.getValue().failures()));
    }

    /** Lets every client finish its last request. */
    @Override
    public void close() {
        over = true;
        clients.forEach(CompletableFuture::join);
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /**
     * For the benchmark: says "ready" when every kind has got an answer, and asks until its input ends. Then it prints a line
     * for each kind and reason, with tabs between title, count and reason; the reason is empty for the answers.
     *
     * @param arguments HTTP port, HTTPS port, app, clients of a kind, and the names of the kinds
     */
    public static void main(String[] arguments) throws IOException {
        Target target = new Target(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]), arguments[2]);
        Kind[] kinds = Arrays.stream(arguments).skip(4).map(Kind::valueOf).toArray(Kind[]::new);
        Crowd crowd = of(target, Integer.parseInt(arguments[3]), kinds);
        while (crowd.fewestAnswers() == 0 && crowd.failures().isEmpty()) {
            pause();
        }
        System.out.println("ready");
        System.in.transferTo(System.err);
        crowd.close();
        StringBuilder lines = new StringBuilder();
        crowd.tallies.forEach((kind, tally) -> {
            lines.append("%s\t%d\t\n".formatted(kind.title, tally.answers()));
            if (tally.farewells() > 0) {
                lines.append("%s\t%d\ttold to go\n".formatted(kind.title, tally.farewells()));
            }
            tally.failures()
                    .forEach((reason, count) ->
                            lines.append("%s\t%d\tfailed: %s\n".formatted(kind.title, count, reason)));
        });
        System.out.write(lines.toString().getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }
}
