package dev.stoa.platform.control;

import dev.stoa.platform.base.Ids;
import dev.stoa.platform.build.Builder;
import dev.stoa.platform.control.Crew.Drain;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Limits;
import dev.stoa.platform.observe.LogCollector;
import dev.stoa.platform.observe.LogStore;
import dev.stoa.platform.resource.Buckets;
import dev.stoa.platform.resource.Databases;
import dev.stoa.platform.resource.ResourceKind;
import dev.stoa.platform.resource.SqlSessions;
import dev.stoa.platform.resource.Volumes;
import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.Router;
import dev.stoa.platform.router.Upstream;
import dev.stoa.platform.source.git.FetchLimits;
import dev.stoa.platform.source.git.GitFetch;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The control plane: wires the parts that decide to those that do. */
public final class Control {
    /** The realm of a client of the internal router that is no instance. */
    private static final String NOBODY = "-";

    private final Apps apps;
    private final AppManifest manifest;
    private final Stores stores;
    private final Deployments deployments;
    private final Runs runs;
    private final Reconciler reconciler;
    private final GitConnections git;
    private final Hooks hooks;
    private final Crons crons;
    private final Canaries canaries;
    private final EdgeApi edge;
    private final HealthWatch health;
    private final RouterFleet fleet;
    private final Resources resources;
    private final Rotations rotations;
    private final SqlSessions sqlSessions;
    private final DatabaseApi databaseApi;
    private final BucketApi bucketApi;
    private final VolumeApi volumeApi;
    private final BackupDesk backupDesk;
    private final DeployPlans plans;

    /**
     * @param otherKinds     kinds of resources that nothing else has to know
     * @param buildsAtOnce   so many builds run side by side
     * @param instanceLimits what an instance may use where its manifest does not say
     */
    public Control(
            Home home,
            Stores stores,
            Engine engine,
            Databases databases,
            Buckets buckets,
            Volumes volumes,
            List<ResourceKind> otherKinds,
            Router router,
            Builder builder,
            int buildsAtOnce,
            Limits instanceLimits,
            LogStore logs,
            LogCollector collector,
            Urls urls,
            Ids ids,
            InstantSource clock) {
        this.stores = stores;
        fleet = new RouterFleet(ids.next(), home::rememberRouters);
        fleet.expect(home.routers());
        Routes routes = new Routes(table -> {
            router.update(table);
            fleet.update(table);
        });
        AppVolumes appVolumes = new AppVolumes(stores, volumes);
        List<ResourceKind> kinds = new ArrayList<>(List.of(databases, buckets, volumes));
        kinds.addAll(otherKinds);
        resources = new Resources(stores, kinds, clock);
        bucketApi = new BucketApi(resources, stores.apps(), buckets, clock);
        Upstream objects = new Upstream(Buckets.HOST, buckets.address());
        routes.provide(
                new Routes.Provided(new Route(Buckets.HOST, List.of(objects), ""), buckets::hosts, buckets::hosts));
        buckets.onChange(routes::providedChanged);
        rotations = new Rotations(resources, stores, databases, clock);
        sqlSessions = new SqlSessions(databases);
        databaseApi = new DatabaseApi(resources, databases, rotations, sqlSessions);
        LaunchOrder launchOrder = new LaunchOrder(
                instanceLimits, routes::names, app -> resources.ofApps().vars(app), appVolumes::mounts);
        health = new HealthWatch(engine);
        Announcer announcer = new Announcer(logs, clock);
        backupDesk = new BackupDesk(resources, stores, databases, announcer);
        Scaler scaler = new Scaler(app -> fleet.load(app, router.load(app)), announcer, clock);
        router.onDemand(scaler::demand);
        fleet.onDemand(scaler::demand);
        View view = new View(
                stores, engine, health, scaler, new EdgePolicies(home, stores), appVolumes, urls.domain(), clock);
        Drain drain = (addresses, longest) -> {
            long deadlineNanos = System.nanoTime() + longest.toNanos();
            return router.drain(addresses, longest)
                    && fleet.drain(addresses, Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime())));
        };
        Crew crew = new Crew(engine, drain, stores, launchOrder, health, collector, announcer, ids, clock);
        routes.onNames(crew::names);
        engine.gateway()
                .map(gateway -> router.startInternal(
                        gateway,
                        client -> engine.tenantAt(client).map(Routes::realm).orElse(NOBODY)))
                .ifPresent(engine::serveGateway);
        reconciler =
                new Reconciler(stores, crew, view, new FailureReport(engine, stores), scaler, routes, announcer, clock);
        volumeApi = new VolumeApi(
                new VolumeDesk(stores, resources, volumes, appVolumes, engine, reconciler, view, announcer));
        edge = new EdgeApi(stores, reconciler, announcer, clock);
        CronRuns cronRuns = new CronRuns(home, stores, engine, launchOrder, collector, logs, ids, clock);
        crons = new Crons(stores, cronRuns, view, clock);
        reconciler.onServing(crons::lookAgain);
        Domains domains = new Domains(stores, urls);
        DeployLog deployLog = new DeployLog(home.deploys());
        GitDeploys gitDeploys =
                new GitDeploys(home, stores.git(), new GitFetch(home.knownHosts(), FetchLimits.DEFAULT), clock);
        AppConfig appConfig = new AppConfig(stores.configs(), resources.ofApps(), new SecureRandom());
        plans = new DeployPlans(stores, resources.ofApps(), appConfig, domains);
        BuildPhase buildPhase =
                new BuildPhase(home, stores, builder, appConfig, plans, gitDeploys, buildsAtOnce, clock);
        ReleasePhase releasePhase =
                new ReleasePhase(stores, new ReleaseCommands(engine, launchOrder, announcer, ids), clock);
        Deployment deployment = new Deployment(
                home,
                stores,
                resources.ofApps(),
                appVolumes,
                deployLog,
                buildPhase,
                releasePhase,
                view,
                reconciler,
                urls,
                clock);
        deployments = new Deployments(home, stores, deployLog, deployment, ids, clock);
        git = new GitConnections(stores, deployments, gitDeploys, reconciler, new SecureRandom(), clock);
        hooks = new Hooks(stores, deployments, gitDeploys, clock);
        manifest = new AppManifest(stores);
        canaries = new Canaries(stores, deployments, reconciler, view, announcer);
        DetachedRuns detached = new DetachedRuns(stores, engine, launchOrder, collector, announcer, ids, clock);
        runs = new Runs(stores, engine, launchOrder, view, detached, ids);
        apps = new Apps(
                home,
                stores,
                deployments,
                reconciler,
                crons,
                resources.ofApps(),
                appVolumes,
                view,
                logs,
                runs,
                urls,
                domains,
                clock);
        resources.onChange(
                (app, why) -> deployments.submit(deployments.nextId(), app, "config", why, Optional.empty()));
    }

    public RouterFleet fleet() {
        return fleet;
    }

    /** The instances that are up. */
    public Set<String> up() {
        return health.up();
    }

    /**
     * Takes the word of the platform before this one. To be said before the start.
     *
     * @param up      the instances that are up
     * @param routers in other processes, which had a route table of that platform and are about to come
     */
    public void follow(Set<String> up, Set<String> routers) {
        health.presumeUp(up);
        fleet.expect(routers);
    }

    /** Takes over what runs already, and goes on with what was on its way. */
    public void start() {
        resources.start();
        backupDesk.start();
        runs.resume();
        reconciler.start();
        crons.start();
        deployments.resume();
        rotations.start();
    }

    public AppManifest manifest() {
        return manifest;
    }

    public DeployPlans plans() {
        return plans;
    }

    public Apps apps() {
        return apps;
    }

    public Runs runs() {
        return runs;
    }

    public GitConnections git() {
        return git;
    }

    public Hooks hooks() {
        return hooks;
    }

    public CronApi cronApi() {
        return new CronApi(crons);
    }

    public CanaryApi canaryApi() {
        return new CanaryApi(canaries);
    }

    public EdgeApi edgeApi() {
        return edge;
    }

    public Resources resources() {
        return resources;
    }

    public BackupDesk backupDesk() {
        return backupDesk;
    }

    public BackupApi backupApi() {
        return new BackupApi(backupDesk);
    }

    public DatabaseApi databaseApi() {
        return databaseApi;
    }

    public BucketApi bucketApi() {
        return bucketApi;
    }

    public VolumeApi volumeApi() {
        return volumeApi;
    }

    public int appCount() {
        return stores.apps().all().size();
    }

    public int instanceCount() {
        return stores.instances().running();
    }

    /** Ends every instance. */
    public void stopEverything() {
        deployments.close();
        runs.stopEverything();
        crons.stopEverything();
        reconciler.stopEverything();
        sqlSessions.close();
        resources.rest();
    }

    /** Decides nothing any more; the instances go on, and so will what was on its way at the next start. */
    public void close() {
        deployments.close();
        runs.close();
        crons.close();
        reconciler.close();
        rotations.close();
        sqlSessions.close();
        resources.close();
    }
}
