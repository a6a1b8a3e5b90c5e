package dev.stoa.platform.router;

import java.util.Map;
import java.util.Optional;

/**
 * An immutable snapshot of who answers for which host. Host names are lower case, without a port.
 *
 * <p>A realm is a part of the table of which only certain clients know, such as the instances of one app: its keys are the
 * realm, a slash, and the host. No host name has a slash in it.
 */
public record RouteTable(Map<String, Route> routes) {
    /** What everybody knows of. */
    static final String WORLD = "";

    public static final RouteTable EMPTY = new RouteTable(Map.of());

    public RouteTable {
        routes = Map.copyOf(routes);
    }

    /** The key of a host in a realm. */
    public static String key(String realm, String host) {
        return realm.isEmpty() ? host : realm + "/" + host;
    }

    static boolean isOfRealm(String key) {
        return key.indexOf('/') >= 0;
    }

    Optional<Route> find(String host) {
        return Optional.ofNullable(routes.get(host));
    }
}
