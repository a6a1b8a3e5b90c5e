package dev.stoa.platform.control;

import dev.stoa.api.Cron;
import dev.stoa.api.CronRun;
import dev.stoa.api.CronSchedule;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.LogLine;
import dev.stoa.api.Manifest.CronManifest;
import dev.stoa.api.Nearest;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.CronStore.CronRow;
import dev.stoa.platform.control.CronStore.Mark;
import dev.stoa.platform.control.CronStore.Scheduled;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Scheduled jobs: looks at every moment at which one is due, and does what {@link CronPlan} says. What there is to run stands in
 * the manifest of the active release, so a new release takes effect at once.
 */
final class Crons {
    private static final System.Logger LOG = System.getLogger(Crons.class.getName());

    /** So late a job may start when the machine is busy; what is later, as after the machine's sleep, is missed. */
    static final Duration LATE_MAX = Duration.ofMinutes(1);

    /** Somebody may set the clock. */
    private static final Duration LOOK_EVERY = Duration.ofMinutes(1);

    private static final Duration LOOK_AGAIN_AFTER_ERROR = Duration.ofSeconds(5);

    private final Stores stores;
    private final CronRuns runs;
    private final View view;
    private final InstantSource clock;
    private final Instant startedAt;
    private final Set<Integer> retired = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean lookAgain;
    private boolean closed;

    Crons(Stores stores, CronRuns runs, View view, InstantSource clock) {
        this.stores = stores;
        this.runs = runs;
        this.view = view;
        this.clock = clock;
        this.startedAt = clock.instant();
    }

    /** Takes over the runs that go on, writes down what was missed, and starts what is due from now on. */
    void start() {
        runs.adopt();
        Threads.start("crons", this::tick);
    }

    /** Something has changed, such as an active release. Returns at once. */
    void lookAgain() {
        lock.lock();
        try {
            lookAgain = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void tick() {
        Duration wait = Duration.ZERO;
        while (awaitTurn(wait)) {
            try {
                Instant now = clock.instant();
                Duration left = look(now)
                        .map(next -> Duration.between(clock.instant(), next))
                        .orElse(LOOK_EVERY);
                wait = left.compareTo(LOOK_EVERY) < 0 ? left : LOOK_EVERY;
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "looking at scheduled jobs failed, will look again", e);
                wait = LOOK_AGAIN_AFTER_ERROR;
            }
        }
    }

    private boolean awaitTurn(Duration wait) {
        lock.lock();
        try {
            long nanos = wait.toNanos();
            while (!closed && !lookAgain && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            lookAgain = false;
            return !closed;
        } catch (InterruptedException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Does what is to be done now, and returns when something is due next. */
    private Optional<Instant> look(Instant now) {
        Optional<Instant> next = Optional.empty();
        for (Scheduled scheduled : stores.crons().scheduled()) {
            Optional<AppRow> app = stores.apps().find(scheduled.app());
            if (app.isEmpty() || retired.contains(scheduled.app())) {
                continue;
            }
            try {
                Optional<Instant> due = look(app.get(), scheduled, now);
                if (due.isPresent() && (next.isEmpty() || due.get().isBefore(next.get()))) {
                    next = due;
                }
            } catch (RuntimeException e) {
                LOG.log(
                        Level.ERROR,
                        "looking at scheduled jobs of an app failed app="
                                + app.get().name(),
                        e);
            }
        }
        return next;
    }

    private Optional<Instant> look(AppRow app, Scheduled scheduled, Instant now) {
        Map<String, CronManifest> crons = new TreeMap<>(scheduled.manifest().crons());
        Map<String, Mark> marks = stores.crons().marks(app.id());
        Set<String> gone = new HashSet<>(marks.keySet());
        gone.removeAll(crons.keySet());
        stores.crons().dropMarks(app.id(), gone);
        List<CronPlan.Job> jobs = new ArrayList<>();
        crons.forEach((name, cron) -> schedule(cron).ifPresent(schedule -> {
            Mark mark = Optional.ofNullable(marks.get(name))
                    .filter(there -> there.schedule().equals(text(cron)))
                    .orElseGet(() -> {
                        Mark first = new Mark(text(cron), now);
                        stores.crons().mark(app.id(), name, first);
                        return first;
                    });
            jobs.add(new CronPlan.Job(name, schedule, zone(cron), mark.seen(), cron.overlap(), runs.runs(app, name)));
        }));
        Instant onTimeFrom = startedAt.isAfter(now.minus(LATE_MAX)) ? startedAt : now.minus(LATE_MAX);
        BuildRow build = stores.releases().build(scheduled.build());
        CronPlan plan = CronPlan.of(jobs, now, onTimeFrom, paused(app, build));
        ReleaseRow release =
                stores.releases().find(app.id(), scheduled.version()).orElseThrow();
        for (CronPlan.Step step : plan.steps()) {
            apply(app, release, Objects.requireNonNull(crons.get(step.job())), step, now);
        }
        return plan.next();
    }

    private void apply(AppRow app, ReleaseRow release, CronManifest cron, CronPlan.Step step, Instant now) {
        Mark mark = new Mark(text(cron), now);
        switch (step) {
            case CronPlan.Step.Start start -> {
                Optional<CronRow> row = runs.begin(app, release, start.job(), cron, start.due(), Optional.of(mark));
                row.ifPresentOrElse(
                        begun -> runs.launchLater(app, begun, release, cron.command()),
                        () -> skip(app, release, start.job(), start.due(), mark));
            }
            case CronPlan.Step.Skip skip -> skip(app, release, skip.job(), skip.due(), mark);
            case CronPlan.Step.Miss miss -> {
                String reason = miss.count() == 1
                        ? "the platform did not run at " + miss.last()
                        : "the platform did not run at %d times from %s to %s"
                                .formatted(miss.count(), miss.first(), miss.last());
                runs.record(app, "missed", miss.job(), release.name(), miss.count(), miss.last(), reason, mark);
            }
            case CronPlan.Step.Pass pass -> stores.crons().mark(app.id(), pass.job(), mark);
        }
    }

    private void skip(AppRow app, ReleaseRow release, String name, Instant due, Mark mark) {
        runs.record(app, "skipped", name, release.name(), 1, due, "the run before still ran", mark);
    }

    /** Whether the user has scaled the whole app to zero; one whose manifest asks for no instances may live by its jobs. */
    private boolean paused(AppRow app, BuildRow build) {
        Map<String, InstanceRange> ranges = view.ranges(app.id(), build);
        Map<String, InstanceRange> asked = stores.apps().scale(app.id());
        return ranges.keySet().stream().anyMatch(asked::containsKey)
                && ranges.values().stream().allMatch(range -> range.max() == 0);
    }

    /** The jobs of the active release, by name. */
    List<Cron> list(String appName) {
        AppRow app = stores.apps().require(appName);
        Optional<BuildRow> build = stores.releases()
                .active(app.id())
                .map(release -> stores.releases().build(release.build()));
        Instant now = clock.instant();
        boolean paused = build.map(row -> paused(app, row)).orElse(false);
        List<Cron> crons = new ArrayList<>();
        new TreeMap<>(build.map(row -> row.manifest().crons()).orElse(Map.of()))
                .forEach((name, cron) -> crons.add(new Cron(
                        name,
                        cron.schedule(),
                        cron.timezone().orElse("UTC"),
                        cron.command(),
                        cron.overlap(),
                        CronRuns.timeout(cron).toSeconds(),
                        schedule(cron).filter(schedule -> !paused).map(schedule -> schedule.next(now, zone(cron))),
                        stores.crons().history(app.id(), name, 1).stream()
                                .findFirst()
                                .map(CronRow::run))));
        return crons;
    }

    /** The newest entries of a job's history, newest first; also of a job that the active release no longer has. */
    List<CronRun> history(String appName, String name, int limit) {
        AppRow app = stores.apps().require(appName);
        List<CronRun> history = stores.crons().history(app.id(), name, limit).stream()
                .map(CronRow::run)
                .toList();
        if (history.isEmpty()) {
            Cron _ = require(appName, name);
        }
        return history;
    }

    /** What a run said. Without an id, the newest that was started. */
    void log(String appName, String name, Optional<String> id, Consumer<LogLine> sink) {
        AppRow app = stores.apps().require(appName);
        List<CronRun> history = history(appName, name, CronStore.HISTORY_MAX);
        CronRun run = history.stream()
                .filter(entry ->
                        id.map(entry.id()::equals).orElse(entry.startedAt().isPresent()))
                .findFirst()
                .or(() -> id.isPresent() ? Optional.empty() : history.stream().findFirst())
                .orElseThrow(() -> noSuchRun(app, name, id));
        runs.log(app, run).forEach(sink);
    }

    /** Runs a job now, and tells its output until its end. */
    void run(String appName, String name, Consumer<RunEvent> sink) throws InterruptedException {
        AppRow app = stores.apps().require(appName);
        ReleaseRow release = stores.releases().active(app.id()).orElseThrow(() -> Apps.nothingDeployed(app));
        Cron known = require(appName, name);
        CronManifest cron = new CronManifest(
                known.schedule(),
                known.command(),
                Optional.of(known.timezone()),
                known.overlap(),
                Optional.of(Duration.ofSeconds(known.timeoutSeconds())));
        CronRow row = runs.begin(app, release, name, cron, clock.instant(), Optional.empty())
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s of %s runs already, and its runs do not overlap".formatted(name, appName),
                        "see it with: stoa crons log %s   or allow it in stoa.toml: overlap = true".formatted(name)));
        runs.launchAndFollow(app, row, release, known.command(), sink);
    }

    /** Ends a run that goes on. Returns at once. */
    void end(String appName, String name, String id) {
        AppRow app = stores.apps().require(appName);
        if (history(appName, name, CronStore.HISTORY_MAX).stream()
                .noneMatch(run -> run.id().equals(id))) {
            throw noSuchRun(app, name, Optional.of(id));
        }
        runs.end(id, CronRuns.FAILED, "ended on request");
    }

    /** Ends the runs of an app that is going to be destroyed, and starts none. */
    void retire(AppRow app) {
        retired.add(app.id());
        runs.endAll(other -> other.id() == app.id(), "the app was destroyed");
    }

    void unretire(AppRow app) {
        retired.remove(app.id());
        lookAgain();
    }

    /** Ends all runs, and starts none. */
    void stopEverything() {
        stopLooking();
        runs.endAll(app -> true, "the platform was stopped");
    }

    /** Starts nothing any more. What runs goes on, and the next platform writes down its end. */
    void close() {
        stopLooking();
        runs.close();
    }

    private void stopLooking() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private Cron require(String appName, String name) {
        List<Cron> crons = list(appName);
        List<String> names = crons.stream().map(Cron::name).toList();
        return crons.stream()
                .filter(cron -> cron.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new StoaException(
                        ErrorCode.NOT_FOUND,
                        "%s has no cron \"%s\"".formatted(appName, name),
                        Nearest.of(name, names)
                                .map("did you mean \"%s\"?"::formatted)
                                .orElse(
                                        names.isEmpty()
                                                ? "its release has none; in stoa.toml one looks like: [crons.digest]"
                                                : "it has: " + String.join(", ", names))));
    }

    private static StoaException noSuchRun(AppRow app, String name, Optional<String> id) {
        return new StoaException(
                ErrorCode.NOT_FOUND,
                id.map(run -> "%s of %s has no run %s".formatted(name, app.name(), run))
                        .orElse("%s of %s has not run yet".formatted(name, app.name())),
                "stoa crons history %s -a %s lists them".formatted(name, app.name()));
    }

    private static Optional<CronSchedule> schedule(CronManifest cron) {
        try {
            return Optional.of(CronSchedule.parse(cron.schedule()));
        } catch (StoaException e) {
            // Only a manifest that was stored before its schedules were checked has one.
            LOG.log(Level.WARNING, "a scheduled job never runs reason={0}", e.message());
            return Optional.empty();
        }
    }

    private static ZoneId zone(CronManifest cron) {
        return cron.timezone().map(ZoneId::of).orElse(ZoneOffset.UTC);
    }

    private static String text(CronManifest cron) {
        return cron.schedule() + " " + cron.timezone().orElse("UTC");
    }
}
