package dev.stoa.platform.router;

import dev.stoa.platform.base.Ids;
import dev.stoa.platform.router.edge.TraceParent;
import io.netty.channel.EventLoop;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * What one event loop has to itself: its clients, its resting connections to instances, and a tick that ends what takes
 * too long. A request stays in its lane from the first byte to the last, so nothing here needs a lock.
 */
final class Lane {
    private static final long TICK_MILLIS_MAX = 1000;

    /** RFC 9110, 5.6.7. Java's own for RFC 1123 writes days below ten with one digit. */
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final EventLoop loop;
    private final RouterConfig config;
    private final Backends backends;
    private final Edges edges;
    private final Https https;
    private final RequestListener listener;
    private final UpstreamPool pool;
    private final Waiting waiting;
    private final Gate gate = new Gate(this);
    private final SplittableRandom random = new SplittableRandom();
    private final Ids ids = new Ids(random);
    private final List<ClientChannel> clients = new ArrayList<>();
    private final long tickMillis;
    private long nowMillis;
    private AsciiString now = AsciiString.EMPTY_STRING;
    private long dateSecond;
    private AsciiString date = AsciiString.EMPTY_STRING;
    private boolean ticking;
    private volatile boolean closing;
    private volatile boolean hangingUp;
    private volatile long drainNanos = Router.DRAIN_TIME.toNanos();

    Lane(
            EventLoop loop,
            RouterConfig config,
            Backends backends,
            Edges edges,
            Https https,
            RequestListener listener,
            UpstreamPool pool) {
        this.loop = loop;
        this.config = config;
        this.backends = backends;
        this.edges = edges;
        this.https = https;
        this.listener = listener;
        this.pool = pool;
        this.waiting = new Waiting(backends);
        RouterTimes times = config.times();
        long shortest = Math.min(
                times.clientIdle().toMillis(),
                Math.min(times.response().toMillis(), times.idle().toMillis()));
        this.tickMillis = Math.clamp(shortest / 4, 1, TICK_MILLIS_MAX);
    }

    RouterConfig config() {
        return config;
    }

    Backends backends() {
        return backends;
    }

    Https https() {
        return https;
    }

    Edges edges() {
        return edges;
    }

    RequestListener listener() {
        return listener;
    }

    Gate gate() {
        return gate;
    }

    Waiting waiting() {
        return waiting;
    }

    UpstreamPool pool() {
        return pool;
    }

    RandomGenerator random() {
        return random;
    }

    /** Two ids long, so that no two requests of a year are alike. */
    String nextRequestId() {
        return ids.nextLong();
    }

    /** The time in milliseconds, as headers say it. */
    AsciiString now() {
        long millis = System.currentTimeMillis();
        if (millis != nowMillis) {
            nowMillis = millis;
            now = new AsciiString(Long.toString(millis));
        }
        return now;
    }

    /** Nothing secret: it only says that what answers has read it (RFC 6455, 1.3). */
    String nextWebSocketKey() {
        byte[] nonce = new byte[16];
        random.nextBytes(nonce);
        return Base64.getEncoder().encodeToString(nonce);
    }

    /** The time as the header {@code Date} says it. */
    AsciiString date() {
        long second = System.currentTimeMillis() / 1000;
        if (second != dateSecond) {
            dateSecond = second;
            date = new AsciiString(HTTP_DATE.format(Instant.ofEpochSecond(second)));
        }
        return date;
    }

    String nextTrace() {
        return TraceParent.create(random.nextLong(), random.nextLong(), random.nextLong());
    }

    boolean closing() {
        return closing;
    }

    void add(ClientChannel client) {
        client.slot(clients.size());
        clients.add(client);
        if (hangingUp) {
            client.closing();
        }
        if (!ticking) {
            tickLater();
        }
    }

    void remove(ClientChannel client) {
        ClientChannel last = clients.removeLast();
        if (!last.equals(client)) {
            clients.set(client.slot(), last);
            last.slot(client.slot());
        }
    }

    /** The route table changed: connections to instances that left it are of no use. */
    void routesChanged() {
        loop.execute(() -> {
            waiting.release(Exchange::tryAgain);
            pool.sweep(System.nanoTime());
        });
    }

    /** One of the app's requests that wait may find room now. */
    void room(String app) {
        loop.execute(() -> waiting.release(app, Exchange::tryAgain));
    }

    /** Runs something on its event loop after a while. */
    @SuppressWarnings("FutureReturnValueIgnored")
    void later(Runnable action, long millis) {
        loop.schedule(action, millis, TimeUnit.MILLISECONDS);
    }

    /** From now on the answer to a request is the last on its connection. */
    void lastRequests() {
        closing = true;
    }

    /** Whether connections end without a request, too. */
    boolean hangingUp() {
        return hangingUp;
    }

    /** How long WebSockets live on after their instance has left the route table. */
    long drainNanos() {
        return drainNanos;
    }

    void drainTime(Duration drainTime) {
        drainNanos = drainTime.toNanos();
    }

    /** Ends all WebSockets, with a word to both sides. */
    void goAway() {
        loop.execute(() -> List.copyOf(clients).forEach(ClientChannel::goAway));
    }

    /** Asks clients to go elsewhere, and serves whoever does not know. */
    void retire() {
        loop.execute(() -> List.copyOf(clients).forEach(ClientChannel::retiring));
    }

    /** Ends the connections without a request now; the others end after theirs. */
    void close() {
        hangingUp = true;
        loop.execute(() -> List.copyOf(clients).forEach(ClientChannel::closing));
    }

    /** To be called with any thread. */
    void execute(Runnable action) {
        loop.execute(action);
    }

    ScheduledFuture<?> later(long nanos, Runnable action) {
        return loop.schedule(action, nanos, TimeUnit.NANOSECONDS);
    }

    private void tick() {
        long nowNanos = System.nanoTime();
        for (int i = clients.size() - 1; i >= 0; i--) {
            clients.get(i).tick(nowNanos);
        }
        pool.sweep(nowNanos);
        ticking = false;
        if (!clients.isEmpty() || !pool.isEmpty()) {
            tickLater();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void tickLater() {
        ticking = true;
        loop.schedule(this::tick, tickMillis, TimeUnit.MILLISECONDS);
    }
}
