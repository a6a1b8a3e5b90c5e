package dev.stoa.platform.router;

import java.util.List;

/**
 * Where the requests of one app go.
 *
 * @param upstreams instances that take traffic; empty: requests get 503 with {@code why}
 * @param why       for people, why there is no upstream, such as {@code web.1 exited with status 1}
 */
public record Route(String app, List<Upstream> upstreams, String why) {
    public Route {
        upstreams = List.copyOf(upstreams);
    }
}
