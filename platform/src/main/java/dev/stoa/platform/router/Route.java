package dev.stoa.platform.router;

import java.util.List;

/**
 * Where the requests of one app go.
 *
 * @param upstreams instances that take traffic; empty: requests get 503 with {@code why}
 * @param why       for people, why there is no upstream, such as {@code web.1 exited with status 1}
 * @param edge      what the router does on its own
 * @param balance   how it chooses among the upstreams
 * @param canary    instances of another release, with their share of the requests
 * @param hold      what happens to a request that no upstream can take
 */
public record Route(
        String app,
        List<Upstream> upstreams,
        String why,
        EdgePolicy edge,
        BalancePolicy balance,
        Canary canary,
        HoldPolicy hold) {
    public Route {
        upstreams = List.copyOf(upstreams);
    }

    /** Whether there is no instance in it. */
    boolean isEmpty() {
        return upstreams.isEmpty() && canary.upstreams().isEmpty();
    }

    /** With one release alone. */
    public Route(String app, List<Upstream> upstreams, String why, EdgePolicy edge, BalancePolicy balance) {
        this(app, upstreams, why, edge, balance, Canary.NONE, HoldPolicy.NONE);
    }

    /** With requests that never wait. */
    public Route(
            String app, List<Upstream> upstreams, String why, EdgePolicy edge, BalancePolicy balance, Canary canary) {
        this(app, upstreams, why, edge, balance, canary, HoldPolicy.NONE);
    }

    /** With nothing special about it. */
    public Route(String app, List<Upstream> upstreams, String why) {
        this(app, upstreams, why, EdgePolicy.NONE, BalancePolicy.DEFAULT);
    }
}
