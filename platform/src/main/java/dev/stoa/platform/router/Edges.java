package dev.stoa.platform.router;

import dev.stoa.platform.router.edge.CacheBudget;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** By host, what the router does on its own; apps that ask for nothing are not there. The world's hosts alone: apps among
 * themselves go past it. */
final class Edges {
    private final CacheBudget budget = new CacheBudget(CacheBudget.BYTES_MAX);
    private Map<String, Edge> byApp = Map.of();
    private volatile Map<String, Edge> byHost = Map.of();
    private volatile Set<String> quiet = Set.of();

    @Nullable
    Edge find(String host) {
        return byHost.get(host);
    }

    /** Whether the requests of an app are to stand in its log. */
    boolean logs(String app) {
        return !quiet.contains(app);
    }

    synchronized void update(RouteTable table) {
        Map<String, Edge> apps = new HashMap<>();
        Map<String, Edge> hosts = new HashMap<>();
        table.routes().forEach((key, route) -> {
            if (!route.edge().isPlain() && !RouteTable.isOfRealm(key)) {
                hosts.put(key, apps.computeIfAbsent(route.app(), app -> edge(app, route.edge())));
            }
        });
        Map<String, Edge> gone = byApp;
        byApp = apps;
        byHost = hosts;
        quiet = apps.values().stream()
                .filter(edge -> !edge.manifest().accessLog())
                .map(Edge::app)
                .collect(Collectors.toUnmodifiableSet());
        gone.forEach((app, edge) -> {
            if (apps.get(app) != edge) {
                edge.retire(apps.get(app));
            }
        });
    }

    private Edge edge(String app, EdgePolicy policy) {
        Edge before = byApp.get(app);
        return before != null && before.policy().equals(policy) ? before : new Edge(app, policy, before, budget);
    }
}
