package dev.stoa.platform.control;

import dev.stoa.api.AppProtocol;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.Manifest;
import dev.stoa.api.RoutingManifest;
import dev.stoa.platform.control.Actual.Phase;
import dev.stoa.platform.control.Wanted.Formation;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.router.BalancePolicy;
import dev.stoa.platform.router.Canary;
import dev.stoa.platform.router.EdgePolicy;
import dev.stoa.platform.router.HoldPolicy;
import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.Upstream;
import dev.stoa.platform.router.UpstreamProtocol;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What an app's releases say of its route; together with what runs, it is where the requests go.
 *
 * @param edge   of the active release
 * @param active its manifest
 * @param scaled the number of its web instances, if it scales
 */
record Routing(
        String app,
        EdgePolicy edge,
        Optional<Manifest> active,
        Optional<Beside> canary,
        Optional<InstanceRange> scaled) {
    /** Requests that wait for an instance of one app: with more than this, waking would only disappoint more people. */
    private static final int HELD_MAX = 1000;

    /** As long as an instance may take to get healthy. */
    private static final Duration HELD_FOR_MAX = View.HEALTHY_WITHIN;

    /**
     * A rollout beside the active one.
     *
     * @param percent of the requests that it gets
     */
    record Beside(long rollout, Manifest manifest, int percent) {}

    Route route(Wanted wanted, Actual actual, Map<String, InstanceStatus> statuses) {
        List<Slot> slots = webSlots(wanted);
        List<Upstream> upstreams = upstreams(actual, statuses, protocol(active), slots::contains);
        return new Route(
                app,
                upstreams,
                upstreams.isEmpty() ? why(wanted, actual, slots) : "",
                edge,
                active.map(manifest -> balance(manifest.routing())).orElse(BalancePolicy.DEFAULT),
                canary.map(beside -> new Canary(
                                upstreams(
                                        actual,
                                        statuses,
                                        protocol(Optional.of(beside.manifest())),
                                        slot -> slot.rollout() == beside.rollout()),
                                beside.percent()))
                        .orElse(Canary.NONE),
                new HoldPolicy(
                        (scaled.isPresent() || !slots.isEmpty()) && !crashed(slots, actual),
                        HELD_MAX,
                        HELD_FOR_MAX,
                        scaled.map(Autoscaler::alarm).orElse(Integer.MAX_VALUE)));
    }

    private static UpstreamProtocol protocol(Optional<Manifest> manifest) {
        return manifest.filter(given -> given.routing().protocol() == AppProtocol.H2C)
                .map(given -> UpstreamProtocol.H2C)
                .orElse(UpstreamProtocol.HTTP_1_1);
    }

    private static BalancePolicy balance(RoutingManifest routing) {
        return new BalancePolicy(
                routing.requests().orElse(0), routing.slowStart().orElse(Duration.ZERO), routing.sticky());
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

    private static List<Slot> webSlots(Wanted wanted) {
        return wanted.active().map(Formation::slots).orElse(List.of()).stream()
                .filter(slot -> slot.process().equals(LaunchOrder.WEB))
                .toList();
    }

    /** Whether every web slot waits for the next start after a crash: a request that waits, too, would wait in vain. */
    private static boolean crashed(List<Slot> slots, Actual actual) {
        return !slots.isEmpty()
                && slots.stream()
                        .allMatch(slot -> actual.instances().stream()
                                        .filter(instance -> instance.slot().equals(slot))
                                        .noneMatch(instance ->
                                                instance.phase() == Phase.STARTING || instance.phase() == Phase.UP)
                                && actual.instances().stream()
                                        .anyMatch(instance -> instance.slot().equals(slot)
                                                && instance.phase() == Phase.EXITED
                                                && Planner.nextStart(instance).isAfter(actual.now())));
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
}
