package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.StoaException;
import dev.stoa.api.TimeSpan;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.TimeLimit;
import dev.stoa.platform.build.BuildRequest;
import dev.stoa.platform.build.Builder;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.DeployStore.DeployRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Brings the source of a deploy to its folder, and has it built: few at a time, and each within its limits. */
final class BuildPhase {
    /** With the releases that are kept, these two bound the disk use of an app. */
    static final long SLUG_BYTES_MAX = 4L << 30;

    static final long CACHE_BYTES_MAX = 8L << 30;

    /** Where the manifest does not say. */
    static final Duration BUILD_MAX = Duration.ofMinutes(30);

    /** So much of what a deploy says is kept; a build that says more is not heard any further. */
    static final long SAID_CHARS_MAX = 8 << 20;

    private static final System.Logger LOG = System.getLogger(BuildPhase.class.getName());

    private final Home home;
    private final ReleaseStore releases;
    private final DeployStore deploys;
    private final SetupStore setups;
    private final Builder builder;
    private final AppConfig appConfig;
    private final DeployPlans plans;
    private final GitDeploys gitDeploys;
    private final Semaphore builds;
    private final InstantSource clock;

    /** By deploy. */
    private final Map<String, BuildRequest> unsettled = new ConcurrentHashMap<>();

    BuildPhase(
            Home home,
            Stores stores,
            Builder builder,
            AppConfig appConfig,
            DeployPlans plans,
            GitDeploys gitDeploys,
            int buildsAtOnce,
            InstantSource clock) {
        this.home = home;
        this.releases = stores.releases();
        this.deploys = stores.deploys();
        this.setups = stores.setups();
        this.builder = builder;
        this.appConfig = appConfig;
        this.plans = plans;
        this.gitDeploys = gitDeploys;
        this.builds = new Semaphore(buildsAtOnce, true);
        this.clock = clock;
    }

    /** @param say gets what the build says, up to a limit */
    BuildRow run(DeployRow row, AppRow app, Consumer<String> say) throws InterruptedException {
        String id = row.deploy().id();
        if (gitDeploys.isToBeFetched(row)) {
            deploys.state(id, "building");
            gitDeploys.bring(row, app, bounded(say));
        }
        if (!builds.tryAcquire()) {
            say.accept("       waits for another build to end");
            builds.acquire();
        }
        try {
            deploys.state(id, "building");
            return build(id, app, say);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            builds.release();
        }
    }

    private BuildRow build(String id, AppRow app, Consumer<String> say) throws IOException, InterruptedException {
        releases.deleteBuild(id);
        Path source = home.createSlug(app.name(), id);
        try (InputStream archive = Files.newInputStream(home.upload(id))) {
            SourceArchive.unpack(archive, source, ArchiveLimits.DEFAULT);
        }
        MergedManifest merged = plans.settled(app, MergedManifest.read(source));
        merged.notes().forEach(note -> say.accept("       " + note));
        plans.begin(app, plans.plan(app, merged), say);
        Manifest manifest = merged.manifest();
        Path cache = Files.createDirectories(home.cache(app.name()));
        Map<String, String> config = visible(app, manifest);
        Redaction redaction = new Redaction(config);
        Consumer<String> lines = bounded(say);
        BuildRequest request = new BuildRequest(
                new AppName(app.name()), app.id(), source, cache, manifest, config, appConfig.secrets(app, say));
        unsettled.put(id, request);
        Slug slug = within(request, line -> lines.accept(redaction.apply(line)));
        checkSize(slug);
        EdgePages.copy(source, manifest.edge(), home.pages(app.name(), id));
        BuildRow build = new BuildRow(id, app.id(), slug, manifest);
        releases.addBuild(build, clock.instant());
        setups.declare(id, merged);
        appConfig.hint(app, merged, slug.env().keySet(), say);
        return build;
    }

    /** The config vars that the app lets its builds see. */
    private Map<String, String> visible(AppRow app, Manifest manifest) {
        Map<String, String> config = new HashMap<>(manifest.env());
        config.putAll(appConfig.read(app));
        config.keySet().retainAll(manifest.build().env());
        return config;
    }

    /** Within the time that the app gives it. */
    private Slug within(BuildRequest request, Consumer<String> output) throws InterruptedException {
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
                        "the build took longer than %s and was ended".formatted(TimeSpan.spoken(longest)),
                        "if it needs more time, give it: [build]   timeout = \"1h\"");
            }
        }
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

    /**
     * Waits until nothing of a build is on its way any more, and bounds what it has left for the next one.
     *
     * @throws InterruptedException when the calling thread is interrupted; what was on its way has ended then
     */
    void settle(String id) throws InterruptedException {
        BuildRequest request = unsettled.remove(id);
        if (request != null) {
            builder.settle(request.source());
            boundCache(request.cache());
        }
    }

    /** What package managers keep grows with every version they have seen. */
    private static void boundCache(Path cache) {
        if (Files.isDirectory(cache) && FileTree.sizeBytes(cache) > CACHE_BYTES_MAX) {
            LOG.log(
                    Level.INFO,
                    "a build cache has more than {0} MB, and is emptied path={1}",
                    CACHE_BYTES_MAX >> 20,
                    cache);
            FileTree.delete(cache);
        }
    }

    /** Passes on what a build says, up to the limit. */
    private static Consumer<String> bounded(Consumer<String> say) {
        AtomicLong said = new AtomicLong();
        return line -> {
            long before = said.getAndAdd(line.length() + 1L);
            if (before + line.length() < SAID_CHARS_MAX) {
                say.accept(line);
            } else if (before < SAID_CHARS_MAX) {
                say.accept("       (the build says more than %d MB; the rest is left out)"
                        .formatted(SAID_CHARS_MAX >> 20));
            }
        };
    }
}
