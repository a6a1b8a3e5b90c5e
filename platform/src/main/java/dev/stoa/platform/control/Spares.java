package dev.stoa.platform.control;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What is made ready for the next request to apps that sleep ({@link dev.stoa.platform.engine.Engine#prepare}): for the
 * few that fell asleep last, as each keeps some processes.
 */
final class Spares {
    private static final System.Logger LOG = System.getLogger(Spares.class.getName());

    static final int MAX = 16;

    /** Not to be pushed out before: many apps that fall asleep together would only keep the machine busy. */
    private static final Duration KEPT_MIN = Duration.ofMinutes(1);

    private final Consumer<String> remove;
    private final Ids ids;
    private final InstantSource clock;
    private final Map<Integer, Spare> spares = new LinkedHashMap<>();

    /** @param remove takes one away again, by its id */
    Spares(Consumer<String> remove, Ids ids, InstantSource clock) {
        this.remove = remove;
        this.ids = ids;
        this.clock = clock;
    }

    private record Spare(String id, Slot slot, Instant since) {}

    synchronized boolean has(int app, Slot slot) {
        return Optional.ofNullable(spares.get(app)).map(Spare::slot).equals(Optional.of(slot));
    }

    /**
     * Makes one for an app, in place of one for another slot, if there is room.
     *
     * @param prepare what the instance will need that has this id
     */
    void make(int app, Slot slot, Consumer<String> prepare) {
        if (has(app, slot)) {
            return;
        }
        discard(app);
        longestKept().ifPresent(this::discard);
        Spare spare = new Spare(ids.next(), slot, clock.instant());
        synchronized (this) {
            if (spares.size() >= MAX) {
                return;
            }
            spares.put(app, spare);
        }
        try {
            prepare.accept(spare.id());
        } catch (StoaException e) {
            LOG.log(Level.DEBUG, "nothing is made ready for the next request app=" + app, e);
            discard(app);
        }
    }

    /** Whose turn it is to make room; empty where there is some, or nobody has been there for long enough. */
    private synchronized Optional<Integer> longestKept() {
        return spares.size() < MAX
                ? Optional.empty()
                : spares.entrySet().stream()
                        .findFirst()
                        .filter(first -> !clock.instant()
                                .isBefore(first.getValue().since().plus(KEPT_MIN)))
                        .map(Map.Entry::getKey);
    }

    /** The id of the instance that is ready for the slot, which is its own now. What is there for another web slot goes. */
    Optional<String> take(int app, Slot slot) {
        if (!slot.process().equals(LaunchOrder.WEB)) {
            return Optional.empty();
        }
        Optional<Spare> there = removed(app);
        Optional<Spare> ready = there.filter(spare -> spare.slot().equals(slot));
        if (ready.isEmpty()) {
            there.ifPresent(spare -> remove.accept(spare.id()));
        }
        return ready.map(Spare::id);
    }

    void discard(int app) {
        removed(app).ifPresent(spare -> remove.accept(spare.id()));
    }

    void discardAll() {
        List<Integer> apps;
        synchronized (this) {
            apps = List.copyOf(spares.keySet());
        }
        apps.forEach(this::discard);
    }

    private synchronized Optional<Spare> removed(int app) {
        return Optional.ofNullable(spares.remove(app));
    }
}
