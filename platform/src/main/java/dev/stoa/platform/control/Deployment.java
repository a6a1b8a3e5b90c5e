package dev.stoa.platform.control;

import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.DeployStore.DeployRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One change of an app from its start to the traffic: source, build, release, rollout. A config change or a rollback enters
 * the road at the release, a restart at the rollout.
 */
final class Deployment {
    private static final System.Logger LOG = System.getLogger(Deployment.class.getName());

    /** Beyond the active one, so many of the newest releases keep their builds and can be gone back to. */
    static final int RELEASES_KEPT = 10;

    private final Home home;
    private final AppStore apps;
    private final ConfigStore configs;
    private final AppResources resources;
    private final AppVolumes volumes;
    private final ReleaseStore releases;
    private final RolloutStore rollouts;
    private final DeployStore deploys;
    private final DeployLog log;
    private final BuildPhase buildPhase;
    private final ReleasePhase releasePhase;
    private final View view;
    private final Reconciler reconciler;
    private final Urls urls;
    private final InstantSource clock;

    Deployment(
            Home home,
            Stores stores,
            AppResources resources,
            AppVolumes volumes,
            DeployLog log,
            BuildPhase buildPhase,
            ReleasePhase releasePhase,
            View view,
            Reconciler reconciler,
            Urls urls,
            InstantSource clock) {
        this.home = home;
        this.apps = stores.apps();
        this.configs = stores.configs();
        this.resources = resources;
        this.volumes = volumes;
        this.releases = stores.releases();
        this.rollouts = stores.rollouts();
        this.deploys = stores.deploys();
        this.log = log;
        this.buildPhase = buildPhase;
        this.releasePhase = releasePhase;
        this.view = view;
        this.reconciler = reconciler;
        this.urls = urls;
        this.clock = clock;
    }

    static StoaException cancelled() {
        return new StoaException(ErrorCode.CANCELLED, "the deploy was cancelled; what served before goes on", "");
    }

    static StoaException unforeseen(RuntimeException e) {
        if (DiskFull.causes(e)) {
            return DiskFull.problem(e);
        }
        return new StoaException(
                ErrorCode.INTERNAL, "the platform failed: " + e, "see the platform's own log, and deploy again", e);
    }

    /** Goes the whole road, or on from where a platform that was killed has left it. */
    void run(DeployRow row) throws InterruptedException {
        AppRow app = apps.find(row.app()).orElseThrow();
        toTraffic(row, app);
        // What is due when a release serves is due for a canary when it is promoted.
        if (Set.of("deploy", "config", "promote").contains(row.deploy().kind())
                && row.canary().isEmpty()) {
            releasePhase.after(app, !row.deploy().kind().equals("config"), line -> say(row, line));
        }
    }

    private void toTraffic(DeployRow row, AppRow app) throws InterruptedException {
        switch (row.deploy().state()) {
            case "releasing" ->
                throw new StoaException(
                        ErrorCode.INTERRUPTED,
                        "the platform was stopped while it made the release",
                        "deploy again; the release before still serves");
            case "starting" -> {
                Optional<RolloutRow> rollout = rollouts.current(app.id()).stream()
                        .filter(RolloutRow::pending)
                        .findFirst();
                if (rollout.isPresent()) {
                    await(row, app, rollout.get().id());
                } else {
                    goOn(row, app);
                }
            }
            default -> {
                if (row.deploy().kind().equals("config")
                        && releases.all(app.id()).isEmpty()) {
                    say(row, "       nothing is deployed yet: the first deploy will have it");
                } else if (row.deploy().kind().equals("promote")) {
                    promote(row, app);
                } else {
                    rollOut(row, app, release(row, app));
                }
            }
        }
    }

    /** Leaves nothing behind but what is needed; what cannot be deleted is logged. */
    void cleanUp(DeployRow row, Optional<StoaException> failure) {
        AppRow app = apps.find(row.app()).orElseThrow();
        if (failure.isPresent()) {
            // Of one app one deploy runs at a time, so what is pending is its own.
            rollouts.current(app.id()).stream().filter(RolloutRow::pending).forEach(rollout -> {
                if (row.deploy().kind().equals("promote")) {
                    reconciler.demote(rollout);
                } else {
                    reconciler.cancel(rollout.id());
                }
            });
            row.version()
                    .ifPresent(version ->
                            releases.fail(app.id(), version, failure.get().message()));
        } else if (row.deploy().kind().equals("rollback")) {
            row.version()
                    .flatMap(version -> releases.find(app.id(), version))
                    .ifPresent(release -> configs.replace(app.id(), release.config()));
        }
        dropUpload(row);
        String id = row.deploy().id();
        if (releases.all(app.id()).stream().noneMatch(release -> release.build().equals(id))) {
            try {
                settle(id);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            deleteBuild(app, id);
        }
        releases.oldBuilds(app.id(), RELEASES_KEPT).forEach(build -> deleteBuild(app, build));
    }

    /**
     * Waits for what the deploy's build does beside the rest.
     *
     * @throws InterruptedException when the calling thread is interrupted; what was on its way has ended then
     */
    void settle(String id) throws InterruptedException {
        buildPhase.settle(id);
    }

    /** The source of a deploy that has ended is of no more use. */
    void dropUpload(DeployRow row) {
        FileTree.delete(home.upload(row.deploy().id()));
    }

    private void deleteBuild(AppRow app, String build) {
        releases.deleteBuild(build);
        try {
            FileTree.delete(home.build(app.name(), build));
        } catch (UncheckedIOException e) {
            LOG.log(Level.WARNING, "cannot delete a build build=" + build, e);
        }
    }

    Optional<String> url(DeployRow row) {
        return apps.find(row.app())
                .filter(app -> releases.active(app.id())
                        .map(release -> releases.build(release.build()).slug().processes())
                        .filter(processes -> processes.containsKey(LaunchOrder.WEB))
                        .isPresent())
                .map(urls::of);
    }

    private ReleaseRow release(DeployRow row, AppRow app) throws InterruptedException {
        return switch (row.deploy().kind()) {
            case "deploy" -> {
                if (row.canary().isPresent() && releases.active(app.id()).isEmpty()) {
                    throw Canaries.besideNothing(app);
                }
                BuildRow build = buildPhase.run(row, app, line -> say(row, line));
                if (row.canary().isPresent() && !build.slug().processes().containsKey(LaunchOrder.WEB)) {
                    throw Canaries.noWeb(app);
                }
                resources.provide(app, build.manifest(), line -> say(row, line));
                volumes.check(app, build);
                if (row.canary().isPresent()) {
                    volumes.refuseCanary(app, build);
                }
                volumes.notes(app, build).forEach(note -> say(row, "       NOTE: " + note));
                yield newRelease(row, app, build, configs.read(app.id()));
            }
            case "config" -> newRelease(row, app, latestBuild(app), configs.read(app.id()));
            case "rollback" -> {
                ReleaseRow target =
                        releases.find(app.id(), row.target().orElseThrow()).orElseThrow();
                yield newRelease(row, app, releases.build(target.build()), target.config());
            }
            default -> releases.active(app.id()).orElseThrow(() -> Apps.nothingDeployed(app));
        };
    }

    private BuildRow latestBuild(AppRow app) {
        ReleaseRow from = releases.active(app.id())
                .or(() -> releases.all(app.id()).stream().findFirst())
                .orElseThrow(() -> Apps.nothingDeployed(app));
        return releases.build(from.build());
    }

    private ReleaseRow newRelease(DeployRow row, AppRow app, BuildRow build, Map<String, String> config)
            throws InterruptedException {
        deploys.state(row.deploy().id(), "releasing");
        // Not the row's own: what was fetched is called otherwise now.
        String description =
                deploys.find(row.deploy().id()).orElseThrow().deploy().description();
        ReleaseRow release = releases.add(app.id(), build.id(), config, description, clock.instant());
        deploys.version(row.deploy().id(), release.version());
        say(row, "-----> Releasing " + release.name());
        if (!row.deploy().kind().equals("rollback")) {
            releasePhase.before(app, build, release, line -> say(row, line));
        }
        return release;
    }

    private void rollOut(DeployRow row, AppRow app, ReleaseRow release) throws InterruptedException {
        if (!row.deploy().kind().equals("restart")) {
            reconciler
                    .withdraw(app, "%s takes its place".formatted(release.name()))
                    .ifPresent(ended -> say(row, "       NOTE: v%d is no longer a canary".formatted(ended.version())));
        }
        Map<String, Integer> all = view.startCounts(app.id(), releases.build(release.build()));
        starting(
                row,
                release.version(),
                row.canary().map(percent -> CanaryCounts.of(all, percent, true)).orElse(all));
        RolloutRow rollout = rollouts.add(app.id(), release.version(), row.canary(), clock.instant());
        sayWhoStops(row, app, all);
        await(row, app, rollout.id());
    }

    /** @param counts of the release that starts */
    private void sayWhoStops(DeployRow row, AppRow app, Map<String, Integer> counts) {
        if (releases.active(app.id()).isEmpty()) {
            return;
        }
        volumes.alone(app.id(), counts.keySet()).forEach((type, volume) -> {
            if (counts.getOrDefault(type, 0) > 0) {
                say(
                        row,
                        "       The volume %s has one writer at a time: %s stops before the new one starts"
                                .formatted(volume, type));
            }
        });
    }

    private void starting(DeployRow row, int version, Map<String, Integer> counts) {
        say(
                row,
                "-----> Starting "
                        + counts.entrySet().stream()
                                .map(count -> count.getKey() + "=" + count.getValue())
                                .collect(Collectors.joining(" ")));
        deploys.version(row.deploy().id(), version);
        deploys.state(row.deploy().id(), "starting");
    }

    /** Gives the canary all of its instances; when they are up, it is the active one. */
    private void promote(DeployRow row, AppRow app) throws InterruptedException {
        RolloutRow canary = rollouts.canary(app.id()).orElseThrow(() -> Canaries.none(app));
        ReleaseRow release = releases.find(app.id(), canary.version()).orElseThrow();
        starting(row, canary.version(), view.counts(app.id(), releases.build(release.build())));
        await(
                row,
                app,
                rollouts.promote(app.id(), clock.instant())
                        .orElseThrow(() -> Canaries.none(app))
                        .id());
    }

    private void await(DeployRow row, AppRow app, long rollout) throws InterruptedException {
        Optional<Integer> undo = releases.active(app.id()).map(ReleaseRow::version);
        reconciler.lookAgain(app.id());
        RolloutRow end = reconciler.awaitEnd(rollout);
        if (end.canary()) {
            standing(row, app, end);
            return;
        }
        if (!end.active()) {
            undo.ifPresent(version -> sayWhoIsBack(row, app, version));
            throw failed(end);
        }
        say(row, "       every instance is up");
        say(row, "-----> v%d serves %s".formatted(end.version(), url(row).orElse("(no web process, no URL)")));
        if (row.deploy().kind().equals("rollback")) {
            say(
                    row,
                    "       This does not undo what releases did to databases and other services, nor scaling and domains.");
            undo.ifPresent(version ->
                    say(row, "       To undo the rollback: stoa rollback v%d -a %s".formatted(version, app.name())));
        }
    }

    private void sayWhoIsBack(DeployRow row, AppRow app, int version) {
        Set<String> types = releases.build(app.id(), version).slug().processes().keySet();
        if (!volumes.alone(app.id(), types).isEmpty()) {
            say(row, "       v%d is started again, with its volumes as they are now".formatted(version));
        }
    }

    private void standing(DeployRow row, AppRow app, RolloutRow canary) throws InterruptedException {
        if (row.deploy().kind().equals("promote")) {
            throw new InterruptedException("the promotion was given up");
        }
        say(row, "       every instance is up");
        say(
                row,
                "-----> v%d is a canary beside %s, and gets %d %% of the requests"
                        .formatted(
                                canary.version(),
                                releases.active(app.id()).map(ReleaseRow::name).orElse("nothing"),
                                canary.percent().orElseThrow()));
        say(row, "       To give it all of them: stoa promote -a " + app.name());
        say(row, "       To end it: stoa canary stop -a " + app.name());
    }

    /** The platform was killed just before the rollout began, or the rollout ended while nobody waited for it. */
    private void goOn(DeployRow row, AppRow app) throws InterruptedException {
        ReleaseRow release = row.version()
                .flatMap(version -> releases.find(app.id(), version))
                .orElseThrow(() -> new StoaException(
                        ErrorCode.INTERRUPTED, "the platform was stopped before the rollout", "deploy again"));
        switch (release.state()) {
            case "pending" -> rollOut(row, app, release);
            case "canary" -> {
                if (row.deploy().kind().equals("promote")) {
                    promote(row, app);
                } else {
                    standing(row, app, rollouts.canary(app.id()).orElseThrow());
                }
            }
            case "failed" ->
                throw new StoaException(
                        ErrorCode.NOT_HEALTHY,
                        release.reason().orElse("the rollout failed"),
                        "stoa logs -a " + app.name());
            default -> say(row, "-----> %s serves".formatted(release.name()));
        }
    }

    private static StoaException failed(RolloutRow rollout) {
        return rollout.problem()
                .filter(problem -> !problem.code().equals(ErrorCode.CANCELLED.code()))
                .map(problem -> new StoaException(ErrorCode.NOT_HEALTHY, problem.detail(), problem.hint()))
                .orElseGet(Deployment::cancelled);
    }

    private void say(DeployRow row, String line) {
        log.append(row.deploy().id(), new DeployEvent.Line(line));
    }
}
