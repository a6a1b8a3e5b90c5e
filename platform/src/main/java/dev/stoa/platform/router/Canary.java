package dev.stoa.platform.router;

import java.util.List;

/**
 * The instances of another release, which get a share of an app's requests.
 *
 * @param upstreams those that are up; empty: the app's others get all requests
 * @param percent   of the requests, however many instances there are
 */
public record Canary(List<Upstream> upstreams, int percent) {
    public static final Canary NONE = new Canary(List.of(), 0);

    private static final int ALL_PERCENT = 100;

    public Canary {
        upstreams = List.copyOf(upstreams);
        if (percent < 0 || percent > ALL_PERCENT) {
            throw new IllegalArgumentException("percent=" + percent);
        }
    }
}
