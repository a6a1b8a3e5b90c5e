package dev.stoa.platform.control;

import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.InstanceStore.InstanceRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.observe.LogCollector;
import dev.stoa.platform.router.Router;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The reconciler's hands: starts and ends instances, watches their health and collects what they write. */
final class Crew {
    private static final System.Logger LOG = System.getLogger(Crew.class.getName());

    /** How long requests in flight may take to end before the instance is told to go, and how long it may take to go. */
    static final Duration DRAIN_MAX = Router.DRAIN_TIME.plus(Router.GOODBYE_MAX);

    static final Duration STOP_MAX = Duration.ofSeconds(30);

    private final Engine engine;
    private final Drain drain;
    private final InstanceStore instances;
    private final RolloutStore rollouts;
    private final RunStore runs;
    private final ReleaseStore releases;
    private final CronStore crons;
    private final LaunchOrder launchOrder;
    private final HealthWatch health;
    private final LogCollector collector;
    private final Announcer announcer;
    private final Ids ids;
    private final InstantSource clock;
    private final Spares spares;
    private final Set<String> leaving = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> appById = new ConcurrentHashMap<>();
    private BiConsumer<AppRow, InstanceStatus> onUp = (app, instance) -> {};
    private volatile boolean closed;

    Crew(
            Engine engine,
            Drain drain,
            Stores stores,
            LaunchOrder launchOrder,
            HealthWatch health,
            LogCollector collector,
            Announcer announcer,
            Ids ids,
            InstantSource clock) {
        this.engine = engine;
        this.drain = drain;
        this.instances = stores.instances();
        this.rollouts = stores.rollouts();
        this.runs = stores.runs();
        this.releases = stores.releases();
        this.crons = stores.crons();
        this.launchOrder = launchOrder;
        this.health = health;
        this.collector = collector;
        this.announcer = announcer;
        this.ids = ids;
        this.clock = clock;
        this.spares = new Spares(engine::remove, ids, clock);
    }

    /** Waits until no request is in flight to an instance. */
    interface Drain {
        boolean await(Set<InetSocketAddress> addresses, Duration longest);
    }

    /** Tells of each instance that has come up. */
    void onUp(BiConsumer<AppRow, InstanceStatus> listener) {
        onUp = listener;
    }

    /** Tells with the app's id when one of its instances exits. */
    void onExit(Consumer<Integer> listener) {
        engine.onExit(id -> Optional.ofNullable(appById.get(id)).ifPresent(listener));
    }

    /** Ends the instances that no app knows, such as the build steps of a platform that was killed. */
    void adopt() {
        Set<String> known = new HashSet<>(instances.ids());
        runs.unfinished().forEach(run -> known.add(LaunchOrder.RUN + "-" + run.id()));
        known.addAll(crons.instances());
        for (InstanceStatus status : engine.instances()) {
            if (!known.contains(status.id())) {
                LOG.log(Level.INFO, "ending an instance that belongs to nobody instance={0}", status.id());
                try {
                    engine.remove(status.id());
                } catch (StoaException e) {
                    LOG.log(Level.WARNING, "cannot end it instance=" + status.id(), e);
                }
            }
        }
    }

    /** Takes over the app's instances that run already. */
    void adopt(AppRow app) {
        for (InstanceRow row : instances.all(app.id())) {
            engine.instance(row.id()).ifPresent(status -> care(app, row, status));
        }
    }

    Set<Integer> appsWithInstances() {
        return Set.copyOf(appById.values());
    }

    void start(AppRow app, Slot slot, int crashes) {
        String id = spares.take(app.id(), slot).orElseGet(ids::next);
        InstanceRow row = new InstanceRow(
                id, app.id(), slot, crashes, false, clock.instant(), Optional.empty(), Optional.empty());
        appById.put(row.id(), app.id());
        InstanceStatus status;
        try {
            status = engine.start(order(row.id(), app, slot));
        } catch (StoaException e) {
            instances.add(row);
            instances.markExited(row.id(), clock.instant(), Planner.NOT_STARTED + e.message());
            announcer.say(app, slot.name() + " " + Planner.NOT_STARTED + e.message());
            return;
        }
        // Noted when it runs: a platform that is killed before leaves one that nobody knows, which the next one ends,
        // and starts another. And the app gets up meanwhile.
        note(row);
        care(app, row, status);
    }

    private InstanceSpec order(String id, AppRow app, Slot slot) {
        ReleaseRow release = release(app, slot);
        return launchOrder.instance(id, app, release, releases.build(release.build()), slot);
    }

    private ReleaseRow release(AppRow app, Slot slot) {
        return releases.find(app.id(), rollouts.get(slot.rollout()).version()).orElseThrow();
    }

    /** Whether what the instance of this slot needs is made ready, so that it starts quicker. */
    boolean prepared(AppRow app, Slot slot) {
        return spares.has(app.id(), slot);
    }

    /** Makes it ready, if there is room for one more that waits. */
    void prepare(AppRow app, Slot slot) {
        spares.make(app.id(), slot, id -> engine.prepare(order(id, app, slot)));
    }

    private void note(InstanceRow row) {
        boolean noted = false;
        try {
            instances.add(row);
            noted = true;
        } finally {
            if (!noted) {
                appById.remove(row.id());
                engine.remove(row.id());
            }
        }
    }

    /** From now on these internal names lead somewhere for the instances of an app. */
    void names(int app, List<String> names) {
        instances.all(app).forEach(row -> engine.names(row.id(), names));
    }

    /** Drains it and ends it, in a thread of its own; {@link #settle} sees the end. */
    void stop(AppRow app, String instance) {
        instances.markStopping(instance);
        if (engine.instance(instance).isPresent()) {
            leave(instance);
        }
    }

    /** Writes down which instances have ended, and forgets those that were told to. */
    void settle(AppRow app) {
        for (InstanceRow row : instances.all(app.id())) {
            if (row.exitedAt().isPresent()) {
                continue;
            }
            Optional<InstanceStatus> status = engine.instance(row.id());
            Optional<Exit> exit = status.flatMap(InstanceStatus::exit);
            if (status.isPresent() && exit.isEmpty()) {
                care(app, row, status.get());
                continue;
            }
            collector.detach(row.id());
            if (row.stopping()) {
                forget(row.id());
                continue;
            }
            String how = exit.map(Exit::describe).orElse("is gone, and nothing recorded how it ended");
            instances.markExited(row.id(), exit.map(Exit::at).orElse(clock.instant()), how);
            health.forget(row.id());
            RolloutRow rollout = rollouts.get(row.slot().rollout());
            announcer.say(
                    app,
                    rollout.canary()
                            ? "%s of the canary v%d %s; until it is up again, others get its requests"
                                    .formatted(row.slot().name(), rollout.version(), how)
                            : "%s %s".formatted(row.slot().name(), how));
        }
    }

    /** Ends what runs without a place in the store: commands of builds and one-offs. */
    void endTheRest() {
        spares.discardAll();
        Threads.together(
                "end",
                engine.instances().stream()
                        .map(status -> (Runnable) () -> engine.remove(status.id()))
                        .toList());
    }

    void forget(String instance) {
        collector.detach(instance);
        engine.remove(instance);
        health.forget(instance);
        instances.delete(instance);
        appById.remove(instance);
    }

    /** Ends nobody any more who is not being ended already. */
    void close() {
        closed = true;
    }

    /** Ends all of an app's instances, and returns when they are gone. */
    void endAll(int app) {
        spares.discard(app);
        List<InstanceRow> rows = instances.all(app);
        rows.forEach(row -> instances.markStopping(row.id()));
        Threads.together(
                "end", rows.stream().map(row -> (Runnable) () -> end(row.id())).toList());
        rows.forEach(row -> forget(row.id()));
    }

    /** Sees to it that an instance that runs is heard, watched, or on its way out. May be repeated. */
    private void care(AppRow app, InstanceRow row, InstanceStatus status) {
        appById.put(row.id(), app.id());
        collector.attach(app.name(), row.slot().name(), row.id(), status.output());
        if (status.running() && row.stopping()) {
            leave(row.id());
        } else if (status.running() && !health.watches(row.id())) {
            watch(app, row);
        }
    }

    private void watch(AppRow app, InstanceRow row) {
        ReleaseRow release = release(app, row.slot());
        Manifest manifest = releases.build(release.build()).manifest();
        Optional<String> path = manifest.process(row.slot().process()).health();
        health.watch(row.id(), path, manifest.routing().protocol(), id -> {
            engine.instance(id).ifPresent(status -> onUp.accept(app, status));
            announcer.say(app, "%s is up (%s)".formatted(row.slot().name(), release.name()));
        });
    }

    private void leave(String instance) {
        if (!leaving.add(instance)) {
            return;
        }
        Threads.start("leave-" + instance, () -> {
            try {
                Set<InetSocketAddress> addresses = engine.instance(instance)
                        .flatMap(InstanceStatus::address)
                        .map(Set::of)
                        .orElse(Set.of());
                drain.await(addresses, DRAIN_MAX);
                // After a handing over this process lives on for a while, but whom to end is for another one to say.
                if (!closed) {
                    end(instance);
                }
            } finally {
                leaving.remove(instance);
            }
        });
    }

    /** SIGTERM, and SIGKILL for one that is still there after {@link #STOP_MAX}. */
    private void end(String instance) {
        if (engine.instance(instance).filter(InstanceStatus::running).isEmpty()) {
            return;
        }
        engine.terminate(instance);
        ScheduledFuture<?> kill = Threads.after(STOP_MAX, "kill-" + instance, () -> engine.kill(instance));
        try {
            engine.await(instance);
            kill.cancel(false);
        } catch (InterruptedException e) {
            // Whoever does not wait for its end wants it no less.
            Thread.currentThread().interrupt();
        }
    }
}
