package dev.stoa.platform.control;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the user asked for, of one app.
 *
 * @param active  the rollout that serves
 * @param pending the one that is to take its place, or to become the canary
 * @param canary  the one beside it that gets a share of the requests
 * @param alone   process types of which one instance may run at a time, whatever its rollout
 * @param held    process types of which none is to run now
 */
record Wanted(
        Optional<Formation> active,
        Optional<Formation> pending,
        Optional<Formation> canary,
        Set<String> alone,
        Set<String> held) {
    Wanted {
        alone = Set.copyOf(alone);
        held = Set.copyOf(held);
    }

    /** With as many instances as there may be. */
    Wanted(Optional<Formation> active, Optional<Formation> pending, Optional<Formation> canary) {
        this(active, pending, canary, Set.of(), Set.of());
    }

    /** Without a canary. */
    Wanted(Optional<Formation> active, Optional<Formation> pending) {
        this(active, pending, Optional.empty());
    }

    /**
     * The instances of one rollout.
     *
     * @param counts   by process type
     * @param deadline when a pending rollout has failed if it is not healthy
     */
    record Formation(long rollout, Map<String, Integer> counts, Instant deadline) {
        Formation {
            counts = Map.copyOf(counts);
        }

        /** In the order in which people read them: by process type, then number. */
        List<Slot> slots() {
            List<Slot> slots = new ArrayList<>();
            new TreeMap<>(counts).forEach((process, count) -> {
                for (int number = 1; number <= count; number++) {
                    slots.add(new Slot(rollout, process, number));
                }
            });
            return slots;
        }
    }
}
