package dev.stoa.platform.router;

import java.util.Map;
import java.util.Optional;

/** An immutable snapshot of who answers for which host. Host names are lower case, without a port. */
public record RouteTable(Map<String, Route> routes) {
    public static final RouteTable EMPTY = new RouteTable(Map.of());

    public RouteTable {
        routes = Map.copyOf(routes);
    }

    Optional<Route> find(String host) {
        return Optional.ofNullable(routes.get(host));
    }
}
