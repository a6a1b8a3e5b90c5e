package dev.stoa.platform.router;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What an instance's latest doings say of it. Only what the router sees at its own end of the line counts: no connection, a
 * connection that breaks off, an answer that is none or does not come. An error that the app itself answers is an answer.
 *
 * <p>One that refuses a connection is set aside at once, but briefly, as the next one tells. One that fails
 * {@link #FAILURES_IN_A_ROW} times in a row is ejected, longer each time, unless half of its peers would be then.
 */
final class Standing {
    static final int FAILURES_IN_A_ROW = 5;

    /** As long as Heroku's router leaves an instance alone that refused. */
    static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(5);

    static final long EJECTED_NANOS = TimeUnit.SECONDS.toNanos(10);
    static final long EJECTED_NANOS_MAX = TimeUnit.MINUTES.toNanos(5);

    /** So long in service without an ejection, and the next one is short again. */
    static final long FORGIVEN_AFTER_NANOS = TimeUnit.MINUTES.toNanos(5);

    private static final int DOUBLINGS_MAX = 5;

    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean refused;
    private volatile long refusedAtNanos;
    private volatile boolean ejected;
    private volatile long ejectedUntilNanos;
    private volatile int ejections;

    void accepted() {
        if (refused) {
            refused = false;
        }
    }

    void refused(long nowNanos) {
        refusedAtNanos = nowNanos;
        refused = true;
    }

    void answered() {
        if (failures.get() != 0) {
            failures.set(0);
        }
    }

    /** Whether with this failure there are enough of them in a row. */
    boolean failed() {
        return failures.incrementAndGet() >= FAILURES_IN_A_ROW;
    }

    void eject(long nowNanos) {
        if (ejections > 0 && nowNanos - ejectedUntilNanos > FORGIVEN_AFTER_NANOS) {
            ejections = 0;
        }
        ejectedUntilNanos = nowNanos + Math.min(EJECTED_NANOS << Math.min(ejections, DOUBLINGS_MAX), EJECTED_NANOS_MAX);
        ejected = true;
        failures.set(0);
    }

    /** The ejection that holds counts for the next. */
    void ejectionHolds() {
        ejections = Math.min(ejections, DOUBLINGS_MAX) + 1;
    }

    void readmit() {
        ejected = false;
    }

    boolean isEjected(long nowNanos) {
        return ejected && nowNanos - ejectedUntilNanos < 0;
    }

    /** Whether others are to be asked first. */
    boolean isAside(long nowNanos) {
        return (refused && nowNanos - refusedAtNanos < REFUSED_NANOS) || isEjected(nowNanos);
    }
}
