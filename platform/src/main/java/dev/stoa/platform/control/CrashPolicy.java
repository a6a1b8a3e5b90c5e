package dev.stoa.platform.control;

import java.time.Duration;

/**
 * When a crashed instance starts again: 3 times at once, then after 1 s, doubling up to 5 min. An instance that was up for
 * 5 min starts the count anew.
 */
final class CrashPolicy {
    static final int RESTARTS_AT_ONCE = 3;
    static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
    static final Duration BACKOFF_MAX = Duration.ofMinutes(5);
    static final Duration UP_LONG_ENOUGH = Duration.ofMinutes(5);

    private CrashPolicy() {}

    /** Crashes in a row, with the one that just ended an instance that had {@code before} of them and was up so long. */
    static int crashes(int before, Duration uptime) {
        return uptime.compareTo(UP_LONG_ENOUGH) >= 0 ? 1 : before + 1;
    }

    /** How long to wait after the latest of so many crashes in a row. */
    static Duration backoff(int crashes) {
        if (crashes <= RESTARTS_AT_ONCE) {
            return Duration.ZERO;
        }
        int doublings = Math.min(crashes - RESTARTS_AT_ONCE - 1, 30);
        Duration backoff = FIRST_BACKOFF.multipliedBy(1L << doublings);
        return backoff.compareTo(BACKOFF_MAX) < 0 ? backoff : BACKOFF_MAX;
    }
}
