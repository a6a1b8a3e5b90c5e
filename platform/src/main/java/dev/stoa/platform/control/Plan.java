package dev.stoa.platform.control;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What has to happen now, in this order, and when to look again though nothing tells that anything changed.
 */
record Plan(List<Step> steps, Optional<Instant> lookAgain) {
    Plan {
        steps = List.copyOf(steps);
    }

    sealed interface Step {}

    /** @param crashes of the slot so far, in a row */
    record Start(Slot slot, int crashes) implements Step {}

    /** Drain it, then end it. */
    record Stop(String instance) implements Step {}

    /** Its end needs no more remembering. */
    record Forget(String instance) implements Step {}

    /** The pending rollout is healthy as a whole: it serves from now on, or is the canary. */
    record Activate(long rollout) implements Step {}

    /**
     * The pending rollout will not get healthy.
     *
     * @param culprit the instance because of which
     * @param why     for people, such as {@code web.1 exited with status 1 before it was healthy}
     */
    record Fail(long rollout, Optional<String> culprit, String why) implements Step {}
}
