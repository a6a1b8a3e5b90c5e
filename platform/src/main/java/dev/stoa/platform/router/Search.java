package dev.stoa.platform.router;

import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How a request finds an instance: it claims a backend, waits for one where the app lets it, and is sent over a resting or
 * a new connection. It moves to the next backend when a connection is refused, to a new connection when a resting one
 * turns out to be closed, and once to another backend when a new one breaks off, if to be asked twice does no harm.
 */
final class Search implements Claimant {
    /** Between two looks for a table without the instances that have just ended. */
    private static final long NEWS_PAUSE_MILLIS = 20;

    private final Exchange exchange;
    private final Lane lane;
    private String app = "";
    private String instance = "";
    private @Nullable Backend backend;
    private @Nullable Set<Backend> tried;
    private boolean remember;
    private boolean replayed;
    private boolean resent;
    private long connectNanos;

    /** The app whose next instance it waits for. */
    private @Nullable Route waitsFor;

    private long waitsSinceNanos;
    private long newsAwaitedSinceNanos;
    private boolean waitsForRoom;

    Search(Exchange exchange, Lane lane) {
        this.exchange = exchange;
        this.lane = lane;
    }

    /** Whose request it is; empty: not known. */
    String app() {
        return app;
    }

    /** Before an instance is looked for. */
    void app(String app) {
        this.app = app;
    }

    /** Empty: none was asked. */
    String instance() {
        return instance;
    }

    @Nullable
    Backend backend() {
        return backend;
    }

    /** Whether the client is to be told to stay with the instance. */
    boolean remember() {
        return remember;
    }

    /** All the time that it took to connect, or to try to. */
    long connectNanos() {
        return Math.max(0, connectNanos);
    }

    // Claiming, and waiting for somebody to claim.

    void begin() {
        switch (lane.backends().claim(key(), this)) {
            case Claim.NoApp none -> {
                leaveQueue();
                exchange.fail(
                        exchange.client().realm().equals(RouteTable.WORLD)
                                ? Failure.noApp(exchange.host())
                                : Failure.notAllowed(exchange.host()));
            }
            case Claim.NoInstance none -> {
                app = none.route().app();
                boolean holds = none.route().hold().holds();
                if (holds && (tried == null || none.route().isEmpty())) {
                    hold(none.route(), false);
                    return;
                }
                leaveQueue();
                if (!holds || tried == null || !awaitNews()) {
                    exchange.fail(noInstance(none.route()));
                }
            }
            case Claim.Full full -> {
                app = full.route().app();
                if (full.route().hold().holds()) {
                    hold(full.route(), true);
                    return;
                }
                leaveQueue();
                exchange.fail(Failure.appBusy(app));
            }
            case Claim.Taken taken -> {
                if (waitsFor == null && lane.waiting().has(taken.route().app())) {
                    // Others have waited longer for what has just become free.
                    taken.backend().release();
                    hold(taken.route(), true);
                    return;
                }
                leaveQueue();
                sendTo(taken);
            }
        }
    }

    /**
     * All instances of the table have failed it. If they have ended, the next table says so soon; whether they have is not to
     * be seen from here. Not in the queue: who has not tried them must not wait behind it.
     */
    private boolean awaitNews() {
        long nowNanos = System.nanoTime();
        if (newsAwaitedSinceNanos == 0) {
            newsAwaitedSinceNanos = nowNanos;
        }
        if (nowNanos - newsAwaitedSinceNanos > lane.config().times().connect().toNanos()) {
            return false;
        }
        lane.later(this::lookAgain, NEWS_PAUSE_MILLIS);
        return true;
    }

    private void lookAgain() {
        if (!exchange.over()) {
            if (tried != null) {
                // They may take it by now.
                tried.clear();
            }
            begin();
            exchange.flushToUpstream();
        }
    }

    private Failure noInstance(Route route) {
        if (tried == null || route.isEmpty()) {
            return Failure.noInstance(route);
        }
        return resent ? Failure.upstreamClosed(app, instance) : refusedByAll();
    }

    private String key() {
        return RouteTable.key(exchange.client().realm(), exchange.host());
    }

    /** Waits for an instance; of its body no more is read meanwhile. */
    private void hold(Route route, boolean full) {
        if (waitsFor == null && !lane.waiting().add(exchange, route)) {
            exchange.fail(Failure.queueFull(route));
            return;
        }
        if (waitsFor == null) {
            waitsSinceNanos = System.nanoTime();
            exchange.pauseBody();
        }
        boolean first = waitsFor == null;
        waitsFor = route;
        waitsForRoom = full;
        if (first && full) {
            // Room that came before it was in the queue was told to nobody.
            lane.room(app);
        }
    }

    boolean waits() {
        return waitsFor != null;
    }

    /** Ends a wait that has become too long. */
    void tick(long nowNanos) {
        Route route = waitsFor;
        if (route != null
                && nowNanos - waitsSinceNanos >= route.hold().longest().toNanos()) {
            exchange.fail(waitsForRoom ? Failure.appBusy(app) : Failure.waitTimeout(route));
        }
    }

    /** Waits no longer. */
    void leaveQueue() {
        if (waitsFor != null) {
            lane.waiting().remove(exchange, waitsFor.app());
            waitsFor = null;
        }
    }

    @Override
    public Set<Backend> tried() {
        return tried == null ? Set.of() : tried;
    }

    @Override
    public String mark() {
        return Sticky.markIn(exchange.request().headers());
    }

    @Override
    public RandomGenerator random() {
        return lane.random();
    }

    // Connecting.

    private void sendTo(Claim.Taken taken) {
        app = taken.route().app();
        instance = taken.backend().upstream().instance();
        backend = taken.backend();
        remember = taken.remember();
        Optional<Origin> resting = lane.pool().take(taken.backend(), exchange.replayable(), System.nanoTime());
        if (resting.isPresent()) {
            exchange.sendOver(resting.get());
        } else {
            connect(taken.backend());
        }
    }

    private void connect(Backend to) {
        exchange.pauseBody();
        connectNanos -= System.nanoTime();
        lane.pool().connect(to, this::connected, cause -> refused(to));
    }

    private void connected(Origin connection) {
        connectNanos += System.nanoTime();
        if (exchange.over()) {
            connection.close();
            return;
        }
        exchange.sendOver(connection);
        connection.flush();
    }

    private void refused(Backend by) {
        connectNanos += System.nanoTime();
        if (exchange.over()) {
            return;
        }
        passOver(by);
        if (exchange.isOlderThan(lane.config().times().response())) {
            exchange.fail(refusedByAll());
        } else {
            begin();
            // It may have got a connection that has rested, at once.
            exchange.flushToUpstream();
        }
    }

    private Failure refusedByAll() {
        return Failure.upstreamRefused(app, tried().size());
    }

    // Being sent again.

    private void passOver(Backend failed) {
        backend = null;
        failed.release();
        if (tried == null) {
            tried = new HashSet<>();
        }
        tried.add(failed);
    }

    /**
     * The connection ended, and with it what was sent over it. Says whether the request is on its way again.
     *
     * @param awaited whether not a byte of the answer has come
     */
    boolean movesOn(Origin closed, boolean awaited) {
        if (awaited && closed.used() && exchange.replayable() && !replayed) {
            replayed = true;
            exchange.holdEnd();
            connect(closed.backend());
            return true;
        }
        closed.backend().failed(System.nanoTime());
        return awaited && resend(closed.backend());
    }

    /** Sends it to another backend, where that does no harm: only once, as it may be the request that ends the instances. */
    private boolean resend(Backend failed) {
        if (resent
                || !exchange.replayable()
                || exchange.over()
                || !lane.backends().mayResend(app)) {
            return false;
        }
        resent = true;
        replayed = false;
        passOver(failed);
        exchange.holdEnd();
        begin();
        exchange.flushToUpstream();
        return true;
    }

    // The end.

    /** An answer came. */
    Backend answered() {
        Backend by = Objects.requireNonNull(backend);
        by.answered();
        return by;
    }

    /** The instance is at fault, and it is remembered against it. */
    void failed() {
        if (backend != null) {
            backend.failed(System.nanoTime());
        }
    }

    /** Others may have the room that it took. */
    void release() {
        if (backend != null) {
            backend.release();
            backend = null;
            lane.backends().released(app);
        }
    }
}
