package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.engine.InstanceStatus;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Makes what runs into what is wanted, app by app.
 *
 * <p>It takes no input but "look again". Looking reads the wanted state from the store and the actual one from the engine,
 * asks the {@link Planner}, applies the plan, and looks again until the plan is empty. Nothing that matters is kept in
 * memory: killed at any line and started again, it ends in the same place. For each app one thread at a time looks.
 */
final class Reconciler {
    private static final System.Logger LOG = System.getLogger(Reconciler.class.getName());

    /** After an error that was not foreseen. */
    private static final Duration LOOK_AGAIN_AFTER_ERROR = Duration.ofSeconds(5);

    /** Every app with instances is looked at so often, should something have been missed. */
    private static final Duration LOOK_EVERY = Duration.ofMinutes(1);

    /** Not while what has just ended is cleared away, nor while the platform starts. */
    private static final Duration PREPARE_AFTER = Duration.ofSeconds(1);

    private static final Duration READ_AGAIN_AFTER = Duration.ofSeconds(5);

    private final AppStore apps;
    private final RolloutStore rollouts;
    private final Crew crew;
    private final View view;
    private final FailureReport failures;
    private final Scaler scaler;
    private final Routes routes;
    private final Announcer announcer;
    private final InstantSource clock;
    private final Planner planner = new Planner();
    private final Map<Integer, Look> looks = new ConcurrentHashMap<>();
    private final Map<Long, CompletableFuture<RolloutRow>> awaited = new ConcurrentHashMap<>();
    private Runnable onServing = () -> {};
    private volatile boolean closed;

    Reconciler(
            Stores stores,
            Crew crew,
            View view,
            FailureReport failures,
            Scaler scaler,
            Routes routes,
            Announcer announcer,
            InstantSource clock) {
        this.apps = stores.apps();
        this.rollouts = stores.rollouts();
        this.crew = crew;
        this.view = view;
        this.failures = failures;
        this.scaler = scaler;
        this.routes = routes;
        this.announcer = announcer;
        this.clock = clock;
    }

    /** One app's turn: who holds the lock looks. */
    private static final class Look {
        final ReentrantLock lock = new ReentrantLock();
        /** A thread is on its way to the lock; whatever changes before it has it, it will see. */
        final AtomicBoolean scheduled = new AtomicBoolean();
        /** What the router was told last, if one of the app's instances was on its way up. */
        Optional<View.Snapshot> shown = Optional.empty();

        boolean retired;
    }

    /** Takes over the instances that run already, and sees to every app. Returns when each app has been looked at once. */
    void start() {
        crew.onExit(this::lookAgain);
        crew.onUp(this::cameUp);
        scaler.onChange(this::lookAgain);
        crew.adopt();
        for (AppRow app : apps.all()) {
            try {
                crew.adopt(app);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "cannot take over the instances of an app app=" + app.name(), e);
            }
            look(app.id());
        }
        lookAround();
    }

    /** Tells when a release has become an app's active one. To be said before {@link #start}. */
    void onServing(Runnable listener) {
        onServing = listener;
    }

    private void lookAround() {
        ScheduledFuture<?> _ = Threads.after(LOOK_EVERY, "look-around", () -> {
            if (!closed) {
                lookAround();
                crew.appsWithInstances().forEach(this::lookAgain);
            }
        });
    }

    /** Something of the app may have changed. Returns at once. */
    void lookAgain(int app) {
        Look look = looks.computeIfAbsent(app, id -> new Look());
        if (look.scheduled.compareAndSet(false, true)) {
            Threads.start("reconcile-" + app, () -> look(app));
        }
    }

    /**
     * Requests may wait for this instance: they get it before all is looked at again, which is what counts then. Where
     * somebody looks just now, he sees it.
     */
    private void cameUp(AppRow app, InstanceStatus instance) {
        Look look = looks.computeIfAbsent(app.id(), id -> new Look());
        if (look.lock.tryLock()) {
            try {
                if (!look.retired) {
                    look.shown
                            .flatMap(snapshot -> snapshot.withUp(instance))
                            .ifPresent(snapshot -> show(app, look, snapshot));
                }
            } finally {
                look.lock.unlock();
            }
        }
        lookAgain(app.id());
    }

    /** The router knows where the app's hosts lead when this returns; for what is asked for right after a change of them. */
    void publish(AppRow app) {
        withLock(app.id(), look -> {
            if (!look.retired) {
                show(app, look, view.of(app));
            }
        });
    }

    private void show(AppRow app, Look look, View.Snapshot snapshot) {
        routes.publish(app, snapshot);
        look.shown = Optional.of(snapshot).filter(View.Snapshot::starting);
    }

    /** Waits for the rollout's end, active or failed. */
    RolloutRow awaitEnd(long rollout) throws InterruptedException {
        CompletableFuture<RolloutRow> end = awaited.computeIfAbsent(rollout, id -> new CompletableFuture<>());
        try {
            while (true) {
                // The row counts; that somebody tells only makes it quicker.
                RolloutRow row = rollouts.get(rollout);
                if (!row.pending()) {
                    return row;
                }
                try {
                    return end.get(READ_AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    LOG.log(Level.DEBUG, "still rolling out rollout={0}", rollout);
                }
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            awaited.remove(rollout);
        }
    }

    /** Gives up a rollout that has not become active yet; whatever served goes on. */
    void cancel(long rollout) {
        RolloutRow row = rollouts.get(rollout);
        withLock(row.app(), look -> {
            RolloutRow now = rollouts.get(rollout);
            if (now.pending()) {
                rollouts.fail(now, new StoaException(ErrorCode.CANCELLED, "cancelled", "").problem());
                ended(rollouts.get(rollout));
            }
        });
        lookAgain(row.app());
    }

    /** The app's canary is none any more: from the return on it gets no requests. Empty: it had none. */
    Optional<RolloutRow> withdraw(AppRow app, String why) {
        Optional<RolloutRow> ended = rollouts.withdraw(app.id(), why);
        ended.ifPresent(canary -> {
            announcer.say(app, "v%d is no longer a canary: %s".formatted(canary.version(), why));
            publish(app);
            lookAgain(app.id());
        });
        return ended;
    }

    /** Gives up the promotion of a canary, if it has not become active yet: it stays the canary. */
    void demote(RolloutRow rollout) {
        withLock(rollout.app(), look -> {
            rollouts.demote(rollout);
            ended(rollouts.get(rollout.id()));
        });
        lookAgain(rollout.app());
    }

    /** Ends all of an app's instances, for good: it is not looked at again. */
    void retire(AppRow app) {
        withLock(app.id(), look -> look.retired = true);
        scaler.forget(app);
        routes.withdraw(app.name());
        crew.endAll(app.id());
    }

    /** The app is to live on after all. */
    void unretire(AppRow app) {
        withLock(app.id(), look -> look.retired = false);
        lookAgain(app.id());
    }

    /** Ends every instance there is, and looks at nothing any more. */
    void stopEverything() {
        stopLooking();
        Threads.together(
                "stop",
                apps.all().stream()
                        .map(app -> (Runnable) () -> crew.endAll(app.id()))
                        .toList());
        crew.endTheRest();
    }

    /** Looks at nothing any more. The instances go on. */
    void close() {
        crew.close();
        stopLooking();
    }

    private void stopLooking() {
        closed = true;
        scaler.close();
        looks.keySet().forEach(app -> withLock(app, look -> {}));
    }

    private void withLock(int app, Consumer<Look> action) {
        Look look = looks.computeIfAbsent(app, id -> new Look());
        look.lock.lock();
        try {
            action.accept(look);
        } finally {
            look.lock.unlock();
        }
    }

    private void look(int app) {
        withLock(app, look -> {
            look.scheduled.set(false);
            if (closed || look.retired) {
                return;
            }
            try {
                apps.find(app).ifPresent(row -> reconcile(row, look));
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "reconciling failed, will look again app=" + app, e);
                lookLater(app, LOOK_AGAIN_AFTER_ERROR);
            }
        });
    }

    private void reconcile(AppRow app, Look look) {
        while (!closed) {
            crew.settle(app);
            View.Snapshot snapshot = view.of(app);
            scaler.serve(app, snapshot.routing().scaled(), snapshot.running(), snapshot.crashed());
            show(app, look, snapshot);
            Plan plan = planner.plan(snapshot.wanted(), snapshot.actual());
            if (plan.steps().isEmpty()) {
                snapshot.asleep().filter(slot -> !crew.prepared(app, slot)).ifPresent(slot -> prepareLater(app));
                plan.lookAgain().ifPresent(at -> lookLater(app.id(), Duration.between(clock.instant(), at)));
                return;
            }
            for (Plan.Step step : plan.steps()) {
                apply(app, step, look);
                if (look.scheduled.get()) {
                    // Starting takes its time: what has come up meanwhile is not to wait for the rest.
                    break;
                }
            }
        }
    }

    private void apply(AppRow app, Plan.Step step, Look look) {
        switch (step) {
            case Plan.Start start -> crew.start(app, start.slot(), start.crashes());
            case Plan.Stop stop -> crew.stop(app, stop.instance());
            case Plan.Forget forget -> crew.forget(forget.instance());
            case Plan.Activate activate -> {
                RolloutRow rollout = rollouts.get(activate.rollout());
                if (rollout.beside()) {
                    rollouts.stand(rollout);
                } else {
                    scaler.activating(app, view.startCount(rollout));
                    rollouts.activate(rollout);
                }
                // Whoever is told that it serves may ask it at once.
                show(app, look, view.of(app));
                ended(rollouts.get(rollout.id()));
                if (rollout.beside()) {
                    announcer.say(
                            app,
                            "v%d is the canary now, and gets %d %% of the requests"
                                    .formatted(
                                            rollout.version(), rollout.percent().orElseThrow()));
                } else {
                    announcer.say(app, "v%d serves now".formatted(rollout.version()));
                    onServing.run();
                }
            }
            case Plan.Fail fail -> {
                RolloutRow rollout = rollouts.get(fail.rollout());
                Problem problem = failures.explain(app, rollout, fail);
                rollouts.fail(rollout, problem);
                ended(rollouts.get(rollout.id()));
                announcer.say(app, "v%d failed: %s".formatted(rollout.version(), fail.why()));
            }
        }
    }

    private void ended(RolloutRow rollout) {
        Optional.ofNullable(awaited.get(rollout.id())).ifPresent(end -> end.complete(rollout));
    }

    /** An app that fell asleep, or was found asleep, is to wake quickly. */
    private void prepareLater(AppRow app) {
        ScheduledFuture<?> _ = Threads.after(
                PREPARE_AFTER,
                "prepare-" + app.id(),
                () -> withLock(app.id(), look -> {
                    if (!closed && !look.retired) {
                        view.of(app).asleep().ifPresent(slot -> crew.prepare(app, slot));
                    }
                }));
    }

    private void lookLater(int app, Duration delay) {
        // Never cancelled: a look that turns out to be needless does nothing.
        ScheduledFuture<?> _ = Threads.after(delay, "look-later-" + app, () -> lookAgain(app));
    }
}
