package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.AppName;
import dev.stoa.api.Cron;
import dev.stoa.api.CronRun;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.LogLine;
import dev.stoa.api.ManifestFile;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.base.Sql;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.engine.Limits;
import dev.stoa.platform.engine.process.ProcessEngine;
import dev.stoa.platform.observe.LogCollector;
import dev.stoa.platform.observe.LogStore;
import dev.stoa.platform.resource.PostgresBinaries;
import dev.stoa.platform.resource.PostgresCluster;
import dev.stoa.platform.resource.Volumes;
import dev.stoa.platform.router.AppLoad;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs real commands, and sets the clock. */
class CronsTest {
    private static final Instant START = Instant.parse("2026-01-01T10:00:30Z");
    private static PostgresCluster cluster;
    private static Sql sql;

    @TempDir
    Path temp;

    private volatile Instant now = START;
    private final Ids ids = new Ids(new SecureRandom());
    private Stores stores;
    private Home home;
    private AppRow app;
    private Part part;

    @BeforeAll
    static void openStore(@TempDir Path shared) {
        cluster = PostgresCluster.open(
                shared.resolve("pg"), PostgresBinaries.unpacked(Path.of("target/postgres-binaries")));
        sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password());
    }

    @AfterAll
    static void closeStore() {
        sql.close();
        cluster.close();
    }

    @BeforeEach
    void makeApp() throws IOException {
        home = Home.open(temp.resolve("home"));
        stores = Stores.of(sql.jdbi(), Secrets.open(home.secretKey()));
        app = stores.apps().create(new AppName("a" + ids.next()), now).orElseThrow();
        part = new Part();
    }

    @AfterEach
    void end() {
        part.crons.stopEverything();
        part.close();
        stores.apps().delete(app.id());
        home.close();
    }

    /** What a platform has of scheduled jobs; a second one takes over from the first. */
    private final class Part {
        final ProcessEngine engine = ProcessEngine.open(home.instances(), List.of(), () -> now);
        final LogStore logs = new LogStore(home.logs());
        final LogCollector collector = new LogCollector(logs, () -> now);
        final Crons crons;

        Part() {
            LaunchOrder order = new LaunchOrder(
                    new Limits(256L << 20, 1, 100), app -> List.of(), app -> Map.of(), (app, build, type) -> List.of());
            Scaler scaler =
                    new Scaler(name -> new AppLoad(0, 0, 0, Duration.ZERO), new Announcer(logs, () -> now), () -> now);
            View view = new View(
                    stores,
                    engine,
                    new HealthWatch(engine),
                    scaler,
                    new EdgePolicies(home, stores),
                    new AppVolumes(stores, new Volumes(home.volumes(), List.of(), engine, () -> now)),
                    "localhost",
                    () -> now);
            crons = new Crons(
                    stores,
                    new CronRuns(home, stores, engine, order, collector, logs, ids, () -> now),
                    view,
                    () -> now);
            crons.start();
        }

        void close() {
            crons.close();
            collector.close();
            engine.close();
        }
    }

    private void release(String manifest) throws IOException {
        release(manifest, Map.of("worker", "sleep 100"));
    }

    private void release(String manifest, Map<String, String> processes) throws IOException {
        String build = ids.next();
        Path root = Files.createDirectories(temp.resolve("slugs").resolve(build));
        Files.writeString(root.resolve("file"), "content\n");
        part.engine.own(root, app.id());
        Slug slug = new Slug(
                root, part.engine.slugMount(root), "procfile", processes, Optional.empty(), Map.of(), List.of(), 0);
        stores.releases().addBuild(new BuildRow(build, app.id(), slug, ManifestFile.parse(manifest, "stoa.toml")), now);
        ReleaseRow release = stores.releases().add(app.id(), build, Map.of("COLOUR", "blue"), "Deploy", now);
        stores.rollouts().activate(stores.rollouts().add(app.id(), release.version(), now));
        look();
    }

    private static String cron(String schedule, String command, String more) {
        return "[crons.job]\nschedule = \"%s\"\ncommand = \"%s\"\n%s\n".formatted(schedule, command, more);
    }

    /** Returns when the jobs have been looked at. */
    private void look() {
        part.crons.lookAgain();
        eventually(() -> stores.crons().marks(app.id()).keySet().containsAll(names()));
    }

    private List<String> names() {
        return part.crons.list(app.name()).stream().map(Cron::name).toList();
    }

    private void setClock(String time) {
        now = Instant.parse("2026-01-01T" + time + "Z");
        part.crons.lookAgain();
    }

    private List<CronRun> history() {
        return stores.crons().history(app.id(), "job", 100).stream()
                .map(CronStore.CronRow::run)
                .toList();
    }

    private List<String> states() {
        return history().stream().map(CronRun::state).toList();
    }

    private void awaitStates(String... states) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(states()).containsExactly(states));
    }

    private static void eventually(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(20)).until(condition);
    }

    private List<String> log(Optional<String> run) {
        List<LogLine> lines = new ArrayList<>();
        part.crons.log(app.name(), "job", run, lines::add);
        return lines.stream().map(line -> line.source() + ": " + line.text()).toList();
    }

    @Test
    void aJobRunsWhenItIsDueInTheReleaseWithItsConfigAndItsEndIsKept() throws Exception {
        release(cron("*/5 * * * *", "cat file; echo $COLOUR $STOA_RELEASE; exit 3", ""));
        assertThat(part.crons.list(app.name()).getFirst().next()).contains(Instant.parse("2026-01-01T10:05:00Z"));

        setClock("10:05:00");
        awaitStates("failed");

        CronRun run = history().getFirst();
        assertThat(run.status()).contains(3);
        assertThat(run.release()).isEqualTo("v1");
        assertThat(run.scheduledAt()).isEqualTo(Instant.parse("2026-01-01T10:05:00Z"));
        assertThat(log(Optional.of(run.id())))
                .containsExactly("cron.job: content", "cron.job: blue v1", "stoa: failed: exited with status 3");
        eventually(() -> part.engine.instances().isEmpty());
        setClock("10:10:00");
        awaitStates("failed", "failed");
    }

    @Test
    void aRunIsSkippedWhileTheOneBeforeGoesOn() throws Exception {
        release(cron("* * * * *", "sleep 100", ""));
        setClock("10:01:00");
        awaitStates("running");

        setClock("10:02:00");

        awaitStates("skipped", "running");
        assertThatThrownBy(() -> part.crons.run(app.name(), "job", event -> {}))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("runs already");
    }

    @Test
    void runsOverlapWhereTheManifestAllowsIt() throws Exception {
        release(cron("* * * * *", "sleep 100", "overlap = true"));
        setClock("10:01:00");
        awaitStates("running");

        setClock("10:02:00");

        awaitStates("running", "running");
    }

    @Test
    void aRunThatTakesTooLongIsEndedAndSaysSo() throws Exception {
        release(cron("* * * * *", "sleep 100", "timeout = \"1s\""));

        setClock("10:01:00");

        awaitStates("timed-out");
        assertThat(log(Optional.empty()))
                .containsExactly("stoa: timed-out: ended after 1 s, the longest that it may take");
    }

    @Test
    void whatWasDueWhileNoPlatformRanIsMissedOnceAndNotRunLate() throws Exception {
        release(cron("* * * * *", "echo ran", ""));
        part.close();
        now = Instant.parse("2026-01-01T10:05:10Z");

        part = new Part();

        awaitStates("missed");
        CronRun missed = history().getFirst();
        assertThat(missed.count()).isEqualTo(5);
        assertThat(missed.scheduledAt()).isEqualTo(Instant.parse("2026-01-01T10:05:00Z"));
        setClock("10:06:00");
        awaitStates("succeeded", "missed");
    }

    @Test
    void aRunOutlivesThePlatformAndTheNextOneWritesDownItsEnd() throws Exception {
        release(cron("@hourly", "echo begun; exec sleep 100", "timeout = \"1h\""));
        setClock("11:00:00");
        awaitStates("running");
        String id = history().getFirst().id();
        eventually(() -> log(Optional.of(id)).contains("cron.job: begun"));
        part.close();

        part = new Part();

        awaitStates("running");
        assertThat(log(Optional.of(id))).containsExactly("cron.job: begun");
        part.engine.terminate(id);
        awaitStates("failed");
        assertThat(history().getFirst().status()).contains(143);
        assertThat(log(Optional.of(id))).containsExactly("cron.job: begun", "stoa: failed: was ended by SIGTERM");
    }

    @Test
    void aRunThatThePlatformDidNotGetToStartIsWrittenDownAsFailed() throws Exception {
        release(cron("@hourly", "echo ran", ""));
        part.close();
        ReleaseRow release = stores.releases().active(app.id()).orElseThrow();
        CronRuns before = unstarted();
        var cron = Objects.requireNonNull(
                stores.releases().build(release.build()).manifest().crons().get("job"));
        before.begin(app, release, "job", cron, now, Optional.empty());

        part = new Part();

        awaitStates("failed");
        assertThat(history().getFirst().reason()).contains("the platform was stopped before it had started it");
    }

    @Test
    void aNewReleaseTakesEffectAtOnceAndBringsNothingOfThePast() throws Exception {
        release(cron("@daily", "echo old", ""));
        now = Instant.parse("2026-01-01T10:30:30Z");

        release(cron("*/10 * * * *", "echo new", ""));
        eventually(() -> stores.crons().marks(app.id()).values().stream()
                .allMatch(mark -> mark.schedule().startsWith("*/10")));
        setClock("10:40:00");

        awaitStates("succeeded");
        assertThat(log(Optional.empty())).containsExactly("cron.job: new");
        release("");
        eventually(() -> {
            part.crons.lookAgain();
            return part.crons.list(app.name()).isEmpty();
        });
        assertThat(part.crons.history(app.name(), "job", 10)).hasSize(1);
    }

    @Test
    void anAppThatIsScaledToZeroHasNoRunsAndMissesNone() throws Exception {
        release(cron("* * * * *", "echo ran", ""));
        stores.apps().setScale(app.id(), Map.of("worker", Optional.of(InstanceRange.fixed(0))));
        assertThat(part.crons.list(app.name()).getFirst().next()).isEmpty();
        setClock("10:03:00");
        eventually(() -> stores.crons().marks(app.id()).values().stream()
                .allMatch(mark -> mark.seen().equals(now)));
        stores.apps().setScale(app.id(), Map.of("worker", Optional.of(InstanceRange.fixed(1))));

        setClock("10:04:00");

        awaitStates("succeeded");
    }

    @Test
    void aJobRunsNowWhenAskedToAndTellsItsOutputAndStatus() throws Exception {
        release(cron("@yearly", "echo out; echo err >&2; exit 7", ""));
        List<RunEvent> events = new ArrayList<>();

        part.crons.run(app.name(), "job", events::add);

        assertThat(events.getFirst()).isInstanceOf(RunEvent.Started.class);
        assertThat(events.getLast()).isEqualTo(new RunEvent.Exit(7));
        assertThat(events.stream()
                        .filter(RunEvent.Output.class::isInstance)
                        .map(event -> ((RunEvent.Output) event).text())
                        .reduce("", String::concat))
                .isEqualTo("out\nerr\n");
        assertThat(states()).containsExactly("failed");
    }

    @Test
    void theRunsOfAnAppThatIsDestroyedEnd() throws Exception {
        release(cron("* * * * *", "sleep 100", ""));
        setClock("10:01:00");
        awaitStates("running");
        eventually(() -> !part.engine.instances().isEmpty());

        part.crons.retire(app);

        assertThat(states()).containsExactly("failed");
        assertThat(part.engine.instances()).isEmpty();
    }

    /** Runs of which nobody takes care. */
    private CronRuns unstarted() {
        return new CronRuns(
                home,
                stores,
                part.engine,
                new LaunchOrder(
                        new Limits(0, 0, 0), app -> List.of(), app -> Map.of(), (app, build, type) -> List.of()),
                part.collector,
                part.logs,
                ids,
                () -> now);
    }

    @Test
    void theHistoryIsBounded() throws Exception {
        release(cron("@yearly", "true", ""));
        CronRuns runs = unstarted();
        CronStore.Mark mark = new CronStore.Mark("@yearly UTC", now);
        for (int i = 0; i < CronStore.HISTORY_MAX + 5; i++) {
            runs.record(app, "skipped", "job", "v1", 1, now.plusSeconds(i), "a reason", mark);
        }

        assertThat(stores.crons().history(app.id(), "job", 1000)).hasSize(CronStore.HISTORY_MAX);
        assertThat(history().getFirst().scheduledAt()).isEqualTo(now.plusSeconds(CronStore.HISTORY_MAX + 4));
    }
}
