package dev.stoa.platform.control;

import dev.stoa.platform.base.Ids;
import dev.stoa.platform.build.Builder;
import dev.stoa.platform.control.Crew.Drain;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Limits;
import dev.stoa.platform.observe.LogCollector;
import dev.stoa.platform.observe.LogStore;
import dev.stoa.platform.router.Router;
import java.time.InstantSource;

/** The control plane: wires the parts that decide to those that do. */
public final class Control {
    private final Apps apps;
    private final Stores stores;
    private final Deployments deployments;
    private final Runs runs;
    private final Reconciler reconciler;

    /**
     * @param buildsAtOnce   so many builds run side by side
     * @param instanceLimits what an instance may use where its manifest does not say
     */
    public Control(
            Home home,
            Stores stores,
            Engine engine,
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
        LaunchOrder launchOrder = new LaunchOrder(instanceLimits);
        HealthWatch health = new HealthWatch(engine);
        View view = new View(stores, engine, health, urls.domain(), clock);
        Drain drain = router::drain;
        Crew crew = new Crew(engine, drain, stores, launchOrder, health, collector, logs, ids, clock);
        reconciler = new Reconciler(
                stores, crew, view, new FailureReport(engine, stores), new Routes(router::update), clock);
        Domains domains = new Domains(stores, urls);
        DeployLog deployLog = new DeployLog(home.deploys());
        Deployment deployment = new Deployment(
                home,
                stores,
                deployLog,
                builder,
                engine,
                launchOrder,
                view,
                reconciler,
                urls,
                domains,
                buildsAtOnce,
                ids,
                clock);
        deployments = new Deployments(home, stores, deployLog, deployment, ids, clock);
        DetachedRuns detached = new DetachedRuns(stores, engine, launchOrder, collector, logs, ids, clock);
        runs = new Runs(stores, engine, launchOrder, view, detached, ids);
        apps = new Apps(home, stores, deployments, reconciler, view, logs, runs, urls, domains, clock);
    }

    /** Takes over what runs already, and goes on with what was on its way. */
    public void start() {
        runs.resume();
        reconciler.start();
        deployments.resume();
    }

    public Apps apps() {
        return apps;
    }

    public Runs runs() {
        return runs;
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
        reconciler.stopEverything();
    }

    /** Decides nothing any more; the instances go on, and so will what was on its way at the next start. */
    public void close() {
        deployments.close();
        runs.close();
        reconciler.close();
    }
}
