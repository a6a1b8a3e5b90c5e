package dev.stoa.platform.control;

import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.RouteTable;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Gathers what each app says of its routes into the one table that the router gets. */
final class Routes {
    private final Consumer<RouteTable> router;
    private final Map<String, Entry> entries = new HashMap<>();

    Routes(Consumer<RouteTable> router) {
        this.router = router;
    }

    private record Entry(Route route, List<String> hosts) {}

    /** Says anew where the requests for all of an app's hosts go. */
    synchronized void publish(Route route, Collection<String> hosts) {
        Entry entry = new Entry(route, List.copyOf(hosts));
        if (!entry.equals(entries.put(route.app(), entry))) {
            publish();
        }
    }

    synchronized void withdraw(String app) {
        if (entries.remove(app) != null) {
            publish();
        }
    }

    private void publish() {
        Map<String, Route> routes = new HashMap<>();
        entries.values().forEach(entry -> entry.hosts().forEach(host -> routes.put(host, entry.route())));
        router.accept(new RouteTable(routes));
    }
}
