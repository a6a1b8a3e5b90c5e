package dev.stoa.platform.control;

import dev.stoa.api.Instance;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.Manifest.ProcessManifest;
import dev.stoa.platform.control.Actual.Phase;
import dev.stoa.platform.control.Actual.Running;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.InstanceStore.InstanceRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.control.Wanted.Formation;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.router.Route;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks at an app: what is wanted, what runs, and so where its requests go. */
final class View {
    /** How long the instances of a new release may take to get healthy. */
    static final Duration HEALTHY_WITHIN = Duration.ofSeconds(60);

    private final AppStore apps;
    private final ReleaseStore releases;
    private final RolloutStore rollouts;
    private final InstanceStore instances;
    private final Engine engine;
    private final HealthWatch health;
    private final EdgePolicies edges;
    private final String domain;
    private final InstantSource clock;
    private final Instant watchingSince;
    private final Scaler scaler;
    private final AppVolumes volumes;

    View(
            Stores stores,
            Engine engine,
            HealthWatch health,
            Scaler scaler,
            EdgePolicies edges,
            AppVolumes volumes,
            String domain,
            InstantSource clock) {
        this.apps = stores.apps();
        this.releases = stores.releases();
        this.rollouts = stores.rollouts();
        this.instances = stores.instances();
        this.engine = engine;
        this.health = health;
        this.scaler = scaler;
        this.edges = edges;
        this.volumes = volumes;
        this.domain = domain;
        this.clock = clock;
        this.watchingSince = clock.instant();
    }

    /** One look at an app. */
    record Snapshot(
            Wanted wanted,
            Actual actual,
            Map<String, InstanceStatus> statuses,
            Routing routing,
            List<String> hosts,
            List<String> allow) {

        Route route() {
            return routing.route(wanted, actual, statuses);
        }

        boolean starting() {
            return actual.instances().stream().anyMatch(instance -> instance.phase() == Phase.STARTING);
        }

        /** The same, but that one more instance is up; empty if that one was not there when it was looked. */
        Optional<Snapshot> withUp(InstanceStatus up) {
            if (actual.instances().stream().noneMatch(instance -> instance.id().equals(up.id()))) {
                return Optional.empty();
            }
            Map<String, InstanceStatus> known = new HashMap<>(statuses);
            known.put(up.id(), up);
            List<Running> running = actual.instances().stream()
                    .map(instance -> instance.id().equals(up.id()) ? instance.in(Phase.UP) : instance)
                    .toList();
            return Optional.of(new Snapshot(wanted, new Actual(actual.now(), running), known, routing, hosts, allow));
        }

        /** Web instances of the active release, those that wait for their next start with them. */
        int running() {
            return (int) webInstances()
                    .filter(instance -> instance.phase() != Phase.STOPPING)
                    .map(Running::slot)
                    .distinct()
                    .count();
        }

        /** The place of the instance that the next request will start, of an app that sleeps. */
        Optional<Slot> asleep() {
            return wanted.active()
                    .filter(active -> routing.scaled().isPresent()
                            && active.counts().getOrDefault(LaunchOrder.WEB, 0) == 0
                            && wanted.pending().isEmpty()
                            && webInstances().findAny().isEmpty())
                    .map(active -> new Slot(active.rollout(), LaunchOrder.WEB, 1));
        }

        /** Whether a web instance of the active release has crashed, and has not been up since. */
        boolean crashed() {
            return webInstances()
                    .anyMatch(instance -> instance.phase() == Phase.EXITED
                            || (instance.phase() == Phase.STARTING && instance.crashes() > 0));
        }

        private Stream<Running> webInstances() {
            return actual.instances().stream()
                    .filter(instance -> instance.slot().process().equals(LaunchOrder.WEB))
                    .filter(instance -> wanted.active()
                            .filter(active ->
                                    active.rollout() == instance.slot().rollout())
                            .isPresent());
        }
    }

    Snapshot of(AppRow app) {
        Map<String, InstanceStatus> statuses = new HashMap<>();
        List<Running> running = new ArrayList<>();
        for (InstanceRow row : instances.all(app.id())) {
            engine.instance(row.id()).ifPresent(status -> statuses.put(row.id(), status));
            running.add(new Running(
                    row.id(),
                    row.slot(),
                    phase(row),
                    row.crashes(),
                    row.startedAt(),
                    row.exitedAt(),
                    row.exit().orElse("")));
        }
        List<RolloutRow> current = rollouts.current(app.id());
        Optional<RolloutRow> active =
                current.stream().filter(RolloutRow::active).findFirst();
        Optional<BuildRow> activeBuild = active.map(this::build);
        Map<String, InstanceRange> ranges =
                activeBuild.map(build -> ranges(app.id(), build)).orElse(Map.of());
        Set<String> alone = new HashSet<>();
        Set<String> held = new HashSet<>();
        current.forEach(rollout -> {
            Set<String> types = build(rollout).slug().processes().keySet();
            alone.addAll(volumes.alone(app.id(), types).keySet());
            held.addAll(volumes.held(app.id(), types));
        });
        Wanted wanted = new Wanted(
                active.map(rollout -> formation(rollout, counts(ranges, running(app, rollout, running)))),
                current.stream()
                        .filter(RolloutRow::pending)
                        .findFirst()
                        .map(rollout -> replacing(
                                formation(rollout, startCounts(app.id(), build(rollout))), alone, held, running)),
                current.stream()
                        .filter(RolloutRow::canary)
                        .findFirst()
                        .map(rollout -> formation(
                                rollout,
                                counts(
                                        ranges(app.id(), build(rollout)),
                                        active.map(serving -> running(app, serving, running))
                                                .orElse(0)))),
                alone,
                held);
        Actual actual = new Actual(clock.instant(), running);
        List<String> hosts = new ArrayList<>(List.of(app.name() + "." + domain));
        hosts.addAll(apps.domains(app.id()));
        List<String> allow =
                activeBuild.map(build -> build.manifest().network().allow()).orElse(List.of());
        Optional<InstanceRange> scaled =
                Optional.ofNullable(ranges.get(LaunchOrder.WEB)).filter(InstanceRange::scales);
        Routing routing = new Routing(
                app.name(),
                edges.of(app, active, activeBuild),
                activeBuild.map(BuildRow::manifest),
                current.stream()
                        .filter(rollout -> rollout.share().isPresent())
                        .findFirst()
                        .map(rollout -> new Routing.Beside(
                                rollout.id(),
                                build(rollout).manifest(),
                                rollout.share().orElseThrow())),
                scaled);
        return new Snapshot(wanted, actual, statuses, routing, hosts, allow);
    }

    /** What {@code stoa ps} shows: of each slot its live instance, or the crashed one that waits for its next start. */
    List<Instance> instances(AppRow app) {
        Snapshot snapshot = of(app);
        Optional<Long> canary = rollouts.canary(app.id()).map(RolloutRow::id);
        Map<Long, String> releaseNames = new HashMap<>();
        Set<Slot> live = snapshot.actual().instances().stream()
                .filter(instance -> instance.phase() == Phase.STARTING || instance.phase() == Phase.UP)
                .map(Running::slot)
                .collect(Collectors.toSet());
        return snapshot.actual().instances().stream()
                .filter(instance -> instance.phase() != Phase.EXITED || !live.contains(instance.slot()))
                .sorted(Comparator.comparing(
                                (Running instance) -> instance.slot().process())
                        .thenComparingInt(instance -> instance.slot().number())
                        .thenComparing(Running::startedAt))
                .map(instance -> shown(
                        instance,
                        Optional.ofNullable(snapshot.statuses().get(instance.id())),
                        releaseNames.computeIfAbsent(
                                instance.slot().rollout(),
                                id -> "v" + rollouts.get(id).version()),
                        canary.filter(id -> id == instance.slot().rollout()).isPresent(),
                        snapshot.actual().now()))
                .toList();
    }

    /** What stands for the web process of an app that sleeps. */
    Optional<Instance> sleeper(AppRow app) {
        return releases.active(app.id())
                .filter(release -> isAsleep(app.id(), releases.build(release.build())))
                .map(release -> new Instance(
                        LaunchOrder.WEB,
                        LaunchOrder.WEB,
                        LaunchOrder.WEB,
                        release.name(),
                        "asleep",
                        Optional.empty(),
                        Optional.empty(),
                        0,
                        Optional.of("the next request wakes it"),
                        scaler.since(app.id()).orElse(watchingSince)));
    }

    private boolean isAsleep(int app, BuildRow build) {
        return Optional.ofNullable(ranges(app, build).get(LaunchOrder.WEB))
                .filter(InstanceRange::scales)
                .filter(range -> scaler.wanted(app).orElse(1) == 0)
                .isPresent();
    }

    /** How many instances of each process type of a build there may be: what the user asked for, else its manifest. */
    Map<String, InstanceRange> ranges(int app, BuildRow build) {
        Map<String, InstanceRange> asked = apps.scale(app);
        Set<String> alone =
                volumes.alone(app, build.slug().processes().keySet()).keySet();
        Map<String, InstanceRange> ranges = new TreeMap<>();
        build.slug().processes().keySet().forEach(process -> {
            ProcessManifest manifest = build.manifest().process(process);
            InstanceRange range = Optional.ofNullable(asked.get(process))
                    .map(wanted -> asked(wanted, manifest))
                    .or(manifest::instances)
                    .orElse(InstanceRange.fixed(1));
            ranges.put(process, alone.contains(process) ? AppVolumes.limited(range) : range);
        });
        return ranges;
    }

    /** A range that the user asked for, with the rest from the manifest. */
    static InstanceRange asked(InstanceRange range, ProcessManifest manifest) {
        return new InstanceRange(
                range.min(),
                range.max(),
                manifest.instances().flatMap(InstanceRange::concurrency),
                manifest.instances().flatMap(InstanceRange::idle));
    }

    /** How many instances of each process type are wanted now, of the active release. */
    Map<String, Integer> counts(int app, BuildRow build) {
        return counts(ranges(app, build), scaler.wanted(app).orElse(0));
    }

    /** How many a rollout starts: as many as there are, and at least one, since it is to be seen that it comes up. */
    Map<String, Integer> startCounts(int app, BuildRow build) {
        int running = (int) instances.all(app).stream()
                .filter(row -> row.slot().process().equals(LaunchOrder.WEB) && !row.stopping())
                .filter(row -> rollouts.get(row.slot().rollout()).active())
                .map(InstanceRow::slot)
                .distinct()
                .count();
        return counts(ranges(app, build), Math.max(1, scaler.wanted(app).orElse(running)));
    }

    /** The same, of the web process alone. */
    int startCount(RolloutRow rollout) {
        return startCounts(rollout.app(), build(rollout)).getOrDefault(LaunchOrder.WEB, 0);
    }

    private static Map<String, Integer> counts(Map<String, InstanceRange> ranges, int web) {
        Map<String, Integer> counts = new TreeMap<>();
        ranges.forEach((process, range) -> counts.put(process, range.within(web)));
        return counts;
    }

    private int running(AppRow app, RolloutRow rollout, List<Running> running) {
        return scaler.wanted(app.id()).orElseGet(() -> (int) running.stream()
                .filter(instance -> instance.phase() != Phase.STOPPING)
                .map(Running::slot)
                .filter(slot -> slot.rollout() == rollout.id() && slot.process().equals(LaunchOrder.WEB))
                .distinct()
                .count());
    }

    private BuildRow build(RolloutRow rollout) {
        return releases.build(rollout.app(), rollout.version());
    }

    /** @param counts of the whole release */
    private Formation formation(RolloutRow rollout, Map<String, Integer> counts) {
        Instant since = rollout.since().isAfter(watchingSince) ? rollout.since() : watchingSince;
        return new Formation(
                rollout.id(),
                rollout.beside() ? CanaryCounts.of(counts, rollout.percent().orElseThrow(), rollout.pending()) : counts,
                since.plus(HEALTHY_WITHIN));
    }

    /** Its time does not run while an instance of before has to end first, or none may run. */
    private static Formation replacing(
            Formation formation, Set<String> alone, Set<String> held, List<Running> running) {
        if (formation.counts().keySet().stream().noneMatch(type -> alone.contains(type) || held.contains(type))) {
            return formation;
        }
        List<Slot> slots = formation.slots();
        List<Instant> starts = running.stream()
                .filter(instance -> slots.contains(instance.slot()))
                .map(Running::startedAt)
                .sorted()
                .toList();
        Instant deadline = starts.size() < slots.size()
                ? formation.deadline().plus(HEALTHY_WITHIN).plus(Crew.DRAIN_MAX).plus(Crew.STOP_MAX)
                : later(formation.deadline(), starts.getLast().plus(HEALTHY_WITHIN));
        return new Formation(formation.rollout(), formation.counts(), deadline);
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private Phase phase(InstanceRow row) {
        if (row.exitedAt().isPresent()) {
            return Phase.EXITED;
        }
        if (row.stopping()) {
            return Phase.STOPPING;
        }
        return health.isUp(row.id()) ? Phase.UP : Phase.STARTING;
    }

    private Instance shown(
            Running instance, Optional<InstanceStatus> status, String release, boolean canary, Instant now) {
        boolean crashed = instance.phase() == Phase.EXITED;
        boolean steady = Duration.between(instance.startedAt(), now).compareTo(CrashPolicy.UP_LONG_ENOUGH) >= 0;
        return new Instance(
                instance.id(),
                instance.slot().name(),
                instance.slot().process(),
                release,
                switch (instance.phase()) {
                    case STARTING -> "starting";
                    case UP -> "up";
                    case STOPPING -> "stopping";
                    case EXITED -> "crashed";
                },
                status.flatMap(InstanceStatus::pid),
                status.flatMap(InstanceStatus::address)
                        .map(at -> at.getAddress().getHostAddress() + ":" + at.getPort()),
                crashed ? Planner.crashesOf(instance) : steady ? 0 : instance.crashes(),
                crashed
                        ? Optional.of((canary ? "canary: " : "") + detail(instance, now))
                        : canary ? Optional.of("canary") : Optional.empty(),
                instance.startedAt());
    }

    private static String detail(Running crashed, Instant now) {
        long seconds =
                Math.max(0, Duration.between(now, Planner.nextStart(crashed)).toSeconds());
        return "%s, next start in %d s".formatted(crashed.exit(), seconds);
    }
}
