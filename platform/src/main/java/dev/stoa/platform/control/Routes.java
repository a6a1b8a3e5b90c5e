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
    private final Map<String, List<String>> hostsByApp = new HashMap<>();
    private final Map<String, Route> routes = new HashMap<>();

    Routes(Consumer<RouteTable> router) {
        this.router = router;
    }

    /** Says anew where the requests for all of an app's hosts go. */
    synchronized void publish(Route route, Collection<String> hosts) {
        List<String> wanted = List.copyOf(hosts);
        List<String> present = hostsByApp.getOrDefault(route.app(), List.of());
        if (present.equals(wanted) && wanted.stream().allMatch(host -> route.equals(routes.get(host)))) {
            return;
        }
        present.forEach(routes::remove);
        wanted.forEach(host -> routes.put(host, route));
        hostsByApp.put(route.app(), wanted);
        router.accept(new RouteTable(routes));
    }

    synchronized void withdraw(String app) {
        List<String> hosts = hostsByApp.remove(app);
        if (hosts != null) {
            hosts.forEach(routes::remove);
            router.accept(new RouteTable(routes));
        }
    }
}
