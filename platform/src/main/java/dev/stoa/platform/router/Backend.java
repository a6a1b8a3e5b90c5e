package dev.stoa.platform.router;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An instance as the router sees it: how many requests it has, and whether it answers. */
final class Backend {
    /** As long as Heroku's router leaves an instance alone that refused. */
    private static final long AVOID_NANOS = 5_000_000_000L;

    private static final int AVOIDED_LOAD = 1 << 30;

    private final Upstream upstream;
    private final Runnable whenIdle;
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile boolean refused;
    private volatile long refusedAtNanos;
    private volatile boolean routed = true;
    private volatile @Nullable Alarm alarm;
    private volatile long idleSinceNanos = System.nanoTime();
    private volatile long leftAtNanos;

    /** @param whenIdle runs whenever the last request in flight is over */
    Backend(Upstream upstream, Runnable whenIdle) {
        this.upstream = upstream;
        this.whenIdle = whenIdle;
    }

    Upstream upstream() {
        return upstream;
    }

    int inFlight() {
        return inFlight.get();
    }

    /** Rings when so many requests are in flight, and when it is twice as many. */
    record Alarm(int inFlight, Runnable ring) {}

    void take() {
        int now = inFlight.incrementAndGet();
        Alarm set = alarm;
        if (set != null && (now == set.inFlight() || now == 2 * set.inFlight())) {
            set.ring().run();
        }
    }

    void release() {
        if (inFlight.decrementAndGet() == 0) {
            if (alarm != null) {
                idleSinceNanos = System.nanoTime();
            }
            whenIdle.run();
        }
    }

    void alarm(@Nullable Alarm alarm) {
        this.alarm = alarm;
    }

    /** When the last request was over, of one with an alarm. */
    long idleSinceNanos() {
        return idleSinceNanos;
    }

    /** What to compare when choosing: requests in flight, and a lot more for one that just refused. */
    int load(long nowNanos) {
        return inFlight.get() + (refused && nowNanos - refusedAtNanos < AVOID_NANOS ? AVOIDED_LOAD : 0);
    }

    void refused(long nowNanos) {
        refusedAtNanos = nowNanos;
        refused = true;
    }

    void accepted() {
        if (refused) {
            refused = false;
        }
    }

    /** Whether the present route table names it; if not, its idle connections are of no use. */
    boolean routed() {
        return routed;
    }

    /** Whether it left the route table before this instant, and has not come back. */
    boolean leftBefore(long nanos) {
        return !routed && leftAtNanos - nanos < 0;
    }

    void route(boolean routed) {
        if (this.routed && !routed) {
            leftAtNanos = System.nanoTime();
        }
        this.routed = routed;
    }
}
