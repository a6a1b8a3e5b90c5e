package dev.stoa.platform.control;

import dev.stoa.api.DetachedRun;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Instance;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RunStore.RunRow;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.observe.LogCollector;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;

/**
 * Commands that run by themselves: their output goes to the app's log, and they outlive the platform as instances do. What
 * ended while no platform was there is found at the next start.
 */
final class DetachedRuns {
    private static final System.Logger LOG = System.getLogger(DetachedRuns.class.getName());

    /** Of one app at the same time. */
    private static final int RUNNING_MAX = 50;

    /** So many of an app's that have ended are remembered. */
    private static final int REMEMBERED_MAX = 100;

    /** From SIGTERM to SIGKILL. */
    private static final Duration STOP_MAX = Duration.ofSeconds(10);

    private final Stores stores;
    private final Engine engine;
    private final LaunchOrder launchOrder;
    private final LogCollector collector;
    private final Announcer announcer;
    private final Ids ids;
    private final InstantSource clock;
    /** The runs that are to be settled when they end; who takes one out of it settles it. */
    private final Set<String> caredFor = ConcurrentHashMap.newKeySet();

    DetachedRuns(
            Stores stores,
            Engine engine,
            LaunchOrder launchOrder,
            LogCollector collector,
            Announcer announcer,
            Ids ids,
            InstantSource clock) {
        this.stores = stores;
        this.engine = engine;
        this.launchOrder = launchOrder;
        this.collector = collector;
        this.announcer = announcer;
        this.ids = ids;
        this.clock = clock;
    }

    /** Takes over what an earlier platform started. */
    void resume() {
        engine.onExit(instance -> {
            if (instance.startsWith(LaunchOrder.RUN + "-")) {
                settle(instance.substring(LaunchOrder.RUN.length() + 1));
            }
        });
        for (RunRow run : stores.runs().unfinished()) {
            try {
                stores.apps().find(run.app()).ifPresent(app -> care(app, run));
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "cannot take over a detached run run=" + run.id(), e);
            }
        }
    }

    /** One at a time, so that no more run than may. */
    synchronized DetachedRun start(AppRow app, ReleaseRow release, String command) {
        List<RunRow> runs = stores.runs().all(app.id());
        if (runs.stream().filter(run -> run.exitedAt().isEmpty()).count() >= RUNNING_MAX) {
            throw new StoaException(
                    ErrorCode.TOO_BUSY,
                    "%s has %d detached commands that run already".formatted(app.name(), RUNNING_MAX),
                    "stoa runs -a %s lists them, stoa runs stop ID ends one".formatted(app.name()));
        }
        RunRow run = new RunRow(
                ids.next(),
                app.id(),
                release.version(),
                command,
                false,
                clock.instant(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        stores.runs().add(run);
        try {
            InstanceStatus _ = engine.start(
                    launchOrder.run(run.id(), app, release, stores.releases().build(release.build()), command));
        } catch (RuntimeException e) {
            stores.runs().delete(run.id());
            throw e;
        }
        stores.runs().keepLast(app.id(), REMEMBERED_MAX);
        care(app, run);
        return shown(run);
    }

    private void care(AppRow app, RunRow run) {
        Optional<InstanceStatus> status = engine.instance(instance(run.id()));
        status.ifPresent(known -> collector.attach(app.name(), source(run.id()), known.id(), known.output()));
        caredFor.add(run.id());
        if (!status.map(InstanceStatus::running).orElse(false)) {
            settle(run.id());
        }
    }

    /** Writes down how it ended. A run whose start is still under way is left to who starts it. */
    private void settle(String id) {
        Optional<RunRow> row = stores.runs().find(id);
        if (row.isEmpty() || !caredFor.remove(id)) {
            return;
        }
        RunRow run = row.get();
        Exit exit = engine.instance(instance(id))
                .flatMap(InstanceStatus::exit)
                .orElseGet(() -> new Exit(0, Exit.Cause.LOST, clock.instant()));
        collector.detach(instance(id));
        boolean lost = exit.cause() == Exit.Cause.LOST;
        stores.runs()
                .markExited(id, exit.at(), lost ? OptionalInt.empty() : OptionalInt.of(exit.status()), exit.describe());
        stores.apps().find(run.app()).ifPresent(app -> announcer.say(app, source(id) + " " + exit.describe()));
        engine.remove(instance(id));
    }

    /** Newest first. */
    List<DetachedRun> list(AppRow app) {
        return stores.runs().all(app.id()).stream().map(DetachedRuns::shown).toList();
    }

    /** Those that run, as {@code stoa ps} shows them. */
    List<Instance> instances(AppRow app) {
        return stores.runs().all(app.id()).stream()
                .filter(run -> run.exitedAt().isEmpty())
                .map(run -> new Instance(
                        instance(run.id()),
                        source(run.id()),
                        LaunchOrder.RUN,
                        "v" + run.version(),
                        run.stopping() ? "stopping" : "up",
                        engine.instance(instance(run.id())).flatMap(InstanceStatus::pid),
                        Optional.empty(),
                        0,
                        Optional.of(run.command()),
                        run.startedAt()))
                .toList();
    }

    Optional<RunRow> find(AppRow app, String id) {
        return stores.runs().find(id).filter(run -> run.app() == app.id());
    }

    /** SIGTERM, and SIGKILL for one that is still there after a while. Returns when it has ended. */
    void stop(RunRow run) {
        String instance = instance(run.id());
        stores.runs().markStopping(run.id());
        if (engine.instance(instance).filter(InstanceStatus::running).isPresent()) {
            engine.terminate(instance);
            ScheduledFuture<?> kill = Threads.after(STOP_MAX, "kill-" + instance, () -> {
                if (engine.instance(instance).isPresent()) {
                    engine.kill(instance);
                }
            });
            try {
                Exit _ = engine.await(instance);
            } catch (InterruptedException e) {
                // It has not ended: it is killed in time all the same, and settled when it has.
                Thread.currentThread().interrupt();
                return;
            } catch (StoaException e) {
                // It ended by itself and was settled in between.
                LOG.log(Level.DEBUG, "a run ended before it was stopped run=" + run.id(), e);
            }
            kill.cancel(false);
        }
        settle(run.id());
    }

    void stopAll(List<RunRow> runs) {
        Threads.together(
                "stop-run", runs.stream().map(run -> (Runnable) () -> stop(run)).toList());
    }

    List<RunRow> running(AppRow app) {
        return stores.runs().all(app.id()).stream()
                .filter(run -> run.exitedAt().isEmpty())
                .toList();
    }

    static String instance(String id) {
        return LaunchOrder.RUN + "-" + id;
    }

    private static String source(String id) {
        return LaunchOrder.RUN + "." + id;
    }

    private static DetachedRun shown(RunRow run) {
        String state = run.exitedAt().isEmpty()
                ? "running"
                : run.stopping() ? "stopped" : run.status().isPresent() ? "exited" : "lost";
        return new DetachedRun(
                run.id(),
                "v" + run.version(),
                run.command(),
                source(run.id()),
                state,
                run.status(),
                run.exit(),
                run.startedAt(),
                run.exitedAt());
    }
}
