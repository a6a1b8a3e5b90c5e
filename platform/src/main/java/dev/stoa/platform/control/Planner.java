package dev.stoa.platform.control;

import dev.stoa.platform.control.Actual.Phase;
import dev.stoa.platform.control.Actual.Running;
import dev.stoa.platform.control.Wanted.Formation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Decides what has to happen so that {@code actual} becomes {@code wanted}. Pure: starts nothing, reads no clock.
 *
 * <p>A pending rollout is all or nothing. Its instances start beside those of the active one; when every one of them is up
 * it becomes the active one, and only then are the old instances no longer wanted. When one of them exits, or the deadline
 * passes, the rollout has failed, and it is its own instances that are no longer wanted. A canary is kept up as the active
 * one is; the instances that it has are there already when it becomes the pending one.
 */
final class Planner {
    /** How the exit of an instance begins that the engine could not start. */
    static final String NOT_STARTED = "could not be started: ";

    Plan plan(Wanted wanted, Actual actual) {
        return new Decision(actual).decide(wanted);
    }

    /** One planning: what is known, and what has been decided so far. */
    private static final class Decision {
        private final Instant now;
        private final Map<Slot, Running> live = new HashMap<>();
        private final Map<Slot, Running> lastExited = new HashMap<>();
        private final List<Running> instances;
        private final List<Plan.Step> steps = new ArrayList<>();
        private Optional<Instant> lookAgain = Optional.empty();

        Decision(Actual actual) {
            now = actual.now();
            instances = actual.instances();
            for (Running instance : instances) {
                switch (instance.phase()) {
                    case STARTING, UP -> live.merge(instance.slot(), instance, Decision::older);
                    case EXITED -> lastExited.merge(instance.slot(), instance, Decision::later);
                    case STOPPING -> {}
                }
            }
        }

        Plan decide(Wanted wanted) {
            wanted.active().ifPresent(formation -> formation.slots().forEach(this::keepUp));
            wanted.canary().ifPresent(formation -> formation.slots().forEach(this::keepUp));
            wanted.pending().ifPresent(this::bringUp);
            List<Slot> slots = Stream.of(wanted.active(), wanted.canary(), wanted.pending())
                    .flatMap(Optional::stream)
                    .flatMap(formation -> formation.slots().stream())
                    .toList();
            clear(slots);
            return new Plan(steps, lookAgain);
        }

        /** The crash policy, for an instance that is to be there for good. */
        private void keepUp(Slot slot) {
            if (live.containsKey(slot)) {
                return;
            }
            Running exited = lastExited.get(slot);
            if (exited == null) {
                steps.add(new Plan.Start(slot, 0));
                return;
            }
            int crashes = crashesOf(exited);
            Instant next = nextStart(exited);
            if (next.isAfter(now)) {
                lookAgainAt(next);
            } else {
                steps.add(new Plan.Start(slot, crashes));
            }
        }

        private void bringUp(Formation formation) {
            Optional<Running> failed = formation.slots().stream()
                    .flatMap(slot -> Stream.ofNullable(lastExited.get(slot)))
                    .min(Comparator.comparing(exited -> exited.exitedAt().orElse(now)));
            if (failed.isPresent()) {
                Running exited = failed.get();
                steps.add(new Plan.Fail(
                        formation.rollout(),
                        Optional.of(exited.id()),
                        exited.exit().startsWith(NOT_STARTED)
                                ? "%s %s".formatted(exited.slot().name(), exited.exit())
                                : "%s %s %s after its start, before the release was up"
                                        .formatted(exited.slot().name(), exited.exit(), seconds(uptime(exited)))));
                return;
            }
            List<Slot> notUp = formation.slots().stream()
                    .filter(slot -> Optional.ofNullable(live.get(slot))
                            .filter(instance -> instance.phase() == Phase.UP)
                            .isEmpty())
                    .toList();
            if (notUp.isEmpty()) {
                steps.add(new Plan.Activate(formation.rollout()));
            } else if (!formation.deadline().isAfter(now)) {
                Slot slot = notUp.getFirst();
                steps.add(new Plan.Fail(
                        formation.rollout(),
                        Optional.ofNullable(live.get(slot)).map(Running::id),
                        "%s did not get healthy in time".formatted(slot.name())));
            } else {
                lookAgainAt(formation.deadline());
                notUp.stream()
                        .filter(slot -> !live.containsKey(slot))
                        .forEach(slot -> steps.add(new Plan.Start(slot, 0)));
            }
        }

        private void clear(List<Slot> wanted) {
            for (Running instance : instances) {
                Slot slot = instance.slot();
                switch (instance.phase()) {
                    case STARTING, UP -> {
                        if (!wanted.contains(slot) || !instance.equals(live.get(slot))) {
                            steps.add(new Plan.Stop(instance.id()));
                        }
                    }
                    case EXITED -> {
                        if (!wanted.contains(slot)
                                || !instance.equals(lastExited.get(slot))
                                || live.containsKey(slot)) {
                            steps.add(new Plan.Forget(instance.id()));
                        }
                    }
                    case STOPPING -> {}
                }
            }
        }

        private void lookAgainAt(Instant time) {
            lookAgain = lookAgain.filter(earlier -> earlier.isBefore(time)).or(() -> Optional.of(time));
        }

        private static Running older(Running a, Running b) {
            return a.startedAt().isAfter(b.startedAt()) ? b : a;
        }

        private static Running later(Running a, Running b) {
            return a.startedAt().isAfter(b.startedAt()) ? a : b;
        }
    }

    /** Crashes in a row of the slot of an instance that exited, with this one. */
    static int crashesOf(Running exited) {
        return CrashPolicy.crashes(exited.crashes(), uptime(exited));
    }

    /** When the slot of an instance that exited gets its next one. */
    static Instant nextStart(Running exited) {
        return exited.exitedAt().orElseThrow().plus(CrashPolicy.backoff(crashesOf(exited)));
    }

    private static Duration uptime(Running exited) {
        return Duration.between(exited.startedAt(), exited.exitedAt().orElseThrow());
    }

    private static String seconds(Duration duration) {
        return "%.1f s".formatted(duration.toMillis() / 1000.0);
    }
}
