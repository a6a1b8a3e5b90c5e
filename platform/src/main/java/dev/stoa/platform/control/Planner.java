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
 *
 * <p>Of a process type that is to be alone, one instance runs at a time: the pending rollout's takes the place of the active
 * one's when all its others are up. Should it fail, the active one's is started again.
 */
final class Planner {
    /** How the exit of an instance begins that the engine could not start. */
    static final String NOT_STARTED = "could not be started: ";

    Plan plan(Wanted wanted, Actual actual) {
        return new Decision(wanted, actual).decide();
    }

    /** One planning: what is known, and what has been decided so far. */
    private static final class Decision {
        private final Instant now;
        private final Map<Slot, Running> live = new HashMap<>();
        private final Map<Slot, Running> lastExited = new HashMap<>();
        private final List<Running> instances;
        private final Wanted wanted;
        private final boolean replacing;
        private final List<Plan.Step> steps = new ArrayList<>();
        private Optional<Instant> lookAgain = Optional.empty();

        Decision(Wanted wanted, Actual actual) {
            this.wanted = wanted;
            now = actual.now();
            instances = actual.instances();
            for (Running instance : instances) {
                switch (instance.phase()) {
                    case STARTING, UP -> live.merge(instance.slot(), instance, Decision::older);
                    case EXITED -> lastExited.merge(instance.slot(), instance, Decision::later);
                    case STOPPING -> {}
                }
            }
            replacing = wanted.pending()
                    .filter(pending -> pending.slots().stream()
                            .filter(slot -> !wanted.alone().contains(slot.process()))
                            .allMatch(this::isUp))
                    .isPresent();
        }

        Plan decide() {
            List<Slot> active = slots(wanted.active());
            List<Slot> canary = slots(wanted.canary());
            List<Slot> pending = slots(wanted.pending());
            active.removeIf(this::givesWay);
            canary.removeIf(slot -> wanted.alone().contains(slot.process()));
            active.forEach(this::keepUp);
            canary.forEach(this::keepUp);
            wanted.pending().ifPresent(formation -> bringUp(formation, pending));
            clear(Stream.of(active, canary, pending).flatMap(List::stream).toList());
            return new Plan(steps, lookAgain);
        }

        private List<Slot> slots(Optional<Formation> formation) {
            List<Slot> slots = new ArrayList<>(formation.map(Formation::slots).orElse(List.of()));
            slots.removeIf(slot -> wanted.held().contains(slot.process()));
            return slots;
        }

        /** Whether the pending rollout's instance is to take its place now. */
        private boolean givesWay(Slot slot) {
            return replacing
                    && wanted.alone().contains(slot.process())
                    && wanted.pending()
                            .filter(pending -> pending.counts().getOrDefault(slot.process(), 0) > 0)
                            .isPresent();
        }

        /** Whether another instance has to end before one can be started there. */
        private boolean mustWait(Slot slot) {
            return wanted.alone().contains(slot.process())
                    && instances.stream()
                            .anyMatch(instance -> instance.slot().process().equals(slot.process())
                                    && instance.phase() != Phase.EXITED);
        }

        private boolean isUp(Slot slot) {
            return Optional.ofNullable(live.get(slot))
                    .filter(instance -> instance.phase() == Phase.UP)
                    .isPresent();
        }

        /** The crash policy, for an instance that is to be there for good. */
        private void keepUp(Slot slot) {
            if (live.containsKey(slot) || mustWait(slot)) {
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

        /** @param slots those of its slots that are to be filled now */
        private void bringUp(Formation formation, List<Slot> slots) {
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
            if (slots.size() < formation.slots().size()) {
                return;
            }
            List<Slot> notUp = slots.stream().filter(slot -> !isUp(slot)).toList();
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
                        .filter(slot -> !live.containsKey(slot) && !mustWait(slot))
                        .filter(slot -> replacing || !wanted.alone().contains(slot.process()))
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
