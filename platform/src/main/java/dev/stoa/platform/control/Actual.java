package dev.stoa.platform.control;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What runs, of one app, at one moment. */
record Actual(Instant now, List<Running> instances) {
    Actual {
        instances = List.copyOf(instances);
    }

    /**
     * One instance.
     *
     * @param crashes  of its slot, in a row, before this start
     * @param exitedAt when it ended; there exactly in {@link Phase#EXITED}
     * @param exit     how it ended, for people; empty while it runs
     */
    record Running(
            String id,
            Slot slot,
            Phase phase,
            int crashes,
            Instant startedAt,
            Optional<Instant> exitedAt,
            String exit) {
        Running in(Phase other) {
            return new Running(id, slot, other, crashes, startedAt, exitedAt, exit);
        }
    }

    enum Phase {
        /** Launched, not yet healthy. */
        STARTING,
        UP,
        /** It was told to go: it drains, or has its SIGTERM. */
        STOPPING,
        /** It ended without being told to. */
        EXITED
    }
}
