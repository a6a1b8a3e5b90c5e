package dev.stoa.platform.router;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An instance as the router sees it: how many requests it has, and whether it answers. */
final class Backend {
    private final Upstream upstream;
    private final Runnable whenIdle;
    private final String mark;
    private final String cookie;
    private final String secureCookie;
    private final Standing standing = new Standing();
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile List<Backend> peers = List.of();
    private volatile boolean routed = true;
    private volatile @Nullable Alarm alarm;
    private volatile long idleSinceNanos = System.nanoTime();
    private volatile boolean canary;
    private volatile long sinceNanos;
    private volatile long leftAtNanos;

    /** @param whenIdle runs whenever the last request in flight is over */
    Backend(Upstream upstream, Runnable whenIdle, long nowNanos) {
        this.upstream = upstream;
        this.whenIdle = whenIdle;
        this.mark = Sticky.mark(upstream);
        this.cookie = Sticky.cookie(mark, false);
        this.secureCookie = Sticky.cookie(mark, true);
        this.sinceNanos = nowNanos;
    }

    Upstream upstream() {
        return upstream;
    }

    /** What the cookie of a client that stays with it holds. */
    String mark() {
        return mark;
    }

    /** The value of the header that sets such a cookie. */
    String cookie(boolean secure) {
        return secure ? secureCookie : cookie;
    }

    int inFlight() {
        return inFlight.get();
    }

    /** Rings when so many requests are in flight, and when it is twice as many. */
    record Alarm(int inFlight, Runnable ring) {}

    /** Counts a request in, if there is room for it. */
    boolean take(int requestsMax) {
        int now = inFlight.incrementAndGet();
        if (now > requestsMax && requestsMax != 0) {
            release();
            return false;
        }
        Alarm set = alarm;
        if (set != null && (now == set.inFlight() || now == 2 * set.inFlight())) {
            set.ring().run();
        }
        return true;
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

    boolean isAside(long nowNanos) {
        return standing.isAside(nowNanos);
    }

    boolean isEjected(long nowNanos) {
        return standing.isEjected(nowNanos);
    }

    void accepted() {
        standing.accepted();
    }

    void refused(long nowNanos) {
        standing.refused(nowNanos);
    }

    /** The head of an answer came, whatever it says. */
    void answered() {
        standing.answered();
    }

    /** A connection broke off, or what came was no answer, or nothing came. */
    void failed(long nowNanos) {
        if (!standing.failed()) {
            return;
        }
        standing.eject(nowNanos);
        // After the fact, as two may be ejected at once: rather none of them than both.
        if (tooManyEjected(peers, nowNanos)) {
            standing.readmit();
        } else {
            standing.ejectionHolds();
        }
    }

    static boolean tooManyEjected(List<Backend> peers, long nowNanos) {
        int ejected = 0;
        for (Backend peer : peers) {
            ejected += peer.isEjected(nowNanos) ? 1 : 0;
        }
        return 2 * ejected > peers.size();
    }

    void readmit() {
        standing.readmit();
    }

    /** Whether it belongs to a release that gets a share of the requests only. */
    boolean isCanary() {
        return canary;
    }

    /** Those whose requests it shares, with itself. */
    void peers(List<Backend> peers) {
        this.peers = peers;
    }

    /** Since when it gets requests. */
    long sinceNanos() {
        return sinceNanos;
    }

    /** Whether the present route table names it; if not, its idle connections are of no use. */
    boolean routed() {
        return routed;
    }

    /** Whether it left the route table before this instant, and has not come back. */
    boolean leftBefore(long nanos) {
        return !routed && leftAtNanos - nanos < 0;
    }

    void leave(long nowNanos) {
        if (routed) {
            leftAtNanos = nowNanos;
        }
        routed = false;
    }

    /** The present route table names it. Who comes to other peers begins anew there. */
    void enter(boolean canary, long nowNanos) {
        if (!routed || this.canary != canary) {
            sinceNanos = nowNanos;
        }
        this.canary = canary;
        routed = true;
    }
}
