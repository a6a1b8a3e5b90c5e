package dev.stoa.platform.control;

import dev.stoa.api.Json;
import dev.stoa.api.RouteTableEvent;
import dev.stoa.api.RouterInfo;
import dev.stoa.api.RouterReport;
import dev.stoa.platform.router.AppLoad;
import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.RouteTable;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The routers in other processes. Each watches the route table, and says which version of it is in force there and what it
 * still has in flight to instances that left it; before such an instance is ended, all of them are waited for.
 *
 * <p>A router that is not connected serves on by its last table. It is waited for a little while, so that it can come back;
 * for how long the platform is away is not in its hands.
 */
public final class RouterFleet {
    private static final System.Logger LOG = System.getLogger(RouterFleet.class.getName());

    /** Longer than the longest pause that a router makes before it tries to connect again. */
    private static final Duration COMES_BACK_WITHIN = Duration.ofSeconds(10);

    private static final long NOTHING_ACKNOWLEDGED = -1;

    private final String epoch;
    private final Consumer<Set<String>> remember;
    private final Map<String, Member> members = new TreeMap<>();
    private final Map<String, Long> lastAskedNanos = new HashMap<>();
    private Consumer<String> onDemand = app -> {};
    private RouteTable table = RouteTable.EMPTY;
    private long version;

    /**
     * @param epoch    tells this platform's versions of the table from those of others
     * @param remember gets the ids that the next platform has to expect
     */
    RouterFleet(String epoch, Consumer<Set<String>> remember) {
        this.epoch = epoch;
        this.remember = remember;
    }

    /** What is known of one router. */
    private static final class Member {
        int watches;
        long lostNanos = System.nanoTime();
        long acknowledged = NOTHING_ACKNOWLEDGED;
        Map<String, Integer> inFlight = Map.of();
        Map<String, RouterReport.Load> loads = Map.of();

        boolean counts(long nowNanos) {
            return watches > 0 || nowNanos - lostNanos < COMES_BACK_WITHIN.toNanos();
        }
    }

    /** These routers had a table of the platform before this one, and are about to come. */
    public synchronized void expect(Set<String> routers) {
        routers.forEach(id -> members.put(id, new Member()));
    }

    /** Those that are connected. */
    public synchronized Set<String> connected() {
        return members.entrySet().stream()
                .filter(member -> member.getValue().watches > 0)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    synchronized void update(RouteTable next) {
        table = next;
        lastAskedNanos
                .keySet()
                .retainAll(next.routes().values().stream().map(Route::app).collect(Collectors.toSet()));
        version++;
        notifyAll();
    }

    /** Whether the world reaches somebody by the host. */
    public synchronized boolean routes(String host) {
        return table.routes().containsKey(host) && host.indexOf('/') < 0;
    }

    synchronized List<RouterInfo> list() {
        List<RouterInfo> list = new ArrayList<>();
        members.forEach((id, member) -> list.add(new RouterInfo(
                id,
                member.watches > 0,
                member.acknowledged == version,
                member.inFlight.values().stream().mapToInt(Integer::intValue).sum())));
        return list;
    }

    /**
     * Tells a router the table, and each change of it, until it has gone.
     *
     * @param realms whether it serves the instances' own requests, too
     */
    void watch(String id, boolean realms, Consumer<RouteTableEvent> sink) throws InterruptedException {
        come(id);
        try {
            Map<String, Route> told = Map.of();
            long toldVersion = NOTHING_ACKNOWLEDGED;
            while (true) {
                Map<String, Route> now;
                long nowVersion;
                synchronized (this) {
                    while (version == toldVersion) {
                        wait();
                    }
                    now = table.routes();
                    nowVersion = version;
                }
                if (!realms) {
                    now = withoutRealms(now);
                }
                sink.accept(event(told, now, nowVersion, toldVersion == NOTHING_ACKNOWLEDGED));
                told = now;
                toldVersion = nowVersion;
            }
        } finally {
            goes(id);
        }
    }

    private synchronized void come(String id) {
        boolean known = members.containsKey(id);
        Member member = members.computeIfAbsent(id, key -> new Member());
        if (!known) {
            remember.accept(Set.copyOf(members.keySet()));
        }
        if (member.watches++ == 0) {
            LOG.log(Level.INFO, "a router watches the route table router={0}", id);
        }
    }

    private synchronized void goes(String id) {
        Member member = members.get(id);
        if (member != null && --member.watches == 0) {
            member.lostNanos = System.nanoTime();
            LOG.log(Level.INFO, "a router has gone router={0}", id);
        }
        long nowNanos = System.nanoTime();
        if (members.values().removeIf(other -> !other.counts(nowNanos))) {
            remember.accept(Set.copyOf(members.keySet()));
        }
        notifyAll();
    }

    private static Map<String, Route> withoutRealms(Map<String, Route> routes) {
        Map<String, Route> world = new HashMap<>(routes);
        world.keySet().removeIf(host -> host.indexOf('/') >= 0);
        return world;
    }

    private RouteTableEvent event(Map<String, Route> told, Map<String, Route> now, long version, boolean full) {
        Map<String, Object> changed = new HashMap<>();
        now.forEach((host, route) -> {
            if (!route.equals(told.get(host))) {
                changed.put(host, Json.MAPPER.valueToTree(route));
            }
        });
        List<String> removed =
                told.keySet().stream().filter(host -> !now.containsKey(host)).toList();
        return new RouteTableEvent(epoch, version, full, changed, removed);
    }

    /** Is told with the names of apps that have something to do at one of the routers. To be said before the first comes. */
    void onDemand(Consumer<String> listener) {
        onDemand = listener;
    }

    void report(String id, RouterReport report) {
        synchronized (this) {
            Member member = members.get(id);
            if (member == null) {
                return;
            }
            member.acknowledged = report.epoch().equals(epoch) ? report.version() : NOTHING_ACKNOWLEDGED;
            member.inFlight = report.inFlight();
            member.loads = report.loads();
            long nowNanos = System.nanoTime();
            report.loads().keySet().forEach(app -> lastAskedNanos.put(app, nowNanos));
            notifyAll();
        }
        report.loads().keySet().forEach(onDemand);
    }

    /** What an app has to do here, and at all the other routers. */
    synchronized AppLoad load(String app, AppLoad here) {
        int inFlight = 0;
        int held = 0;
        for (Member member : members.values()) {
            RouterReport.Load load = member.loads.get(app);
            if (load != null && member.watches > 0) {
                inFlight += load.inFlight();
                held += load.held();
            }
        }
        Long askedNanos = lastAskedNanos.get(app);
        Duration idle = inFlight > 0
                ? Duration.ZERO
                : askedNanos == null ? here.idle() : Duration.ofNanos(System.nanoTime() - askedNanos);
        return here.and(inFlight, held, idle);
    }

    /**
     * Waits until every router has a table without these addresses in force, and nothing in flight to them.
     *
     * @return false when the time was over first, or the thread was interrupted
     */
    synchronized boolean drain(Set<InetSocketAddress> addresses, Duration longest) {
        Set<String> names = addresses.stream().map(RouterFleet::text).collect(Collectors.toSet());
        long since = version;
        long deadlineNanos = System.nanoTime() + longest.toNanos();
        try {
            for (long nowNanos = System.nanoTime(); keeps(names, since, nowNanos); nowNanos = System.nanoTime()) {
                if (nowNanos >= deadlineNanos) {
                    return false;
                }
                // In steps, because that a router stays away is told by nobody.
                TimeUnit.NANOSECONDS.timedWait(this, Math.min(deadlineNanos - nowNanos, TimeUnit.SECONDS.toNanos(1)));
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private boolean keeps(Set<String> addresses, long since, long nowNanos) {
        return members.values().stream()
                .filter(member -> member.counts(nowNanos))
                .anyMatch(member -> member.acknowledged < since
                        || member.inFlight.keySet().stream().anyMatch(addresses::contains));
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
