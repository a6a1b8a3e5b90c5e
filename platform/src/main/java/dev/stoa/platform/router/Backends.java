package dev.stoa.platform.router;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
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
    private final Map<String, Retries> retriesByApp = new ConcurrentHashMap<>();
    private final LongSupplier nanoTime;
    private final AtomicInteger draining = new AtomicInteger();
    private final Map<String, AtomicInteger> held = new ConcurrentHashMap<>();
    private volatile Snapshot snapshot = new Snapshot(Map.of(), Map.of(), Set.of());
    private final AtomicInteger heldInAll = new AtomicInteger();
    private volatile Consumer<String> onDemand = app -> {};
    private volatile Consumer<String> onRoom = app -> {};

    Backends() {
        this(System::nanoTime);
    }

    /** @param nanoTime the clock, as {@link System#nanoTime} */
    Backends(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Takes the backend that a request is to go to. */
    Claim claim(String host, Claimant claimant) {
        while (true) {
            Snapshot now = snapshot;
            Target target = now.targets.get(host);
            if (target == null) {
                return NO_APP;
            }
            Claim claim = target.choose(claimant, nanoTime.getAsLong());
            if (!(claim instanceof Claim.Taken choice)) {
                return claim;
            }
            if (!choice.backend().take(choice.route().balance().requestsMax())) {
                continue;
            }
            if (snapshot == now) {
                return choice;
            }
            choice.backend().release();
        }
    }

    /** Whether one more request of the app may be sent a second time; counts it if so. */
    boolean mayResend(String app) {
        Retries retries = retriesByApp.get(app);
        return retries != null && retries.budget.take(retries.requests.get(), nanoTime.getAsLong());
    }

    /** Whether an app answers for the host. */
    boolean knows(String host) {
        return snapshot.targets.containsKey(host);
    }

    /** Whether a client with this mark stays with a canary. */
    boolean keepsToCanary(String host, String mark) {
        Target target = snapshot.targets.get(host);
        return target != null && target.keepsToCanary(mark);
    }

    synchronized void update(RouteTable table) {
        long nowNanos = nanoTime.getAsLong();
        Set<Upstream> routed = new HashSet<>();
        Set<String> apps = new HashSet<>();
        // The hosts of an app share one route; to compare what is in it would take longer than to make it.
        IdentityHashMap<Route, Target> targets = new IdentityHashMap<>();
        Map<String, Target> next = new HashMap<>();
        Map<String, List<Backend>> byApp = new HashMap<>();
        Set<String> watched = new HashSet<>();
        table.routes().forEach((host, route) -> {
            apps.add(route.app());
            next.put(host, targets.computeIfAbsent(route, key -> target(key, routed, nowNanos)));
            List<Backend> backends = byApp.computeIfAbsent(route.app(), app -> new ArrayList<>());
            if (backends.isEmpty()) {
                Stream.concat(route.upstreams().stream(), route.canary().upstreams().stream())
                        .distinct()
                        .forEach(upstream -> backends.add(backend(upstream, nowNanos)));
                watch(route, backends);
                if (route.hold().watched()) {
                    watched.add(route.app());
                }
            }
        });
        snapshot = new Snapshot(next, byApp, watched);
        known.forEach((upstream, backend) -> {
            if (!routed.contains(upstream)) {
                backend.leave(nowNanos);
            }
        });
        known.values().removeIf(backend -> !backend.routed() && backend.inFlight() == 0);
        retriesByApp.keySet().retainAll(apps);
    }

    private Target target(Route route, Set<Upstream> routed, long nowNanos) {
        BackendGroup serving = group(route, route.upstreams(), false, routed, nowNanos);
        BackendGroup canary = group(route, route.canary().upstreams(), true, routed, nowNanos);
        return new Target(
                route, serving, canary, retriesByApp.computeIfAbsent(route.app(), app -> new Retries(nowNanos)));
    }

    private BackendGroup group(
            Route route, List<Upstream> upstreams, boolean canary, Set<Upstream> routed, long nowNanos) {
        routed.addAll(upstreams);
        List<Backend> peers =
                upstreams.stream().map(upstream -> backend(upstream, nowNanos)).toList();
        for (Backend backend : peers) {
            backend.enter(canary, nowNanos);
            backend.peers(peers);
            if (backend.isEjected(nowNanos) && Backend.tooManyEjected(peers, nowNanos)) {
                backend.readmit();
            }
        }
        return new BackendGroup(route, peers);
    }

    private Backend backend(Upstream upstream, long nowNanos) {
        return known.computeIfAbsent(upstream, u -> new Backend(u, this::wakeDrains, nowNanos));
    }

    private void watch(Route route, List<Backend> backends) {
        HoldPolicy hold = route.hold();
        Backend.@Nullable Alarm alarm =
                hold.watched() ? new Backend.Alarm(hold.alarmInFlight(), () -> onDemand.accept(route.app())) : null;
        backends.forEach(backend -> backend.alarm(alarm));
    }

    /** Is told with an app's name that one of its requests that wait may find room now. Called on an event loop. */
    void onRoom(Consumer<String> listener) {
        onRoom = listener;
    }

    /** A request of the app is over; what that means for those that wait. */
    void released(String app) {
        if (heldInAll.get() > 0
                && Optional.ofNullable(held.get(app)).map(AtomicInteger::get).orElse(0) > 0) {
            onRoom.accept(app);
        }
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
        heldInAll.incrementAndGet();
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
            heldInAll.decrementAndGet();
        }
    }

    AppLoad load(String app) {
        List<Backend> backends = snapshot.byApp.getOrDefault(app, List.of());
        long nowNanos = nanoTime.getAsLong();
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

    /** Of each app whose load is watched. */
    Map<String, AppLoad> loads() {
        Map<String, AppLoad> loads = new HashMap<>();
        snapshot.watched.forEach(app -> loads.put(app, load(app)));
        return loads;
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

        /** Apps of which somebody wants to know how much they have to do. */
        private final Set<String> watched;

        Snapshot(Map<String, Target> targets, Map<String, List<Backend>> byApp, Set<String> watched) {
            this.targets = targets;
            this.byApp = byApp;
            this.watched = watched;
        }
    }

    /** What has come in for an app, and so what may be sent again; it outlives route tables. */
    private static final class Retries {
        private final AtomicInteger requests = new AtomicInteger();
        private final RetryBudget budget;

        Retries(long nowNanos) {
            budget = new RetryBudget(0, nowNanos);
        }
    }

    private static final class Target {
        private static final int ALL_PERCENT = 100;

        private final Route route;
        private final BackendGroup serving;
        private final BackendGroup canary;
        private final Retries retries;
        private final Claim none;
        private final Claim full;

        Target(Route route, BackendGroup serving, BackendGroup canary, Retries retries) {
            this.route = route;
            this.serving = serving;
            this.canary = canary;
            this.retries = retries;
            this.none = new Claim.NoInstance(route);
            this.full = new Claim.Full(route);
        }

        Claim choose(Claimant claimant, long nowNanos) {
            int turn = retries.requests.getAndIncrement();
            boolean remember = false;
            if (route.balance().sticky()) {
                String mark = claimant.mark();
                Claim.@Nullable Taken own = mark.isEmpty() ? null : marked(mark, claimant, nowNanos);
                if (own != null && own.backend().inFlight() < requestsMax()) {
                    return own;
                }
                // Who finds its own instance full goes to another for once, and comes back.
                remember = own == null;
            }
            return split(turn, remember, claimant, nowNanos);
        }

        boolean keepsToCanary(String mark) {
            return route.balance().sticky() && !mark.isEmpty() && canary.marked(mark) != BackendGroup.NONE;
        }

        private int requestsMax() {
            int max = route.balance().requestsMax();
            return max == 0 ? Integer.MAX_VALUE : max;
        }

        private Claim.@Nullable Taken marked(String mark, Claimant claimant, long nowNanos) {
            BackendGroup group = serving;
            int index = serving.marked(mark);
            if (index == BackendGroup.NONE) {
                group = canary;
                index = canary.marked(mark);
            }
            if (index == BackendGroup.NONE) {
                return null;
            }
            Backend own = group.backend(index);
            return own.isAside(nowNanos) || claimant.tried().contains(own) ? null : group.claim(index, false);
        }

        /** The canary first for its share of the requests. Whoever has nobody who answers is stood in for by the other. */
        private Claim split(int turn, boolean remember, Claimant claimant, long nowNanos) {
            int percent = route.canary().percent();
            if (percent > 0 && claimant.random().nextInt(ALL_PERCENT) < percent) {
                int index = canary.choose(turn, claimant.tried(), claimant.random(), nowNanos);
                if (index >= 0) {
                    return canary.claim(index, remember);
                }
            }
            int index = serving.choose(turn, claimant.tried(), claimant.random(), nowNanos);
            if (index >= 0) {
                return serving.claim(index, remember);
            }
            if (index == BackendGroup.FULL) {
                return full;
            }
            int standIn = canary.choose(turn, claimant.tried(), claimant.random(), nowNanos);
            if (standIn >= 0) {
                return canary.claim(standIn, remember);
            }
            return standIn == BackendGroup.FULL ? full : none;
        }
    }
}
