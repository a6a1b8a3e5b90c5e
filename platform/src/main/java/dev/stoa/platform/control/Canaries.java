package dev.stoa.platform.control;

import dev.stoa.api.Canary;
import dev.stoa.api.Deploy;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Instance;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import java.util.List;
import java.util.Optional;

/** What users can do with the canary of an app, one method for each thing. */
final class Canaries {
    private final Stores stores;
    private final Deployments deployments;
    private final Reconciler reconciler;
    private final View view;
    private final Announcer announcer;

    Canaries(Stores stores, Deployments deployments, Reconciler reconciler, View view, Announcer announcer) {
        this.stores = stores;
        this.deployments = deployments;
        this.reconciler = reconciler;
        this.view = view;
        this.announcer = announcer;
    }

    static StoaException none(AppRow app) {
        return new StoaException(
                ErrorCode.NO_CANARY,
                "%s has no canary".formatted(app.name()),
                "to make one: stoa deploy PATH --canary 10%% -a %s".formatted(app.name()));
    }

    static StoaException besideNothing(AppRow app) {
        return new StoaException(
                ErrorCode.NOTHING_DEPLOYED,
                "no release of %s serves, so there is none that a canary could be beside".formatted(app.name()),
                "deploy it without --canary: stoa deploy PATH -a " + app.name());
    }

    static StoaException noWeb(AppRow app) {
        return new StoaException(
                ErrorCode.BAD_REQUEST,
                "%s has no web process, so there are no requests of which a canary could get a share"
                        .formatted(app.name()),
                "deploy it without --canary: stoa deploy PATH -a " + app.name());
    }

    /** The app, if a release of it can be a canary with that share. */
    static AppRow require(Stores stores, String name, int percent) {
        Canary.checkPercent(percent);
        AppRow app = stores.apps().require(name);
        if (stores.releases().active(app.id()).isEmpty()) {
            throw besideNothing(app);
        }
        return app;
    }

    Canary show(String name) {
        AppRow app = stores.apps().require(name);
        RolloutRow canary = stores.rollouts().current(app.id()).stream()
                .filter(rollout -> rollout.share().isPresent())
                .findFirst()
                .orElseThrow(() -> none(app));
        return shown(app, canary);
    }

    Canary share(String name, int percent) {
        Canary.checkPercent(percent);
        AppRow app = stores.apps().require(name);
        RolloutRow canary = stores.rollouts().share(app.id(), percent).orElseThrow(() -> noneNow(app));
        announcer.say(app, "the canary v%d gets %d %% of the requests now".formatted(canary.version(), percent));
        reconciler.publish(app);
        reconciler.lookAgain(app.id());
        return shown(app, canary);
    }

    /** From the return on it gets no requests; those that it has are answered. */
    void stop(String name) {
        AppRow app = stores.apps().require(name);
        if (reconciler.withdraw(app, "it was stopped").isEmpty()) {
            throw noneNow(app);
        }
    }

    /** Puts the promotion into the app's queue. */
    Deploy promote(String name) {
        AppRow app = stores.apps().require(name);
        RolloutRow canary = stores.rollouts().canary(app.id()).orElseThrow(() -> noneNow(app));
        return deployments.submit(
                deployments.nextId(), app, "promote", "Promote v" + canary.version(), Optional.empty());
    }

    private StoaException noneNow(AppRow app) {
        return stores.rollouts().current(app.id()).stream()
                .filter(rollout -> rollout.share().isPresent())
                .findFirst()
                .map(promoted -> new StoaException(
                        ErrorCode.NO_CANARY,
                        "v%d is being promoted, so it is a canary no longer".formatted(promoted.version()),
                        "stoa deploys -a %s shows how it stands, and `stoa deploys cancel` gives it up"
                                .formatted(app.name())))
                .orElseGet(() -> none(app));
    }

    private Canary shown(AppRow app, RolloutRow canary) {
        String release = "v" + canary.version();
        List<Instance> instances = view.instances(app).stream()
                .filter(instance -> instance.release().equals(release)
                        && instance.process().equals(LaunchOrder.WEB)
                        && !instance.state().equals("stopping"))
                .toList();
        return new Canary(
                release,
                stores.releases().active(app.id()).map(ReleaseRow::name),
                canary.percent().orElseThrow(),
                instances.size(),
                (int) instances.stream()
                        .filter(instance -> instance.state().equals("up"))
                        .count());
    }
}
