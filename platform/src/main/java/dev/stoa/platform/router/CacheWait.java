package dev.stoa.platform.router;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How a request waits for what another one is to bring into the cache, without waiting for too long. */
final class CacheWait {
    /** Then it asks the app itself: the other one may have a slow client. */
    private static final long NANOS_MAX = TimeUnit.SECONDS.toNanos(5);

    private final Exchange exchange;
    private final Lane lane;
    private final Edge edge;
    private @Nullable EdgePass pass;
    private @Nullable ScheduledFuture<?> limit;
    private boolean waits;

    CacheWait(Exchange exchange, Lane lane, Edge edge) {
        this.exchange = exchange;
        this.lane = lane;
        this.edge = edge;
    }

    void of(EdgePass pass) {
        this.pass = pass;
    }

    void begin() {
        waits = true;
        if (limit == null) {
            limit = lane.later(NANOS_MAX, () -> look(false));
        }
    }

    /** To be called with any thread. */
    void wake() {
        lane.execute(() -> look(true));
    }

    private void look(boolean patient) {
        if (waits && pass != null && !exchange.over()) {
            waits = false;
            exchange.follow(lane.gate().again(exchange, edge, pass, patient));
            // The end of the request came while it waited.
            exchange.flushToUpstream();
            if (!waits) {
                end();
            }
        }
    }

    void end() {
        waits = false;
        if (limit != null) {
            limit.cancel(false);
            limit = null;
        }
    }
}
