package dev.stoa.platform.router.edge;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who is on the way to the app for what a cache lacks. Of several requests for the same, one goes, and the others wait for what
 * it brings. What turned out not to be kept is remembered for a while, so that nobody waits for it in vain.
 */
final class Flights {
    private static final int UNKEPT_MAX = 2048;
    private static final long UNKEPT_NANOS = 60_000_000_000L;

    private final Map<String, List<Runnable>> waiting = new HashMap<>();

    private final Map<String, Long> unkept = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > UNKEPT_MAX;
        }
    };

    /** What a request has to do. */
    enum Part {
        /** Goes, and says so when it is back: {@link Flights#land}. */
        LEADS,
        /** Will be told to look again. */
        WAITS,
        /** Goes, and nobody waits for it. */
        ALONE
    }

    /** @param wake is run when it is worth to look again, with any thread, and must not block */
    synchronized Part join(String key, Runnable wake, long nowNanos) {
        Long since = unkept.get(key);
        if (since != null && nowNanos - since < UNKEPT_NANOS) {
            return Part.ALONE;
        }
        List<Runnable> others = waiting.get(key);
        if (others == null) {
            waiting.put(key, new ArrayList<>(0));
            return Part.LEADS;
        }
        others.add(wake);
        return Part.WAITS;
    }

    /** Goes if nobody else does. */
    synchronized boolean lead(String key) {
        return waiting.putIfAbsent(key, new ArrayList<>(0)) == null;
    }

    /** Whoever led is back, with or without an answer. */
    void land(String key) {
        List<Runnable> others;
        synchronized (this) {
            others = waiting.remove(key);
        }
        if (others != null) {
            others.forEach(Runnable::run);
        }
    }

    /** What came for the key is not for a cache. */
    synchronized void notKept(String key, long nowNanos) {
        unkept.remove(key);
        unkept.put(key, nowNanos);
    }

    synchronized void kept(String key) {
        unkept.remove(key);
    }
}
