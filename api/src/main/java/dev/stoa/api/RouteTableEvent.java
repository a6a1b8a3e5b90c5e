package dev.stoa.api;

import java.util.List;
import java.util.Map;

/**
 * A line of the watch by which routers in other processes learn where requests go.
 *
 * @param epoch   of the platform that counts the versions; another one after each of its starts
 * @param version of the table that this makes
 * @param full    whether {@code routes} is the whole table; if not, it is what has changed since the line before
 * @param routes  by host; a host of a realm, see the router, has a slash in it
 * @param removed hosts for which nobody answers any more
 */
public record RouteTableEvent(
        String epoch, long version, boolean full, Map<String, Object> routes, List<String> removed) {
    public RouteTableEvent {
        routes = Map.copyOf(routes);
        removed = List.copyOf(removed);
    }
}
