package dev.stoa.platform.router;

import java.time.Duration;

/**
 * How the router chooses among an app's instances.
 *
 * @param requestsMax in flight to one instance at once; 0: as many as come
 * @param slowStart   how long an instance that comes to others takes until it gets its full share; zero: at once
 * @param sticky      whether a client keeps its instance, by a cookie
 */
public record BalancePolicy(int requestsMax, Duration slowStart, boolean sticky) {
    public static final BalancePolicy DEFAULT = new BalancePolicy(0, Duration.ZERO, false);

    public BalancePolicy {
        if (requestsMax < 0 || slowStart.isNegative()) {
            throw new IllegalArgumentException("requestsMax=%d slowStart=%s".formatted(requestsMax, slowStart));
        }
    }
}
