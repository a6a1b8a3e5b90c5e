package dev.stoa.platform.router;

import java.util.List;

/**
 * Where the requests of one app go.
 *
 * @param upstreams instances that take traffic; empty: requests get 503 with {@code why}
 * @param why       for people, why there is no upstream, such as {@code web.1 exited with status 1}
 * @param edge      what the router does on its own
 * @param balance   how it chooses among the upstreams
 * @param hold      what happens to a request that no upstream can take
 */
public record Route(
        String app, List<Upstream> upstreams, String why, EdgePolicy edge, BalancePolicy balance, HoldPolicy hold) {
    public Route {
        upstreams = List.copyOf(upstreams);
    }

    /** With nothing special about it. */
    public Route(String app, List<Upstream> upstreams, String why) {
        this(app, upstreams, why, EdgePolicy.NONE, BalancePolicy.DEFAULT, HoldPolicy.NONE);
    }
}
