package dev.stoa.platform.router;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.function.Predicate;

/**
 * The requests of one event loop that wait for an instance, by app, in the order in which they came. How many of an app
 * wait in all loops together is counted in {@link Backends}.
 */
final class Waiting {
    private final Backends backends;
    private final Map<String, SequencedSet<Exchange>> queues = new HashMap<>();

    Waiting(Backends backends) {
        this.backends = backends;
    }

    /** False when too many of the app wait already. */
    boolean add(Exchange exchange, Route route) {
        if (!backends.hold(route)) {
            return false;
        }
        queues.computeIfAbsent(route.app(), app -> new LinkedHashSet<>()).add(exchange);
        return true;
    }

    void remove(Exchange exchange, String app) {
        SequencedSet<Exchange> queue = queues.get(app);
        if (queue != null && queue.remove(exchange)) {
            backends.unhold(app);
        }
    }

    /**
     * Lets those go on that can, the longest wait first.
     *
     * @param leaves lets one try again; false: it has to wait on, and so have all behind it
     */
    void release(Predicate<Exchange> leaves) {
        List.copyOf(queues.keySet()).forEach(app -> release(app, leaves));
    }

    /** The same, of one app. */
    void release(String app, Predicate<Exchange> leaves) {
        SequencedSet<Exchange> queue = queues.get(app);
        if (queue == null) {
            return;
        }
        boolean left = true;
        while (left && !queue.isEmpty()) {
            left = leaves.test(queue.getFirst());
        }
        if (queue.isEmpty()) {
            queues.remove(app, queue);
        }
    }

    /** Whether requests of the app wait in this loop. */
    boolean has(String app) {
        SequencedSet<Exchange> queue = queues.isEmpty() ? null : queues.get(app);
        return queue != null && !queue.isEmpty();
    }
}
