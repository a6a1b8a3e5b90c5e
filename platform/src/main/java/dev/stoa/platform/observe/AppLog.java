package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import dev.stoa.platform.base.FileTree;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The log of one app: numbered segments that are only appended to, the oldest of which is dropped when there are too many.
 *
 * <p>A segment begins with how far each instance's output has been read, so that the newest one alone tells where to go on.
 * Readers work on positions in the files and hold no lock while they read.
 */
final class AppLog {
    static final long SEGMENT_BYTES_MAX = 8L << 20;
    static final int SEGMENTS_MAX = 8;

    /** Of instances that are gone; one may be asked for again as long as its output file is kept. */
    private static final int GONE_INSTANCES_MAX = 64;

    private static final long STOP_CHECK_MILLIS = 1000;

    private final Path directory;
    private final long segmentBytesMax;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition grown = lock.newCondition();

    /** The least recently written first. */
    private final Map<String, Long> offsets = new LinkedHashMap<>(16, 0.75f, true);

    private final Set<String> live = new HashSet<>();
    private @Nullable Position end;
    private @Nullable RandomAccessFile writer;
    private boolean deleted;

    AppLog(Path directory, long segmentBytesMax) {
        this.directory = directory;
        this.segmentBytesMax = segmentBytesMax;
    }

    /** @param segment 0 if there is none yet */
    private record Position(long segment, long offset) {}

    /** Adds the records, all or none. */
    void append(List<LogRecord> records) throws IOException {
        StringBuilder text = new StringBuilder();
        records.forEach(record -> record.appendTo(text));
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        lock.lock();
        try {
            if (deleted) {
                return;
            }
            RandomAccessFile out = writable();
            long before = end().offset();
            try {
                out.write(bytes);
            } catch (IOException e) {
                out.setLength(before);
                out.seek(before);
                throw e;
            }
            end = new Position(end().segment(), before + bytes.length);
            for (LogRecord record : records) {
                if (!record.instance().isEmpty()) {
                    offsets.put(record.instance(), record.endOffset());
                }
            }
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** How far the instance's output stands in the log; kept until {@link #release}. */
    long hold(String instance) throws IOException {
        lock.lock();
        try {
            end();
            live.add(instance);
            return offsets.getOrDefault(instance, 0L);
        } finally {
            lock.unlock();
        }
    }

    void release(String instance) {
        lock.lock();
        try {
            live.remove(instance);
        } finally {
            lock.unlock();
        }
    }

    List<LogLine> read(LogQuery query) throws IOException {
        return read(query, lockedEnd());
    }

    /** The last lines, then what comes, until the log is deleted, {@code stopped} says so, or the thread is interrupted. */
    void follow(LogQuery query, Consumer<LogLine> sink, BooleanSupplier stopped)
            throws IOException, InterruptedException {
        Position at = lockedEnd();
        read(query, at).forEach(sink);
        while (awaitMore(at, stopped)) {
            at = readOn(at, lockedEnd(), query, sink);
        }
    }

    void delete() throws IOException {
        lock.lock();
        try {
            deleted = true;
            closeWriter();
            FileTree.delete(directory);
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void close() throws IOException {
        lock.lock();
        try {
            closeWriter();
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitMore(Position at, BooleanSupplier stopped) throws IOException, InterruptedException {
        while (true) {
            if (stopped.getAsBoolean()) {
                return false;
            }
            lock.lockInterruptibly();
            try {
                if (deleted) {
                    return false;
                }
                if (!end().equals(at)) {
                    return true;
                }
                // The result says no more than the loop finds out.
                boolean signalled = grown.await(STOP_CHECK_MILLIS, TimeUnit.MILLISECONDS);
                if (signalled && !deleted && !end().equals(at)) {
                    return true;
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private List<LogLine> read(LogQuery query, Position from) throws IOException {
        List<LogLine> lines = new ArrayList<>();
        for (long segment = from.segment(); segment > 0 && lines.size() < query.lastLines(); segment--) {
            Path file = file(segment);
            try {
                Instant written = Files.getLastModifiedTime(file).toInstant();
                if (query.since().filter(written::isBefore).isPresent()) {
                    break;
                }
                readBack(file, segment == from.segment() ? from.offset() : Long.MAX_VALUE, query, lines);
            } catch (FileNotFoundException | NoSuchFileException e) {
                break;
            }
        }
        Collections.reverse(lines);
        return lines;
    }

    private static void readBack(Path file, long end, LogQuery query, List<LogLine> into) throws IOException {
        try (BackwardLines lines = new BackwardLines(file, end)) {
            for (byte[] line = lines.next(); line != null && into.size() < query.lastLines(); line = lines.next()) {
                LogRecord.parse(line, 0, line.length)
                        .filter(LogRecord::isLine)
                        .map(LogRecord::line)
                        .filter(query::matches)
                        .ifPresent(into::add);
            }
        }
    }

    /** Hands over what stands between the positions, and returns where it ended. */
    private Position readOn(Position from, Position to, LogQuery query, Consumer<LogLine> sink) throws IOException {
        for (long segment = Math.max(1, from.segment()); segment <= to.segment(); segment++) {
            long start = segment == from.segment() ? from.offset() : 0;
            try (SegmentReader reader = new SegmentReader(file(segment), start)) {
                reader.read(
                        segment == to.segment() ? to.offset() : Long.MAX_VALUE,
                        (bytes, lineStart, lineEnd) -> LogRecord.parse(bytes, lineStart, lineEnd)
                                .filter(LogRecord::isLine)
                                .map(LogRecord::line)
                                .filter(query::matches)
                                .ifPresent(sink));
            } catch (FileNotFoundException e) {
                // Dropped meanwhile: this reader is slower than the app writes. It goes on with what is left.
            }
        }
        return to;
    }

    private Position lockedEnd() throws IOException {
        lock.lock();
        try {
            return end();
        } finally {
            lock.unlock();
        }
    }

    /** Finds the end, and repairs it if a platform was killed while it wrote. */
    private Position end() throws IOException {
        if (end == null) {
            List<Long> segments = segments();
            if (segments.isEmpty()) {
                end = new Position(0, 0);
            } else {
                long newest = segments.getLast();
                end = new Position(newest, repair(file(newest)));
            }
        }
        return end;
    }

    private long repair(Path file) throws IOException {
        try (SegmentReader reader = new SegmentReader(file, 0)) {
            reader.read(
                    Long.MAX_VALUE,
                    (bytes, start, lineEnd) -> LogRecord.parseHeader(bytes, start, lineEnd)
                            .filter(record -> !record.instance().isEmpty())
                            .ifPresent(record -> offsets.put(record.instance(), record.endOffset())));
            try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
                out.setLength(reader.offset());
            }
            return reader.offset();
        }
    }

    /** No channel, as an interrupt of whoever appends would close that for all. */
    private RandomAccessFile writable() throws IOException {
        Position at = end();
        if (at.segment() == 0 || at.offset() >= segmentBytesMax) {
            beginSegment(at.segment() + 1);
        }
        if (writer == null) {
            writer = new RandomAccessFile(file(end().segment()).toFile(), "rw");
            writer.seek(end().offset());
        }
        return writer;
    }

    private void beginSegment(long segment) throws IOException {
        forgetGoneInstances();
        StringBuilder head = new StringBuilder();
        offsets.forEach((instance, offset) ->
                LogRecord.offset(Instant.EPOCH, instance, offset).appendTo(head));
        byte[] bytes = head.toString().getBytes(StandardCharsets.UTF_8);
        Files.createDirectories(directory);
        Path draft = directory.resolve("new");
        Files.write(draft, bytes);
        Files.move(draft, file(segment), StandardCopyOption.ATOMIC_MOVE);
        closeWriter();
        end = new Position(segment, bytes.length);
        for (long old : segments()) {
            if (old <= segment - SEGMENTS_MAX) {
                Files.deleteIfExists(file(old));
            }
        }
    }

    private void closeWriter() throws IOException {
        if (writer != null) {
            writer.close();
            writer = null;
        }
    }

    private void forgetGoneInstances() {
        Iterator<String> instances = List.copyOf(offsets.keySet()).iterator();
        while (offsets.size() - live.size() > GONE_INSTANCES_MAX && instances.hasNext()) {
            String instance = instances.next();
            if (!live.contains(instance)) {
                offsets.remove(instance);
            }
        }
    }

    /** The numbers of the segments, oldest first. */
    private List<Long> segments() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".log"))
                    .map(name -> Long.parseLong(name.replace(".log", "")))
                    .sorted()
                    .toList();
        }
    }

    private Path file(long segment) {
        return directory.resolve("%010d.log".formatted(segment));
    }
}
