package dev.stoa.platform.control;

import dev.stoa.api.AppProtocol;
import dev.stoa.api.Instance;
import dev.stoa.api.RoutingManifest;
import dev.stoa.platform.control.Actual.Phase;
import dev.stoa.platform.control.Actual.Running;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.InstanceStore.InstanceRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.control.Wanted.Formation;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.router.BalancePolicy;
import dev.stoa.platform.router.Canary;
import dev.stoa.platform.router.EdgePolicy;
import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.Upstream;
import dev.stoa.platform.router.UpstreamProtocol;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

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

    View(Stores stores, Engine engine, HealthWatch health, EdgePolicies edges, String domain, InstantSource clock) {
        this.apps = stores.apps();
        this.releases = stores.releases();
        this.rollouts = stores.rollouts();
        this.instances = stores.instances();
        this.engine = engine;
        this.health = health;
        this.edges = edges;
        this.domain = domain;
        this.clock = clock;
        this.watchingSince = clock.instant();
    }

    /** One look at an app. */
    record Snapshot(
            Wanted wanted,
            Actual actual,
            Map<String, InstanceStatus> statuses,
            Route route,
            List<String> hosts,
            List<String> allow) {}

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
        Wanted wanted = new Wanted(
                active.map(rollout -> formation(rollout, activeBuild.orElseThrow())),
                current.stream()
                        .filter(RolloutRow::pending)
                        .findFirst()
                        .map(rollout -> formation(rollout, build(rollout))),
                current.stream()
                        .filter(RolloutRow::canary)
                        .findFirst()
                        .map(rollout -> formation(rollout, build(rollout))));
        Actual actual = new Actual(clock.instant(), running);
        List<String> hosts = new ArrayList<>(List.of(app.name() + "." + domain));
        hosts.addAll(apps.domains(app.id()));
        List<String> allow =
                activeBuild.map(build -> build.manifest().network().allow()).orElse(List.of());
        EdgePolicy edge = edges.of(app, active, activeBuild);
        BalancePolicy balance =
                activeBuild.map(build -> balance(build.manifest().routing())).orElse(BalancePolicy.DEFAULT);
        UpstreamProtocol protocol = protocol(activeBuild);
        Route route = route(app, wanted, actual, statuses, edge, balance, protocol, canary(current, actual, statuses));
        return new Snapshot(wanted, actual, statuses, route, hosts, allow);
    }

    private Canary canary(List<RolloutRow> current, Actual actual, Map<String, InstanceStatus> statuses) {
        return current.stream()
                .filter(rollout -> rollout.share().isPresent())
                .findFirst()
                .map(rollout -> new Canary(
                        upstreams(
                                actual,
                                statuses,
                                protocol(Optional.of(build(rollout))),
                                slot -> slot.rollout() == rollout.id()),
                        rollout.share().orElseThrow()))
                .orElse(Canary.NONE);
    }

    private static UpstreamProtocol protocol(Optional<BuildRow> build) {
        return build.filter(row -> row.manifest().routing().protocol() == AppProtocol.H2C)
                .map(row -> UpstreamProtocol.H2C)
                .orElse(UpstreamProtocol.HTTP_1_1);
    }

    private static BalancePolicy balance(RoutingManifest routing) {
        return new BalancePolicy(
                routing.requests().orElse(0), routing.slowStart().orElse(Duration.ZERO), routing.sticky());
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

    /** How many instances of each process type of a build are wanted. */
    Map<String, Integer> counts(int app, BuildRow build) {
        Map<String, Integer> asked = apps.scale(app);
        Map<String, Integer> counts = new TreeMap<>();
        build.slug()
                .processes()
                .keySet()
                .forEach(process -> counts.put(
                        process,
                        Optional.ofNullable(asked.get(process))
                                .orElse(build.manifest()
                                        .process(process)
                                        .instances()
                                        .orElse(1))));
        return counts;
    }

    private BuildRow build(RolloutRow rollout) {
        return releases.build(
                releases.find(rollout.app(), rollout.version()).orElseThrow().build());
    }

    private Formation formation(RolloutRow rollout, BuildRow build) {
        Instant since = rollout.since().isAfter(watchingSince) ? rollout.since() : watchingSince;
        Map<String, Integer> counts = counts(rollout.app(), build);
        return new Formation(
                rollout.id(),
                rollout.beside() ? CanaryCounts.of(counts, rollout.percent().orElseThrow(), rollout.pending()) : counts,
                since.plus(HEALTHY_WITHIN));
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

    private static Route route(
            AppRow app,
            Wanted wanted,
            Actual actual,
            Map<String, InstanceStatus> statuses,
            EdgePolicy edge,
            BalancePolicy balance,
            UpstreamProtocol protocol,
            Canary canary) {
        List<Slot> slots = wanted.active().map(Formation::slots).orElse(List.of()).stream()
                .filter(slot -> slot.process().equals(LaunchOrder.WEB))
                .toList();
        List<Upstream> upstreams = upstreams(actual, statuses, protocol, slots::contains);
        return new Route(
                app.name(), upstreams, upstreams.isEmpty() ? why(wanted, actual, slots) : "", edge, balance, canary);
    }

    /** The instances that are up and listen, of the slots that are asked for. */
    private static List<Upstream> upstreams(
            Actual actual, Map<String, InstanceStatus> statuses, UpstreamProtocol protocol, Predicate<Slot> asked) {
        return actual.instances().stream()
                .filter(instance -> instance.phase() == Phase.UP && asked.test(instance.slot()))
                .flatMap(instance -> Optional.ofNullable(statuses.get(instance.id()))
                        .filter(InstanceStatus::running)
                        .flatMap(InstanceStatus::address)
                        .map(address -> new Upstream(instance.slot().name(), address, instance.id(), protocol))
                        .stream())
                .toList();
    }

    private static String why(Wanted wanted, Actual actual, List<Slot> slots) {
        if (wanted.active().isEmpty()) {
            return wanted.pending().isPresent()
                    ? "its first release is starting"
                    : "none of its releases has come up yet";
        }
        if (!wanted.active().get().counts().containsKey(LaunchOrder.WEB)) {
            return "it has no web process";
        }
        if (slots.isEmpty()) {
            return "it is scaled to no web instance";
        }
        return actual.instances().stream()
                .filter(instance -> instance.phase() == Phase.EXITED && slots.contains(instance.slot()))
                .findFirst()
                .map(crashed -> "%s %s".formatted(crashed.slot().name(), crashed.exit()))
                .orElse("its web instances are starting");
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
