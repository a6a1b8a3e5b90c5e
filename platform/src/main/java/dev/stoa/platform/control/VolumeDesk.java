package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Resource;
import dev.stoa.api.ResourceRequests.Create;
import dev.stoa.api.StoaException;
import dev.stoa.api.VolumeRequests.Change;
import dev.stoa.api.VolumeRequests.Restore;
import dev.stoa.api.VolumeRequests.Restored;
import dev.stoa.api.VolumeSnapshot;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.InstanceStore.InstanceRow;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.resource.Volumes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What users can do with volumes, beside what they can do with all resources. */
final class VolumeDesk {
    private static final Duration STOPPED_WITHIN =
            Crew.DRAIN_MAX.plus(Crew.STOP_MAX).plusSeconds(15);
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);

    private final Stores stores;
    private final Resources resources;
    private final Volumes volumes;
    private final AppVolumes ofApps;
    private final Engine engine;
    private final Reconciler reconciler;
    private final View view;
    private final Announcer announcer;

    VolumeDesk(
            Stores stores,
            Resources resources,
            Volumes volumes,
            AppVolumes ofApps,
            Engine engine,
            Reconciler reconciler,
            View view,
            Announcer announcer) {
        this.stores = stores;
        this.resources = resources;
        this.volumes = volumes;
        this.ofApps = ofApps;
        this.engine = engine;
        this.reconciler = reconciler;
        this.view = view;
        this.announcer = announcer;
    }

    private ResourceRow require(String name, Optional<String> app) {
        return Resources.ready(resources.require(Volumes.NAME, name, app));
    }

    List<VolumeSnapshot> snapshots(String name, Optional<String> app) {
        return volumes.snapshots(require(name, app).spec());
    }

    void forget(String name, Optional<String> app, String snapshot) {
        volumes.forget(require(name, app).spec(), snapshot);
    }

    /** @param stop whether its instances end for it */
    VolumeSnapshot snapshot(String name, Optional<String> app, boolean stop) {
        ResourceRow row = require(name, app);
        return stop
                ? stopped(row, "a snapshot of %s is taken", () -> volumes.snapshot(row.spec()))
                : volumes.snapshot(row.spec());
    }

    Resource change(String name, Optional<String> app, Change change) {
        ResourceRow row = require(name, app);
        Map<String, String> wanted = new HashMap<>(row.settings());
        change.quota().ifPresent(quota -> wanted.put(Volumes.QUOTA, quota));
        change.shared().ifPresent(shared -> wanted.put(Volumes.SHARED, String.valueOf(shared)));
        Map<String, String> settled = volumes.settle(wanted);
        Optional<AppRow> user = user(row);
        user.ifPresent(owner -> stores.releases()
                .active(owner.id())
                .map(release -> stores.releases().build(release.build()))
                .ifPresent(build -> AppVolumes.checkScale(
                        settled, build.manifest(), stores.apps().scale(owner.id()))));
        ResourceRow _ = resources.change(row, settled);
        user.ifPresent(owner -> reconciler.lookAgain(owner.id()));
        return resources.show(Volumes.NAME, row.name(), Optional.empty());
    }

    Restored restore(String name, Optional<String> app, Restore wanted) {
        if (wanted.snapshot().isEmpty()) {
            return revive(name, wanted.as());
        }
        ResourceRow row = require(name, app);
        String snapshot = wanted.snapshot().get();
        if (wanted.as().isPresent()) {
            return new Restored(
                    made(wanted.as().get(), row.settings(), fresh -> volumes.fill(fresh.spec(), row.spec(), snapshot)),
                    Optional.empty());
        }
        volumes.prepare(row.spec(), snapshot);
        VolumeSnapshot before =
                stopped(row, "%s is restored from the snapshot " + snapshot, () -> volumes.swap(row.spec(), snapshot));
        return new Restored(resources.show(Volumes.NAME, row.name(), Optional.empty()), Optional.of(before));
    }

    private Restored revive(String name, Optional<String> as) {
        if (as.isEmpty() && stores.resources().find(Volumes.NAME, name).isPresent()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the volume %s is there, and no snapshot of it was named".formatted(name),
                    "stoa volume snapshots %s lists them; one of that name that was destroyed comes back as another: --as NEW"
                            .formatted(name));
        }
        Map<String, String> settings = volumes.destroyedSettings(name);
        return new Restored(
                made(as.orElse(name), settings, fresh -> volumes.revive(fresh.spec(), name)), Optional.empty());
    }

    private Resource made(String name, Map<String, String> settings, Consumer<ResourceRow> fill) {
        resources.create(Volumes.NAME, new Create(name, settings, Optional.empty(), Optional.empty()));
        try {
            fill.accept(require(name, Optional.empty()));
        } catch (RuntimeException e) {
            stores.resources().find(Volumes.NAME, name).ifPresent(row -> volumes.discard(row.spec()));
            resources.destroy(Volumes.NAME, name, Optional.empty(), List.of());
            throw e;
        }
        return resources.show(Volumes.NAME, name, Optional.empty());
    }

    private Optional<AppRow> user(ResourceRow row) {
        return stores.resources().ofResource(row.id()).stream()
                .findFirst()
                .flatMap(attachment -> stores.apps().find(attachment.app()));
    }

    /**
     * Does it while no instance has the volume, and has them start again.
     *
     * @param why for people, with a place for the volume's name
     */
    private <T> T stopped(ResourceRow row, String why, Supplier<T> action) {
        Optional<AppRow> user = user(row);
        if (user.isEmpty()) {
            return action.get();
        }
        AppRow app = user.get();
        if (stores.rollouts().current(app.id()).stream().anyMatch(RolloutRow::pending)) {
            throw new StoaException(
                    ErrorCode.RESOURCE_IN_USE,
                    "a release of %s is just starting, with the volume %s".formatted(app.name(), row.name()),
                    "try again when it is up");
        }
        if (!ofApps.hold(app.id())) {
            throw new StoaException(
                    ErrorCode.RESOURCE_IN_USE,
                    "a volume of %s is just being restored or snapshotted".formatted(app.name()),
                    "try again in a moment");
        }
        boolean ran = false;
        try {
            Path data = volumes.data(row.spec());
            refuseCommands(app, row, data);
            ran = !engine.users(data).isEmpty();
            if (ran) {
                announcer.say(app, "stops while " + why.formatted("the volume " + row.name()));
                reconciler.lookAgain(app.id());
                if (!await(STOPPED_WITHIN, () -> engine.users(data).isEmpty())) {
                    throw new StoaException(
                            ErrorCode.RESOURCE_IN_USE,
                            "the instances of %s did not end, and the volume %s is as it was"
                                    .formatted(app.name(), row.name()),
                            "stoa ps -a " + app.name());
                }
            }
            return action.get();
        } finally {
            ofApps.release(app.id());
            reconciler.lookAgain(app.id());
            if (ran) {
                // Whoever asked wants to use it again.
                boolean _ = await(View.HEALTHY_WITHIN, () -> isBack(app));
            }
        }
    }

    private boolean isBack(AppRow app) {
        return view.instances(app).stream()
                .filter(instance -> !instance.state().equals("stopping"))
                .map(instance -> instance.state())
                .collect(Collectors.teeing(
                        Collectors.counting(),
                        Collectors.filtering(state -> state.equals("starting"), Collectors.counting()),
                        (all, starting) -> all > 0 && starting == 0));
    }

    /** A command that somebody started is not ended for it. */
    private void refuseCommands(AppRow app, ResourceRow row, Path data) {
        Set<String> instances =
                stores.instances().all(app.id()).stream().map(InstanceRow::id).collect(Collectors.toSet());
        List<String> commands = engine.users(data).stream()
                .filter(id -> !instances.contains(id))
                .toList();
        if (!commands.isEmpty()) {
            throw new StoaException(
                    ErrorCode.RESOURCE_IN_USE,
                    "a command of %s has the volume %s open: %s"
                            .formatted(app.name(), row.name(), String.join(", ", commands)),
                    "wait until it has ended, or end it: stoa ps -a %s, stoa runs stop".formatted(app.name()));
        }
    }

    private static boolean await(Duration longest, BooleanSupplier met) {
        long deadline = System.nanoTime() + longest.toNanos();
        try {
            while (!met.getAsBoolean()) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                Thread.sleep(LOOK_EVERY);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
