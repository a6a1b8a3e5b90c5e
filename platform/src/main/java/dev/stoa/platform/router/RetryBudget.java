package dev.stoa.platform.router;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How many of an app's requests may be sent a second time: 20 % of those of the last ten seconds, and 10 a second in any
 * case. So an app that is down does not get twice the load for it. Finagle and Linkerd have the same rule and numbers.
 *
 * <p>Nothing is done when a request goes well: what has come in since the last retry is counted at the next one.
 */
final class RetryBudget {
    static final double SHARE = 0.2;
    static final double PER_SECOND_MIN = 10;
    static final double WINDOW_SECONDS = 10;

    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final AtomicReference<State> state;

    /** @param requests so far, a count that may wrap */
    RetryBudget(int requests, long nowNanos) {
        state = new AtomicReference<>(new State(PER_SECOND_MIN, requests, nowNanos));
    }

    private record State(double left, int requests, long atNanos) {
        State at(int requestsNow, long nowNanos) {
            double seconds = Math.max(0, (nowNanos - atNanos) / NANOS_PER_SECOND);
            // What came before the window counts no more; it is taken to have come evenly.
            double counted = Math.min(1, WINDOW_SECONDS / Math.max(seconds, 1e-9));
            double came = (SHARE * (requestsNow - requests) + PER_SECOND_MIN * seconds) * counted;
            double kept = left * Math.max(0, 1 - seconds / WINDOW_SECONDS);
            return new State(kept + came, requestsNow, nowNanos);
        }
    }

    /** Whether one more may be sent again; counts it if so. */
    boolean take(int requests, long nowNanos) {
        while (true) {
            State before = Objects.requireNonNull(state.get());
            State now = before.at(requests, nowNanos);
            boolean enough = now.left() >= 1;
            State after = enough ? new State(now.left() - 1, now.requests(), now.atNanos()) : now;
            if (state.compareAndSet(before, after)) {
                return enough;
            }
        }
    }
}
