package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.engine.InstanceSpec.Mount;
import dev.stoa.platform.resource.Volumes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** Which process types of an app have which of its volumes, and what follows for how many instances there may be. */
final class AppVolumes {
    private final ResourceStore store;
    private final Volumes volumes;
    private final Set<Integer> held = ConcurrentHashMap.newKeySet();

    AppVolumes(Stores stores, Volumes volumes) {
        this.store = stores.resources();
        this.volumes = volumes;
    }

    /** Of an app, as those of its process types see it. */
    record Holder(boolean shared, Optional<String> process) {
        /** @param types the app's process types */
        static Holder of(Map<String, String> settings, Set<String> types) {
            boolean shared = Boolean.parseBoolean(settings.get(Volumes.SHARED));
            Optional<String> named =
                    Optional.ofNullable(settings.get(Volumes.PROCESS)).filter(process -> !process.isEmpty());
            if (shared || named.isPresent()) {
                return new Holder(shared, named);
            }
            return new Holder(false, Optional.of(usual(types)));
        }

        private static String usual(Set<String> types) {
            return types.isEmpty() || types.contains(LaunchOrder.WEB) ? LaunchOrder.WEB : new TreeSet<>(types).first();
        }

        boolean has(String type) {
            return process.isEmpty() || process.get().equals(type);
        }
    }

    /** What an instance of a process type is given. */
    List<Mount> mounts(AppRow app, BuildRow build, String type) {
        Set<String> types = build.slug().processes().keySet();
        List<Mount> mounts = new ArrayList<>();
        store.ofApp(app.id(), Volumes.NAME).values().forEach(row -> {
            if (!types.contains(type) || Holder.of(row.settings(), types).has(type)) {
                mounts.add(mount(app, row));
            }
        });
        return mounts;
    }

    private Mount mount(AppRow app, ResourceRow row) {
        Resources.ready(row);
        if (held.contains(app.id())) {
            throw new StoaException(
                    ErrorCode.RESOURCE_NOT_READY,
                    "the volume %s is just being snapshotted or restored".formatted(row.name()),
                    "try again in a moment");
        }
        return new Mount(volumes.data(row.spec()), row.settings().getOrDefault(Volumes.PATH, "/"), false);
    }

    /** The process types that have a volume with one writer at a time, with a volume of each. */
    Map<String, String> alone(int app, Set<String> types) {
        Map<String, String> alone = new TreeMap<>();
        store.ofApp(app, Volumes.NAME).values().forEach(row -> {
            Holder holder = Holder.of(row.settings(), types);
            if (!holder.shared()) {
                holder.process().ifPresent(type -> alone.putIfAbsent(type, row.name()));
            }
        });
        return alone;
    }

    /** Until {@link #release}, no instance that has a volume of the app is to run. */
    boolean hold(int app) {
        return held.add(app);
    }

    void release(int app) {
        held.remove(app);
    }

    /** The process types of which no instance is to run now. */
    Set<String> held(int app, Set<String> types) {
        if (!held.contains(app)) {
            return Set.of();
        }
        Set<String> those = new TreeSet<>();
        store.ofApp(app, Volumes.NAME).values().forEach(row -> {
            Holder holder = Holder.of(row.settings(), types);
            types.stream().filter(holder::has).forEach(those::add);
        });
        return Set.copyOf(those);
    }

    /** With one writer at a time there is one instance at most, whatever was asked for. */
    static InstanceRange limited(InstanceRange range) {
        return range.max() <= 1
                ? range
                : new InstanceRange(Math.min(1, range.min()), 1, range.concurrency(), range.idle());
    }

    /** Refuses more than one instance of a process type that has a volume with one writer at a time. */
    void checkScale(AppRow app, Set<String> types, String type, InstanceRange asked) {
        Optional<String> volume = Optional.ofNullable(alone(app.id(), types).get(type));
        if (volume.isPresent() && asked.max() > 1) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s=%s: the volume %s has one writer at a time, so %s has one instance at most; nothing was changed"
                            .formatted(type, asked.span(), volume.get(), type),
                    "an app whose instances can write to the same files at once says `shared = true` in the volume's table"
                            + " of stoa.toml");
        }
    }

    /**
     * Refuses a manifest, or an app that was scaled, that wants several instances with one such volume.
     *
     * @param settings of the volume
     * @param scale    what the user asked for, by process type
     */
    static void checkScale(Map<String, String> settings, Manifest manifest, Map<String, InstanceRange> scale) {
        // Which types there are is not known before the build; without a word it is web.
        Holder holder = Holder.of(settings, Set.of());
        if (holder.shared()) {
            return;
        }
        String type = holder.process().orElse(LaunchOrder.WEB);
        Optional<InstanceRange> asked = Optional.ofNullable(scale.get(type));
        Optional<InstanceRange> range = asked.or(() -> manifest.process(type).instances());
        if (range.filter(wanted -> wanted.max() > 1).isPresent()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the volume has one writer at a time, and %s is to have %s instances"
                            .formatted(type, range.get().span()),
                    (asked.isPresent()
                                    ? "scale it down first: stoa scale %s=1".formatted(type)
                                    : "say instances = 1 in [processes.%s]".formatted(type))
                            + "; an app whose instances can write to the same files at once says `shared = true` in the"
                            + " volume's table");
        }
    }

    /** Refuses a build that has no process type for a volume, or several and none that goes without saying. */
    void check(AppRow app, BuildRow build) {
        Set<String> types = build.slug().processes().keySet();
        store.ofApp(app.id(), Volumes.NAME).forEach((as, row) -> {
            Holder holder = Holder.of(row.settings(), types);
            boolean named = !row.settings().getOrDefault(Volumes.PROCESS, "").isEmpty();
            if (named && !holder.process().map(types::contains).orElse(true)) {
                throw unclear(
                        as,
                        "the app has no process type \"%s\""
                                .formatted(holder.process().orElse("")),
                        types);
            }
            if (!named && !holder.shared() && types.size() > 1 && !types.contains(LaunchOrder.WEB)) {
                throw unclear(as, "it has one writer at a time, and no process type is called web", types);
            }
        });
    }

    /** A canary runs beside the active release. */
    void refuseCanary(AppRow app, BuildRow build) {
        Map<String, String> alone = alone(app.id(), build.slug().processes().keySet());
        if (alone.containsKey(LaunchOrder.WEB)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "a canary of %s would write to the volume %s beside the release that serves, and it has one writer at a time"
                            .formatted(app.name(), alone.get(LaunchOrder.WEB)),
                    "deploy it without --canary: stoa deploy PATH -a " + app.name());
        }
    }

    private static StoaException unclear(String as, String why, Set<String> types) {
        return new StoaException(
                ErrorCode.BAD_MANIFEST,
                "[volumes.%s]: %s".formatted(as, why),
                "say which process type has it: process = \"%s\"; there are: %s"
                        .formatted(new TreeSet<>(types).first(), String.join(", ", new TreeSet<>(types))));
    }

    /** What people should know of a release's volumes: who does not see them. */
    List<String> notes(AppRow app, BuildRow build) {
        Set<String> types = build.slug().processes().keySet();
        List<String> notes = new ArrayList<>();
        store.ofApp(app.id(), Volumes.NAME).values().forEach(row -> {
            Holder holder = Holder.of(row.settings(), types);
            List<String> without =
                    types.stream().filter(type -> !holder.has(type)).sorted().toList();
            if (!without.isEmpty()) {
                notes.add("the volume %s is for %s alone, not for %s%s"
                        .formatted(
                                row.name(),
                                holder.process().orElse(""),
                                String.join(" and ", without),
                                holder.shared() ? "" : "; `shared = true` gives it to all"));
            }
        });
        return notes;
    }
}
