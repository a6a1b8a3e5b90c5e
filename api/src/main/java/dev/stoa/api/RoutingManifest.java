package dev.stoa.api;

import java.time.Duration;
import java.util.Optional;

/**
 * How the router chooses among an app's instances, from the table {@code [routing]} of the manifest.
 *
 * @param requests  in flight to one instance at once; absent: as many as come
 * @param slowStart how long an instance that comes to others takes until it gets its full share; absent: it has it at once
 * @param sticky    whether a client keeps its instance, by a cookie
 * @param protocol  what the instances speak
 */
public record RoutingManifest(
        Optional<Integer> requests, Optional<Duration> slowStart, boolean sticky, AppProtocol protocol) {
    public static final RoutingManifest DEFAULT =
            new RoutingManifest(Optional.empty(), Optional.empty(), false, AppProtocol.HTTP_1_1);
}
