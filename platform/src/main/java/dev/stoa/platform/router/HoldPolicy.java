package dev.stoa.platform.router;

import java.time.Duration;

/**
 * What the router does with the requests of an app that has no instance to take them, and when it says that the app could do
 * with more of them.
 *
 * @param holds         whether such a request waits for the next route table; if not, it is answered 503 at once
 * @param requestsMax   so many of the app wait at most
 * @param longest       that one waits
 * @param alarmInFlight when one instance gets so many requests in flight, the listener of demand is told
 */
public record HoldPolicy(boolean holds, int requestsMax, Duration longest, int alarmInFlight) {
    public static final HoldPolicy NONE = new HoldPolicy(false, 0, Duration.ZERO, Integer.MAX_VALUE);

    /** Whether anybody wants to know how much there is to do. */
    boolean watched() {
        return alarmInFlight < Integer.MAX_VALUE;
    }
}
