package dev.stoa.platform.observe;

import dev.stoa.platform.base.FileTail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** Moves what an instance writes from its output file to the log of its app. */
final class InstanceTail {
    /** An instance that is so far ahead writes faster than its log is read; more than this is not kept anyway. */
    private static final long LAG_BYTES_MAX = AppLog.SEGMENTS_MAX * AppLog.SEGMENT_BYTES_MAX;

    /** How much of the last is read when it was too far ahead. */
    private static final long REST_BYTES = AppLog.SEGMENT_BYTES_MAX;

    private final LogStore store;
    private final InstantSource clock;
    private final String app;
    private final String source;
    private final String instance;
    private final Path output;
    private final ConsumedPrefix consumed;
    private final ReentrantLock lock = new ReentrantLock();
    private FileTail tail;
    private boolean done;

    InstanceTail(LogStore store, InstantSource clock, String app, String source, String instance, Path output)
            throws IOException {
        this.store = store;
        this.clock = clock;
        this.app = app;
        this.source = source;
        this.instance = instance;
        this.output = output;
        this.consumed = new ConsumedPrefix(output);
        this.tail = new FileTail(output, store.hold(app, instance));
    }

    Path directory() {
        return Objects.requireNonNull(output.toAbsolutePath().getParent());
    }

    @Override
    public String toString() {
        return "app=%s instance=%s".formatted(app, instance);
    }

    /** Stores all that is new. Does nothing after {@link #finish}. */
    void drain() throws IOException {
        lock.lock();
        try {
            if (!done) {
                drain(false);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Stores the rest, now that the instance writes no more. */
    void drainRest() throws IOException {
        lock.lock();
        try {
            if (!done) {
                drain(true);
                store.release(app, instance);
            }
        } finally {
            done = true;
            lock.unlock();
        }
    }

    /** Leaves the rest to another platform. */
    void finish() {
        lock.lock();
        try {
            done = true;
        } finally {
            lock.unlock();
        }
    }

    private void drain(boolean last) throws IOException {
        long stored = tail.offset();
        try {
            skipIfTooFarBehind();
            for (List<FileTail.Line> lines = tail.read(last); !lines.isEmpty(); lines = tail.read(last)) {
                store.append(app, records(lines));
                stored = tail.offset();
                consumed.free(stored);
                skipIfTooFarBehind();
            }
        } catch (IOException e) {
            tail = new FileTail(output, stored);
            throw e;
        }
    }

    private List<LogRecord> records(List<FileTail.Line> lines) {
        Instant now = clock.instant();
        List<LogRecord> records = new ArrayList<>(lines.size());
        for (FileTail.Line line : lines) {
            String text = withoutHole(line.text());
            if (!text.isEmpty() || line.text().isEmpty()) {
                records.add(new LogRecord(now, source, instance, line.endOffset(), text));
            }
        }
        if (records.isEmpty()) {
            records.add(LogRecord.offset(now, instance, lines.getLast().endOffset()));
        }
        return records;
    }

    /** After a power cut the log may end before the part of the output that was freed, which then reads as zeros. */
    private static String withoutHole(String text) {
        int start = 0;
        while (start < text.length() && text.charAt(start) == 0) {
            start++;
        }
        return text.substring(start);
    }

    private void skipIfTooFarBehind() throws IOException {
        long size = Files.exists(output) ? Files.size(output) : 0;
        if (size - tail.offset() <= LAG_BYTES_MAX) {
            return;
        }
        long next = size - REST_BYTES;
        String text =
                "%d bytes are left out here: it writes faster than its log can be kept".formatted(next - tail.offset());
        store.append(app, List.of(new LogRecord(clock.instant(), source, instance, next, text)));
        tail = new FileTail(output, next);
    }
}
