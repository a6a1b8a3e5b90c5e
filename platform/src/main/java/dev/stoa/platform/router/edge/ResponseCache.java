package dev.stoa.platform.router.edge;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is kept of one app's answers, by URL; of what does not fit, what was asked for longest ago goes. The event loops of the
 * router share it, and hold its lock for as long as it takes to look.
 */
public final class ResponseCache implements AutoCloseable {
    /** Of one URL, by what its answer varies with. */
    private static final int VARIANTS_MAX = 16;

    /** An answer may have so much of the cache, as a share. */
    private static final int SHARE = 8;

    private final long bytesMax;
    private final CacheBudget budget;
    private final Map<String, List<StoredAnswer>> answers = new LinkedHashMap<>(16, 0.75f, true);
    private final Flights flights = new Flights();
    private long bytes;
    private boolean closed;

    public ResponseCache(long bytesMax, CacheBudget budget) {
        this.bytesMax = bytesMax;
        this.budget = budget;
    }

    public long bytesMax() {
        return bytesMax;
    }

    Flights flights() {
        return flights;
    }

    long answerBytesMax() {
        return bytesMax / SHARE;
    }

    /**
     * What was found for a request.
     *
     * @param body a reference of the finder's own, to be released
     */
    record Found(StoredAnswer answer, ByteBuf body) {}

    /** Takes memory for an answer that is on its way, where that can be had; it has to be given back. */
    synchronized boolean take(long more) {
        if (closed) {
            return false;
        }
        while (!budget.take(more)) {
            Iterator<List<StoredAnswer>> oldest = answers.values().iterator();
            if (!oldest.hasNext()) {
                return false;
            }
            oldest.next().forEach(this::drop);
            oldest.remove();
        }
        return true;
    }

    void giveBack(long taken) {
        budget.give(taken);
    }

    synchronized Optional<Found> find(String url, HttpHeaders request, String coding) {
        for (StoredAnswer answer : answers.getOrDefault(url, List.of())) {
            if (answer.fits(request, coding)) {
                return Optional.of(new Found(answer, answer.body().retainedDuplicate()));
            }
        }
        return Optional.empty();
    }

    /** Whether there is an answer for the URL, though it be for other requests. */
    synchronized boolean knows(String url) {
        return answers.containsKey(url);
    }

    /** Takes the answer over in the place of the one for the same requests, or drops it where there is no room. */
    synchronized void put(String url, StoredAnswer answer) {
        long size = answer.sizeBytes();
        if (closed || size > answerBytesMax()) {
            answer.body().release();
            return;
        }
        List<StoredAnswer> variants = answers.computeIfAbsent(url, _ -> new ArrayList<>(1));
        variants.removeIf(old -> {
            boolean same = old.coding().equals(answer.coding()) && old.vary().equals(answer.vary());
            if (same) {
                drop(old);
            }
            return same;
        });
        if (variants.size() == VARIANTS_MAX) {
            drop(variants.removeFirst());
        }
        variants.add(answer);
        bytes += size;
        boolean room = budget.take(size);
        while (bytes > bytesMax || !room) {
            Iterator<Map.Entry<String, List<StoredAnswer>>> oldest =
                    answers.entrySet().iterator();
            Map.Entry<String, List<StoredAnswer>> entry = oldest.next();
            if (entry.getKey().equals(url)) {
                // The last in the order, so all others are gone already.
                takeBack(url, variants, answer, room);
                return;
            }
            entry.getValue().forEach(this::drop);
            oldest.remove();
            room = room || budget.take(size);
        }
    }

    private void takeBack(String url, List<StoredAnswer> variants, StoredAnswer answer, boolean room) {
        variants.remove(answer);
        bytes -= answer.sizeBytes();
        if (room) {
            budget.give(answer.sizeBytes());
        }
        answer.body().release();
        if (variants.isEmpty()) {
            answers.remove(url);
        }
    }

    /** The answer is known to hold on: says so, with the headers that came along. */
    synchronized void refresh(String url, StoredAnswer old, StoredAnswer fresh) {
        List<StoredAnswer> variants = answers.getOrDefault(url, List.of());
        int at = variants.indexOf(old);
        if (at >= 0) {
            fresh.body().retain();
            variants.set(at, fresh);
            long more = fresh.sizeBytes() - old.sizeBytes();
            bytes += more;
            budget.give(-more);
            old.body().release();
        }
    }

    /** What is known of a URL holds no longer. */
    synchronized void forget(String url) {
        List<StoredAnswer> gone = answers.remove(url);
        if (gone != null) {
            gone.forEach(this::drop);
        }
    }

    synchronized int size() {
        return answers.size();
    }

    private void drop(StoredAnswer answer) {
        bytes -= answer.sizeBytes();
        budget.give(answer.sizeBytes());
        answer.body().release();
    }

    /** Keeps nothing any more. */
    @Override
    public synchronized void close() {
        closed = true;
        answers.values().forEach(variants -> variants.forEach(this::drop));
        answers.clear();
    }
}
