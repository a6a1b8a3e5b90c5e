package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.TimeLimit;
import dev.stoa.platform.build.BuildRequest;
import dev.stoa.platform.build.Builder;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.DeployStore.DeployRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.source.ArchiveLimits;
import dev.stoa.platform.source.SourceArchive;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * One change of an app from its start to the traffic: source, build, release, rollout. A config change or a rollback enters
 * the road at the release, a restart at the rollout.
 */
final class Deployment {
    private static final System.Logger LOG = System.getLogger(Deployment.class.getName());

    /** Beyond the active one, so many of the newest releases keep their builds and can be gone back to. */
    static final int RELEASES_KEPT = 10;

    /** With the releases that are kept, these two bound the disk use of an app. */
    static final long SLUG_BYTES_MAX = 4L << 30;

    static final long CACHE_BYTES_MAX = 8L << 30;

    /** Where the manifest does not say. */
    static final Duration BUILD_MAX = Duration.ofMinutes(30);

    /** So much of what a deploy says is kept; a build that says more is not heard any further. */
    static final long SAID_CHARS_MAX = 8 << 20;

    private final Home home;
    private final AppStore apps;
    private final ConfigStore configs;
    private final ReleaseStore releases;
    private final RolloutStore rollouts;
    private final DeployStore deploys;
    private final DeployLog log;
    private final Builder builder;
    private final Engine engine;
    private final SetupStore setups;
    private final AppConfig appConfig;
    private final ReleasePhase phase;
    private final View view;
    private final Reconciler reconciler;
    private final Urls urls;
    private final Domains domains;
    private final GitDeploys gitDeploys;
    private final Semaphore builds;
    private final InstantSource clock;

    Deployment(
            Home home,
            Stores stores,
            DeployLog log,
            Builder builder,
            Engine engine,
            AppConfig appConfig,
            ReleasePhase phase,
            View view,
            Reconciler reconciler,
            Urls urls,
            Domains domains,
            GitDeploys gitDeploys,
            int buildsAtOnce,
            InstantSource clock) {
        this.home = home;
        this.apps = stores.apps();
        this.configs = stores.configs();
        this.releases = stores.releases();
        this.rollouts = stores.rollouts();
        this.deploys = stores.deploys();
        this.log = log;
        this.builder = builder;
        this.engine = engine;
        this.setups = stores.setups();
        this.appConfig = appConfig;
        this.phase = phase;
        this.view = view;
        this.reconciler = reconciler;
        this.urls = urls;
        this.domains = domains;
        this.gitDeploys = gitDeploys;
        this.builds = new Semaphore(buildsAtOnce, true);
        this.clock = clock;
    }

    static StoaException cancelled() {
        return new StoaException(ErrorCode.CANCELLED, "the deploy was cancelled; what served before goes on", "");
    }

    static StoaException unforeseen(RuntimeException e) {
        if (DiskFull.causes(e)) {
            return new StoaException(
                    ErrorCode.DISK_FULL,
                    "the disk of the data directory is full",
                    "free some room, or destroy apps that are not needed, and deploy again",
                    e);
        }
        return new StoaException(
                ErrorCode.INTERNAL, "the platform failed: " + e, "see the platform's own log, and deploy again", e);
    }

    /** Goes the whole road, or on from where a platform that was killed has left it. */
    void run(DeployRow row) throws InterruptedException {
        AppRow app = apps.find(row.app()).orElseThrow();
        toTraffic(row, app);
        if (Set.of("deploy", "config").contains(row.deploy().kind())) {
            phase.after(app, row.deploy().kind().equals("deploy"), line -> say(row, line));
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
            rollouts.current(app.id()).stream()
                    .filter(RolloutRow::pending)
                    .forEach(rollout -> reconciler.cancel(rollout.id()));
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
            deleteBuild(app, id);
        }
        releases.oldBuilds(app.id(), RELEASES_KEPT).forEach(build -> deleteBuild(app, build));
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
            case "deploy" -> newRelease(row, app, build(row, app), configs.read(app.id()));
            case "config" -> newRelease(row, app, latestBuild(app), configs.read(app.id()));
            case "rollback" -> {
                ReleaseRow target =
                        releases.find(app.id(), row.target().orElseThrow()).orElseThrow();
                yield newRelease(row, app, releases.build(target.build()), target.config());
            }
            default -> releases.active(app.id()).orElseThrow(() -> Apps.nothingDeployed(app));
        };
    }

    private BuildRow build(DeployRow row, AppRow app) throws InterruptedException {
        String id = row.deploy().id();
        if (gitDeploys.isToBeFetched(row)) {
            deploys.state(id, "building");
            gitDeploys.bring(row, app, bounded(row));
        }
        if (!builds.tryAcquire()) {
            say(row, "       waits for another build to end");
            builds.acquire();
        }
        try {
            deploys.state(id, "building");
            Path directory = home.build(app.name(), id);
            releases.deleteBuild(id);
            FileTree.delete(directory);
            Path source = Files.createDirectories(directory.resolve("slug"));
            try (InputStream archive = Files.newInputStream(home.upload(id))) {
                SourceArchive.unpack(archive, source, ArchiveLimits.DEFAULT);
            }
            MergedManifest merged = MergedManifest.read(source);
            merged.notes().forEach(note -> say(row, "       " + note));
            appConfig.prepare(app, merged, line -> say(row, line));
            Manifest manifest = merged.manifest();
            manifest.domains().forEach(domain -> domains.add(app, domain));
            Path cache = Files.createDirectories(home.cache(app.name()));
            Map<String, String> config = forBuild(app, manifest);
            Redaction redaction = new Redaction(config);
            Consumer<String> lines = bounded(row);
            Slug slug = build(
                    new BuildRequest(new AppName(app.name()), app.id(), source, cache, manifest, config,
                            appConfig.secrets(app, line -> say(row, line))),
                    line -> lines.accept(redaction.apply(line)));
            checkSize(slug);
            boundCache(row, cache);
            engine.own(source, app.id());
            BuildRow build = new BuildRow(id, app.id(), slug, manifest);
            releases.addBuild(build, clock.instant());
            setups.declare(id, merged);
            appConfig.hint(app, merged, slug.env().keySet(), line -> say(row, line));
            return build;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            builds.release();
        }
    }

    /** The config vars that the app lets its builds see. */
    private Map<String, String> forBuild(AppRow app, Manifest manifest) {
        Map<String, String> config = new HashMap<>(manifest.env());
        config.putAll(configs.read(app.id()));
        config.keySet().retainAll(manifest.build().env());
        return config;
    }

    private Slug build(BuildRequest request, Consumer<String> output) throws InterruptedException {
        Duration longest = request.manifest().build().timeout().orElse(BUILD_MAX);
        try (TimeLimit limit =
                new TimeLimit(longest, "build-limit-" + request.app().value())) {
            try {
                return builder.build(request, output);
            } catch (InterruptedException e) {
                if (!limit.over()) {
                    throw e;
                }
                throw new StoaException(
                        ErrorCode.BUILD_FAILED,
                        "the build took longer than %s and was ended".formatted(inWords(longest)),
                        "if it needs more time, give it: [build]   timeout = \"1h\"");
            }
        }
    }

    static String inWords(Duration span) {
        return span.toSeconds() % 60 == 0 ? span.toMinutes() + " min" : span.toSeconds() + " s";
    }

    private static void checkSize(Slug slug) {
        if (slug.sizeBytes() > SLUG_BYTES_MAX) {
            throw new StoaException(
                    ErrorCode.TOO_LARGE,
                    "the app has %d MB after its build, and may have %d"
                            .formatted(slug.sizeBytes() >> 20, SLUG_BYTES_MAX >> 20),
                    "keep what it does not need at run time out of its folder, or in another place such as a bucket");
        }
    }

    /** What package managers keep grows with every version they have seen. */
    private void boundCache(DeployRow row, Path cache) {
        if (FileTree.sizeBytes(cache) > CACHE_BYTES_MAX) {
            say(row, "       the build cache has more than %d MB: emptied".formatted(CACHE_BYTES_MAX >> 20));
            FileTree.delete(cache);
        }
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
            phase.before(app, build, release, line -> say(row, line));
        }
        return release;
    }

    private void rollOut(DeployRow row, AppRow app, ReleaseRow release) throws InterruptedException {
        String counts = view.counts(app.id(), releases.build(release.build())).entrySet().stream()
                .map(count -> count.getKey() + "=" + count.getValue())
                .collect(Collectors.joining(" "));
        say(row, "-----> Starting " + counts);
        deploys.version(row.deploy().id(), release.version());
        deploys.state(row.deploy().id(), "starting");
        RolloutRow rollout = rollouts.add(app.id(), release.version(), clock.instant());
        await(row, app, rollout.id());
    }

    private void await(DeployRow row, AppRow app, long rollout) throws InterruptedException {
        Optional<Integer> undo = releases.active(app.id()).map(ReleaseRow::version);
        reconciler.lookAgain(app.id());
        RolloutRow end = reconciler.awaitEnd(rollout);
        if (!end.active()) {
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

    /** The platform was killed just before the rollout began, or the rollout ended while nobody waited for it. */
    private void goOn(DeployRow row, AppRow app) throws InterruptedException {
        ReleaseRow release = row.version()
                .flatMap(version -> releases.find(app.id(), version))
                .orElseThrow(() -> new StoaException(
                        ErrorCode.INTERRUPTED, "the platform was stopped before the rollout", "deploy again"));
        switch (release.state()) {
            case "pending" -> rollOut(row, app, release);
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

    /** Passes on what a build says, up to the limit. */
    private Consumer<String> bounded(DeployRow row) {
        AtomicLong said = new AtomicLong();
        return line -> {
            long before = said.getAndAdd(line.length() + 1L);
            if (before + line.length() < SAID_CHARS_MAX) {
                say(row, line);
            } else if (before < SAID_CHARS_MAX) {
                say(
                        row,
                        "       (the build says more than %d MB; the rest is left out)"
                                .formatted(SAID_CHARS_MAX >> 20));
            }
        };
    }

    private void say(DeployRow row, String line) {
        log.append(row.deploy().id(), new DeployEvent.Line(line));
    }
}
