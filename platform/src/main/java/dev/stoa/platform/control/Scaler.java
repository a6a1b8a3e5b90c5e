package dev.stoa.platform.control;

import dev.stoa.api.InstanceRange;
import dev.stoa.api.TimeSpan;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.router.AppLoad;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Decides how many web instances an app has whose manifest gives a range: none while nobody asks, more while many do.
 *
 * <p>The router tells when a request has to wait or an instance has much to do; in between, a timer runs only while there
 * is something that time alone will change. What is wanted is kept in memory: a platform that starts begins with what
 * runs.
 */
final class Scaler {
    /** How often it looks at an app that has something to do. */
    private static final Duration TICK = Duration.ofSeconds(1);

    /** Looks that the router asks for are at least so far apart, however often it asks. */
    private static final Duration LOOKS_APART = Duration.ofMillis(20);

    private final Function<String, AppLoad> load;
    private final Announcer announcer;
    private final InstantSource clock;
    private final Map<Integer, Scaled> apps = new ConcurrentHashMap<>();
    private final Map<String, Integer> idByName = new ConcurrentHashMap<>();
    private Consumer<Integer> onChange = app -> {};
    private volatile boolean closed;

    /** @param load what an app has to do right now, by its name */
    Scaler(Function<String, AppLoad> load, Announcer announcer, InstantSource clock) {
        this.load = load;
        this.announcer = announcer;
        this.clock = clock;
    }

    /** One app; whoever changes it holds its monitor, and calls nobody who takes a lock. */
    private static final class Scaled {
        final AppRow app;
        final Autoscaler autoscaler = new Autoscaler();
        final AtomicBoolean looking = new AtomicBoolean();
        volatile Instant lookedAt = Instant.EPOCH;
        InstanceRange range;
        int wanted;
        /** An instance has crashed, and has not been up since. */
        boolean crashed;

        Instant lastActive;
        Instant since;
        Optional<Future<?>> timer = Optional.empty();

        Scaled(AppRow app, InstanceRange range, int wanted, Instant now) {
            this.app = app;
            this.range = range;
            this.wanted = wanted;
            this.lastActive = now;
            this.since = now;
        }
    }

    /** Tells with the app's id when another number of instances is wanted. */
    void onChange(Consumer<Integer> listener) {
        onChange = listener;
    }

    /** How many web instances an app should have; empty for one that does not scale, or that was not seen yet. */
    OptionalInt wanted(int app) {
        Scaled scaled = apps.get(app);
        if (scaled == null) {
            return OptionalInt.empty();
        }
        synchronized (scaled) {
            return OptionalInt.of(scaled.wanted);
        }
    }

    /** Since when as many are wanted as now. */
    Optional<Instant> since(int app) {
        return Optional.ofNullable(apps.get(app)).map(scaled -> {
            synchronized (scaled) {
                return scaled.since;
            }
        });
    }

    /**
     * What an app's active release says now.
     *
     * @param range   of its web process, if it scales
     * @param running instances now; what an app begins with that was not known before
     * @param crashed whether one of them has crashed, and has not been up since
     */
    void serve(AppRow app, Optional<InstanceRange> range, int running, boolean crashed) {
        if (range.isEmpty()) {
            forget(app);
            return;
        }
        Instant now = clock.instant();
        InstanceRange given = range.get();
        Scaled scaled = apps.computeIfAbsent(app.id(), id -> new Scaled(app, given, given.within(running), now));
        idByName.put(app.name(), app.id());
        synchronized (scaled) {
            boolean changed = !scaled.range.equals(given);
            scaled.range = given;
            scaled.crashed = crashed;
            scaled.wanted = given.within(scaled.wanted);
            if (changed || scaled.timer.isEmpty()) {
                lookLater(scaled, now);
            }
        }
    }

    /** A new release is about to take over, whose instances are up: as many as {@link View#startCounts} said. */
    void activating(AppRow app, int started) {
        Scaled scaled = apps.get(app.id());
        if (scaled != null) {
            synchronized (scaled) {
                scaled.wanted = Math.max(started, scaled.wanted);
                scaled.lastActive = clock.instant();
            }
        }
    }

    void forget(AppRow app) {
        idByName.remove(app.name(), app.id());
        Scaled scaled = apps.remove(app.id());
        if (scaled != null) {
            synchronized (scaled) {
                scaled.timer.ifPresent(timer -> timer.cancel(false));
            }
        }
    }

    /** An app has more to do than before. Returns at once. */
    void demand(String name) {
        Integer id = idByName.get(name);
        Scaled scaled = id == null ? null : apps.get(id);
        if (scaled != null && scaled.looking.compareAndSet(false, true)) {
            Duration pause = Duration.between(clock.instant(), scaled.lookedAt.plus(LOOKS_APART));
            Runnable look = () -> {
                scaled.looking.set(false);
                look(scaled);
            };
            if (pause.isPositive()) {
                Future<?> _ = Threads.after(pause, "scale-" + name, look);
            } else {
                Thread _ = Threads.start("scale-" + name, look);
            }
        }
    }

    void close() {
        closed = true;
    }

    private void look(Scaled scaled) {
        if (closed || apps.get(scaled.app.id()) != scaled) {
            return;
        }
        String said;
        synchronized (scaled) {
            Instant now = clock.instant();
            scaled.lookedAt = now;
            AppLoad present = load.apply(scaled.app.name());
            int before = scaled.wanted;
            scaled.wanted = wanted(scaled, present, now);
            lookLater(scaled, now);
            if (scaled.wanted == before) {
                return;
            }
            scaled.since = now;
            said = said(scaled, before, present);
        }
        onChange.accept(scaled.app.id());
        announcer.say(scaled.app, said);
    }

    private static int wanted(Scaled scaled, AppLoad present, Instant now) {
        int busy = present.inFlight() + present.held();
        if (busy > 0) {
            scaled.lastActive = now;
        }
        if (scaled.wanted == 0) {
            return present.held() == 0 ? 0 : Autoscaler.atOnce(scaled.range, busy);
        }
        if (busy == 0
                && !scaled.crashed
                && scaled.range.min() == 0
                && !sleepAt(scaled, present, now).isAfter(now)) {
            scaled.autoscaler.forget();
            return 0;
        }
        boolean starved = present.held() > 0 && present.instances() >= scaled.wanted;
        return scaled.autoscaler.wanted(now, scaled.range, scaled.wanted, busy, starved);
    }

    /** When the app may sleep if nothing is asked until then. */
    private static Instant sleepAt(Scaled scaled, AppLoad present, Instant now) {
        Instant idleSince = present.instances() == 0 ? scaled.lastActive : now.minus(present.idle());
        Instant active = scaled.lastActive.isAfter(idleSince) ? scaled.lastActive : idleSince;
        return active.plus(scaled.range.idleOrDefault());
    }

    private void lookLater(Scaled scaled, Instant now) {
        scaled.timer.ifPresent(timer -> timer.cancel(false));
        Optional<Duration> pause = pause(scaled, now);
        scaled.timer = pause.map(delay -> Threads.after(delay, "scale-" + scaled.app.name(), () -> look(scaled)));
    }

    private Optional<Duration> pause(Scaled scaled, Instant now) {
        if (scaled.wanted == 0) {
            return Optional.empty();
        }
        boolean settled = !scaled.autoscaler.unsettled(scaled.range, scaled.wanted)
                || scaled.range.max() <= Math.max(1, scaled.range.min());
        if (scaled.range.min() > 0 && settled) {
            return Optional.empty();
        }
        if (!settled) {
            return Optional.of(TICK);
        }
        AppLoad present = load.apply(scaled.app.name());
        Duration untilSleep = Duration.between(now, sleepAt(scaled, present, now));
        boolean mustWait = present.inFlight() + present.held() > 0 || scaled.crashed;
        return Optional.of(mustWait ? scaled.range.idleOrDefault() : longer(untilSleep, LOOKS_APART));
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }

    private static String said(Scaled scaled, int before, AppLoad present) {
        if (scaled.wanted == 0) {
            return "web falls asleep: no request for " + TimeSpan.spoken(scaled.range.idleOrDefault());
        }
        String load = "%d requests in flight%s"
                .formatted(present.inFlight(), present.held() == 0 ? "" : ", %d waiting".formatted(present.held()));
        return before == 0
                ? "web wakes, to %d: %s".formatted(scaled.wanted, load)
                : "scaled web from %d to %d: %s".formatted(before, scaled.wanted, load);
    }
}
