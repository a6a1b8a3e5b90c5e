package dev.stoa.platform.router;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The route table in force, and what is in flight to whom.
 *
 * <p>A request reads the table, counts itself in, and looks whether the table is still the same; whoever drains swaps
 * the table first and looks at the counts then. So either the drain sees the request, or the request sees the new table
 * and chooses again.
 */
final class Backends {
    private static final Claim NO_APP = new Claim.NoApp();

    private final ConcurrentHashMap<Upstream, Backend> known = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition someIdle = lock.newCondition();
    private final AtomicInteger draining = new AtomicInteger();
    private final Map<String, AtomicInteger> held = new ConcurrentHashMap<>();
    private volatile Snapshot snapshot = new Snapshot(Map.of(), Map.of());
    private volatile Consumer<String> onDemand = app -> {};

    /** Takes the backend with the fewest requests in flight; among equals they take turns. */
    Claim claim(String host, Set<Backend> tried) {
        while (true) {
            Snapshot now = snapshot;
            Target target = now.targets.get(host);
            if (target == null) {
                return NO_APP;
            }
            Claim.Taken choice = target.choose(tried);
            if (choice == null) {
                return new Claim.NoInstance(target.route);
            }
            choice.backend().take();
            if (snapshot == now) {
                return choice;
            }
            choice.backend().release();
        }
    }

    synchronized void update(RouteTable table) {
        Set<Upstream> routed = new HashSet<>();
        Map<String, Target> next = new HashMap<>();
        Map<String, List<Backend>> byApp = new HashMap<>();
        table.routes().forEach((host, route) -> {
            List<Claim.Taken> choices = route.upstreams().stream()
                    .map(upstream -> new Claim.Taken(route, backend(upstream)))
                    .toList();
            routed.addAll(route.upstreams());
            next.put(host, new Target(route, choices));
            byApp.putIfAbsent(
                    route.app(), choices.stream().map(Claim.Taken::backend).toList());
            watch(route, choices);
        });
        snapshot = new Snapshot(next, byApp);
        known.forEach((upstream, backend) -> {
            if (!routed.contains(upstream)) {
                backend.route(false);
            }
        });
        known.values().removeIf(backend -> !backend.routed() && backend.inFlight() == 0);
    }

    private Backend backend(Upstream upstream) {
        Backend backend = known.computeIfAbsent(upstream, u -> new Backend(u, this::wakeDrains));
        backend.route(true);
        return backend;
    }

    private void watch(Route route, List<Claim.Taken> choices) {
        HoldPolicy hold = route.hold();
        choices.forEach(choice -> choice.backend()
                .alarm(
                        hold.watched()
                                ? new Backend.Alarm(hold.alarmInFlight(), () -> onDemand.accept(route.app()))
                                : null));
    }

    /** Is told with an app's name, on an event loop, that the app has more to do than before. */
    void onDemand(Consumer<String> listener) {
        onDemand = listener;
    }

    /** Counts a request in that waits for an instance, unless too many do. */
    boolean hold(Route route) {
        AtomicInteger count = held.computeIfAbsent(route.app(), app -> new AtomicInteger());
        int now = count.incrementAndGet();
        if (now > route.hold().requestsMax()) {
            count.decrementAndGet();
            return false;
        }
        // The first has to be told; of the others, each doubling is enough to know.
        if (Integer.bitCount(now) == 1) {
            onDemand.accept(route.app());
        }
        return true;
    }

    void unhold(String app) {
        AtomicInteger count = held.get(app);
        if (count != null) {
            count.decrementAndGet();
        }
    }

    AppLoad load(String app) {
        List<Backend> backends = snapshot.byApp.getOrDefault(app, List.of());
        long nowNanos = System.nanoTime();
        int inFlight = 0;
        long idleNanos = Long.MAX_VALUE;
        for (Backend backend : backends) {
            int here = backend.inFlight();
            inFlight += here;
            idleNanos = Math.min(idleNanos, here > 0 ? 0 : nowNanos - backend.idleSinceNanos());
        }
        AtomicInteger waiting = held.get(app);
        return new AppLoad(
                inFlight,
                waiting == null ? 0 : waiting.get(),
                backends.size(),
                Duration.ofNanos(Math.max(0, idleNanos)));
    }

    int inFlight(InetSocketAddress address) {
        return inFlight(Set.of(address));
    }

    private int inFlight(Set<InetSocketAddress> addresses) {
        int sum = 0;
        for (Backend backend : known.values()) {
            if (addresses.contains(backend.upstream().address())) {
                sum += backend.inFlight();
            }
        }
        return sum;
    }

    /** What is in flight to addresses that are no longer in the route table. */
    Map<InetSocketAddress, Integer> leaving() {
        Map<InetSocketAddress, Integer> leaving = new HashMap<>();
        Set<InetSocketAddress> routed = new HashSet<>();
        known.forEach((upstream, backend) -> {
            if (backend.routed()) {
                routed.add(upstream.address());
            } else if (backend.inFlight() > 0) {
                leaving.merge(upstream.address(), backend.inFlight(), Integer::sum);
            }
        });
        leaving.keySet().removeAll(routed);
        return leaving;
    }

    /** Waits until nothing is in flight to the addresses; false when the time was over first. */
    boolean drain(Set<InetSocketAddress> addresses, Duration timeout) {
        long nanosLeft = timeout.toNanos();
        lock.lock();
        draining.incrementAndGet();
        try {
            while (inFlight(addresses) > 0) {
                if (nanosLeft <= 0) {
                    return false;
                }
                nanosLeft = someIdle.awaitNanos(nanosLeft);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            draining.decrementAndGet();
            lock.unlock();
        }
    }

    private void wakeDrains() {
        if (draining.get() > 0) {
            lock.lock();
            try {
                someIdle.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** A class, not a record: two snapshots are never equal. */
    private static final class Snapshot {
        private final Map<String, Target> targets;

        private final Map<String, List<Backend>> byApp;

        Snapshot(Map<String, Target> targets, Map<String, List<Backend>> byApp) {
            this.targets = targets;
            this.byApp = byApp;
        }
    }

    private static final class Target {
        private final Route route;
        private final List<Claim.Taken> choices;
        private final AtomicInteger turn = new AtomicInteger();

        Target(Route route, List<Claim.Taken> choices) {
            this.route = route;
            this.choices = choices;
        }

        Claim.@Nullable Taken choose(Set<Backend> tried) {
            int count = choices.size();
            if (count == 0) {
                return null;
            }
            long nowNanos = System.nanoTime();
            int first = Math.floorMod(turn.getAndIncrement(), count);
            Claim.Taken best = null;
            int bestLoad = Integer.MAX_VALUE;
            for (int i = 0; i < count; i++) {
                Claim.Taken choice = choices.get((first + i) % count);
                int load = choice.backend().load(nowNanos);
                if (load < bestLoad && !tried.contains(choice.backend())) {
                    best = choice;
                    bestLoad = load;
                }
            }
            return best;
        }
    }
}
