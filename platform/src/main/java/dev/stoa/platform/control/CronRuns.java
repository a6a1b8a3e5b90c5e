package dev.stoa.platform.control;

import dev.stoa.api.CronRun;
import dev.stoa.api.LogLine;
import dev.stoa.api.Manifest.CronManifest;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.CronStore.CronRow;
import dev.stoa.platform.control.CronStore.Mark;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.observe.LogCollector;
import dev.stoa.platform.observe.LogStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The runs of scheduled jobs, each an instance of its own that outlives the platform: what goes on stands in the store, and the
 * next platform writes down how it ended.
 */
final class CronRuns {
    private static final System.Logger LOG = System.getLogger(CronRuns.class.getName());

    /** How long a run may take to go once it has been told to. */
    static final Duration STOP_MAX = Duration.ofSeconds(10);

    private static final Duration TIMEOUT_DEFAULT = Duration.ofHours(1);
    private static final Duration TIMEOUT_MAX = Duration.ofDays(365);

    /** How long output may wait before somebody who watches sees it. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(25);

    /** Many jobs are due on the hour. */
    private static final int STARTS_AT_ONCE = 4;

    /** Nothing recorded one. */
    private static final int STATUS_UNKNOWN = 255;

    private static final String NOTHING_RECORDED = "is gone, and nothing recorded how it ended";
    static final String FAILED = "failed";
    private static final String TIMED_OUT = "timed-out";

    private final Stores stores;
    private final CronStore crons;
    private final Engine engine;
    private final LaunchOrder launchOrder;
    private final LogCollector collector;
    private final Announcer announcer;
    private final CronLog cronLog;
    private final Ids ids;
    private final InstantSource clock;
    private final Map<String, Live> live = new ConcurrentHashMap<>();
    private final Set<String> settling = ConcurrentHashMap.newKeySet();
    private final Semaphore starts = new Semaphore(STARTS_AT_ONCE);
    private volatile boolean closed;

    CronRuns(
            Home home,
            Stores stores,
            Engine engine,
            LaunchOrder launchOrder,
            LogCollector collector,
            LogStore logs,
            Ids ids,
            InstantSource clock) {
        this.stores = stores;
        this.crons = stores.crons();
        this.engine = engine;
        this.launchOrder = launchOrder;
        this.collector = collector;
        this.announcer = new Announcer(logs, clock);
        this.cronLog = new CronLog(home, logs);
        this.ids = ids;
        this.clock = clock;
    }

    /** A run whose instance is looked after; {@code end} has its entry when it has ended. */
    private record Live(AppRow app, CronRow row, CompletableFuture<CronRun> end) {}

    static Duration timeout(CronManifest cron) {
        Duration wanted = cron.timeout().orElse(TIMEOUT_DEFAULT);
        return wanted.compareTo(TIMEOUT_MAX) < 0 ? wanted : TIMEOUT_MAX;
    }

    /** Takes over the runs that an earlier platform started. */
    void adopt() {
        engine.onExit(id -> {
            if (live.containsKey(id)) {
                Threads.start("end-" + id, () -> settle(id));
            }
        });
        for (CronRow row : crons.running()) {
            AppRow app = stores.apps().find(row.app()).orElseThrow();
            Optional<InstanceStatus> status = engine.instance(row.run().id());
            if (status.isPresent()) {
                care(app, row, status.get());
            } else {
                fail(app, row, "the platform was stopped before it had started it");
            }
        }
    }

    /** The entry of a run that is to start now; nothing where another one runs and that is not wanted. */
    synchronized Optional<CronRow> begin(
            AppRow app, ReleaseRow release, String name, CronManifest cron, Instant due, Optional<Mark> mark) {
        if (!cron.overlap() && runs(app, name)) {
            return Optional.empty();
        }
        Instant now = clock.instant();
        CronRow row = new CronRow(
                app.id(),
                new CronRun(
                        "cron-" + ids.next(),
                        name,
                        "running",
                        release.name(),
                        1,
                        Optional.empty(),
                        Optional.empty(),
                        due,
                        Optional.of(now),
                        Optional.empty()),
                Optional.of(now.plus(timeout(cron))));
        mark.ifPresentOrElse(seen -> crons.add(row, seen), () -> crons.add(row));
        return Optional.of(row);
    }

    boolean runs(AppRow app, String name) {
        return crons.running().stream()
                .anyMatch(row -> row.app() == app.id() && row.run().cron().equals(name));
    }

    /** Writes down what did not run, and why. */
    void record(
            AppRow app, String state, String name, String release, int count, Instant due, String reason, Mark mark) {
        CronRun run = new CronRun(
                "cron-" + ids.next(),
                name,
                state,
                release,
                count,
                Optional.empty(),
                Optional.of(reason),
                due,
                Optional.empty(),
                Optional.of(clock.instant()));
        crons.add(new CronRow(app.id(), run, Optional.empty()), mark);
        announcer.say(app, "cron.%s %s: %s".formatted(name, state, reason));
        prune(app, name);
    }

    /** Starts what {@link #begin} wrote down, in a thread of its own. */
    void launchLater(AppRow app, CronRow row, ReleaseRow release, String command) {
        Threads.start("start-" + row.run().id(), () -> {
            try {
                Live _ = launch(app, row, release, command, status -> {});
            } catch (StoaException e) {
                LOG.log(
                        Level.WARNING,
                        "cannot start a scheduled job run=" + row.run().id(),
                        e);
            }
        });
    }

    /** Starts what {@link #begin} wrote down, and tells its output until its end. If nobody listens any more, it goes on. */
    void launchAndFollow(AppRow app, CronRow row, ReleaseRow release, String command, Consumer<RunEvent> sink)
            throws InterruptedException {
        List<OneOff.Output> opened = new ArrayList<>(1);
        Live run = launch(app, row, release, command, status -> opened.add(output(status, sink)));
        try (OneOff.Output output = opened.getFirst()) {
            sink.accept(new RunEvent.Started(row.run().id(), release.name()));
            CronRun ended = awaitEnd(run, output);
            if (ended.state().equals(TIMED_OUT)) {
                sink.accept(
                        new RunEvent.Output("\n%s\n".formatted(ended.reason().orElse(TIMED_OUT))));
            }
            sink.accept(new RunEvent.Exit(ended.status().orElse(STATUS_UNKNOWN)));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot read the output of " + row.run().id(), e);
        }
    }

    private static OneOff.Output output(InstanceStatus status, Consumer<RunEvent> sink) {
        try {
            // Where the collector has been, the file may have holes, which read as zeros.
            return new OneOff.Output(status, text -> {
                String told = text.replace("\0", "");
                if (!told.isEmpty()) {
                    sink.accept(new RunEvent.Output(told));
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the output of " + status.id(), e);
        }
    }

    private static CronRun awaitEnd(Live run, OneOff.Output output) throws InterruptedException, IOException {
        while (true) {
            try {
                CronRun ended = run.end().get(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
                output.tell(true);
                return ended;
            } catch (TimeoutException e) {
                output.tell(false);
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** @param early gets the instance before its files can be gone */
    private Live launch(AppRow app, CronRow row, ReleaseRow release, String command, Consumer<InstanceStatus> early) {
        String id = row.run().id();
        starts.acquireUninterruptibly();
        try {
            InstanceStatus status = engine.start(launchOrder.cron(
                    id,
                    app,
                    release,
                    stores.releases().build(release.build()),
                    row.run().cron(),
                    command));
            early.accept(status);
            return care(app, row, status);
        } catch (RuntimeException e) {
            String why = e instanceof StoaException known ? known.message() : e.toString();
            fail(app, row, "could not be started: " + why);
            throw e;
        } finally {
            starts.release();
        }
    }

    /** Sees to it that a run is heard, ended when its time is up, and its end written down. */
    private Live care(AppRow app, CronRow row, InstanceStatus status) {
        String id = row.run().id();
        collector.attach(app.name(), source(row.run().cron()), id, status.output());
        Live run = new Live(app, row, new CompletableFuture<>());
        live.put(id, run);
        Instant deadline = row.deadline().orElse(Instant.MAX);
        Duration left = Duration.between(clock.instant(), deadline);
        ScheduledFuture<?> timer = Threads.after(left.isNegative() ? Duration.ZERO : left, "deadline-" + id, () -> {
            Duration longest = Duration.between(row.run().startedAt().orElse(deadline), deadline);
            end(id, TIMED_OUT, "ended after %s, the longest that it may take".formatted(said(longest)));
        });
        var _ = run.end().thenRun(() -> timer.cancel(false));
        if (!engine.instance(id).map(InstanceStatus::running).orElse(false)) {
            settle(id);
        }
        return run;
    }

    /** Tells a run to go, and kills it if it does not; does nothing for one that has ended. */
    void end(String id, String state, String reason) {
        Live run = live.get(id);
        if (closed || run == null) {
            return;
        }
        crons.ending(id, state, reason);
        try {
            engine.terminate(id);
            ScheduledFuture<?> kill = Threads.after(STOP_MAX, "kill-" + id, () -> {
                if (live.containsKey(id)) {
                    engine.kill(id);
                }
            });
            var _ = run.end().thenRun(() -> kill.cancel(false));
        } catch (StoaException e) {
            LOG.log(Level.DEBUG, "it has ended by itself run=" + id, e);
        }
    }

    /** Ends all runs of an app, or of all, and returns when they have ended. */
    void endAll(Predicate<AppRow> which, String reason) {
        List<Live> ending =
                live.values().stream().filter(run -> which.test(run.app())).toList();
        ending.forEach(run -> end(run.row().run().id(), FAILED, reason));
        ending.forEach(run -> {
            try {
                var _ = run.end().get(STOP_MAX.multipliedBy(2).toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                LOG.log(
                        Level.WARNING,
                        "a run does not end run=" + run.row().run().id(),
                        e);
            }
        });
    }

    /** What a run said. */
    List<LogLine> log(AppRow app, CronRun run) {
        return cronLog.read(app, run);
    }

    /** Writes down nothing any more. The runs go on. */
    void close() {
        closed = true;
    }

    /** Writes down how an instance ended, and clears it away. */
    private void settle(String id) {
        Live run = live.get(id);
        if (closed || run == null || !settling.add(id)) {
            return;
        }
        try {
            Optional<Exit> exit = engine.instance(id).flatMap(InstanceStatus::exit);
            collector.detach(id);
            String state = exit.filter(e -> e.cause() == Exit.Cause.EXITED && e.status() == 0)
                            .isPresent()
                    ? "succeeded"
                    : FAILED;
            crons.finish(
                    id,
                    state,
                    exit.map(Exit::status),
                    state.equals(FAILED)
                            ? Optional.of(exit.map(Exit::describe).orElse(NOTHING_RECORDED))
                            : Optional.empty(),
                    exit.map(Exit::at).orElseGet(clock::instant));
            CronRun ended = crons.find(id).map(CronRow::run).orElse(run.row().run());
            cronLog.keep(run.app(), ended);
            sayEnd(run.app(), ended);
            engine.remove(id);
            prune(run.app(), ended.cron());
            live.remove(id);
            run.end().complete(ended);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "cannot write down how a run ended, will try again run=" + id, e);
            ScheduledFuture<?> _ = Threads.after(STOP_MAX, "settle-" + id, () -> settle(id));
        } finally {
            settling.remove(id);
        }
    }

    private void fail(AppRow app, CronRow row, String reason) {
        crons.finish(row.run().id(), FAILED, Optional.empty(), Optional.of(reason), clock.instant());
        announcer.say(app, "%s failed: %s".formatted(source(row.run().cron()), reason));
        prune(app, row.run().cron());
    }

    private void sayEnd(AppRow app, CronRun run) {
        if (!run.state().equals("succeeded")) {
            announcer.say(
                    app,
                    "%s %s: %s"
                            .formatted(
                                    source(run.cron()),
                                    run.state(),
                                    run.reason().orElse("")));
        }
    }

    private void prune(AppRow app, String name) {
        cronLog.delete(app, crons.prune(app.id(), name));
    }

    /** Adds a line of the platform's own to the app's log. That it cannot be written stops nothing. */
    private static String source(String name) {
        return "cron." + name;
    }

    private static String said(Duration time) {
        return time.toMinutes() > 0 && time.toSecondsPart() == 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
    }
}
