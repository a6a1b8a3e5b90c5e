package dev.stoa.platform.router;

import java.util.concurrent.atomic.AtomicInteger;

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

    void take() {
        inFlight.incrementAndGet();
    }

    void release() {
        if (inFlight.decrementAndGet() == 0) {
            whenIdle.run();
        }
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
