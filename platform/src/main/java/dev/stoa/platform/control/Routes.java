package dev.stoa.platform.control;

import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.RouteTable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Gathers what each app says of its routes into the one table that the router gets: the hosts for the world, and for each
 * app the internal names of the apps that let it call them.
 */
final class Routes {
    private static final String INTERNAL_SUFFIX = ".stoa.internal";

    private final Consumer<RouteTable> router;
    private final Map<String, Entry> entries = new TreeMap<>();
    private BiConsumer<Integer, List<String>> onNames = (app, names) -> {};
    private Optional<Provided> provided = Optional.empty();

    Routes(Consumer<RouteTable> router) {
        this.router = router;
    }

    /** What one app says. */
    private record Entry(int app, Route route, List<String> hosts, List<String> allow) {
        boolean lets(String caller) {
            return route.app().equals(caller) || allow.contains(caller);
        }
    }

    /**
     * What the platform itself answers for.
     *
     * @param hosts       for the world
     * @param hostsOfApps those that the instances of an app know
     */
    record Provided(Route route, Supplier<List<String>> hosts, IntFunction<List<String>> hostsOfApps) {}

    /** Says what the platform itself answers for, from the next table on. */
    synchronized void provide(Provided own) {
        provided = Optional.of(own);
        providedChanged();
    }

    synchronized void providedChanged() {
        router.accept(new RouteTable(table()));
    }

    private List<String> providedTo(int app) {
        return provided.map(own -> own.hostsOfApps().apply(app)).orElse(List.of());
    }

    /** The part of the route table that the instances of an app see. */
    static String realm(int app) {
        return String.valueOf(app);
    }

    /** Tells with the app's id when other internal names lead somewhere for it. */
    void onNames(BiConsumer<Integer, List<String>> listener) {
        onNames = listener;
    }

    /** Says anew where the requests for an app go, and who may make them. */
    void publish(AppRow app, View.Snapshot snapshot) {
        Entry entry = new Entry(app.id(), snapshot.route(), snapshot.hosts(), snapshot.allow());
        change(app.name(), Optional.of(entry));
    }

    void withdraw(String app) {
        change(app, Optional.empty());
    }

    /** The internal names that lead somewhere for an app. */
    synchronized List<String> names(AppRow app) {
        return names(app.name(), app.id());
    }

    private List<String> names(String caller, int app) {
        return Stream.concat(
                        entries.values().stream()
                                .filter(entry -> entry.lets(caller))
                                .map(entry -> entry.route().app() + INTERNAL_SUFFIX),
                        providedTo(app).stream())
                .toList();
    }

    private Optional<Entry> entry(String app) {
        return Optional.ofNullable(entries.get(app));
    }

    private void change(String app, Optional<Entry> entry) {
        Map<Integer, List<String>> changed = new HashMap<>();
        synchronized (this) {
            Optional<Entry> before = entry(app);
            if (before.equals(entry)) {
                return;
            }
            entry.ifPresentOrElse(now -> entries.put(app, now), () -> entries.remove(app));
            if (!before.map(Entry::allow).equals(entry.map(Entry::allow))) {
                Set<String> callers = new TreeSet<>(List.of(app));
                before.ifPresent(then -> callers.addAll(then.allow()));
                entry.ifPresent(now -> callers.addAll(now.allow()));
                callers.forEach(caller ->
                        entry(caller).ifPresent(calling -> changed.put(calling.app(), names(caller, calling.app()))));
            }
            router.accept(new RouteTable(table()));
        }
        changed.forEach(onNames);
    }

    private Map<String, Route> table() {
        Map<String, Route> routes = new HashMap<>();
        for (Entry entry : entries.values()) {
            entry.hosts().forEach(host -> routes.put(host, entry.route()));
            String internal = entry.route().app() + INTERNAL_SUFFIX;
            Stream.concat(Stream.of(entry.route().app()), entry.allow().stream())
                    .flatMap(caller -> entry(caller).stream())
                    .forEach(caller -> routes.put(RouteTable.key(realm(caller.app()), internal), entry.route()));
        }
        provided.ifPresent(own -> {
            own.hosts().get().forEach(host -> routes.put(host, own.route()));
            // The router's own port may be the one at which instances have a listener for themselves.
            entries.values()
                    .forEach(entry -> providedTo(entry.app())
                            .forEach(host -> routes.put(RouteTable.key(realm(entry.app()), host), own.route())));
        });
        return routes;
    }
}
