package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** The logs of all apps, in files: they survive the instances that wrote them, and are bounded for each app. */
public final class LogStore {
    static final long SEGMENT_BYTES_MAX = 4 << 20;

    /** So an app's log has at most 64 MiB. */
    static final int SEGMENTS_MAX = 16;

    /** A follower that is so many lines behind misses some. */
    private static final int FOLLOWER_LINES_MAX = 20_000;

    private final Path root;
    private final long segmentBytesMax;
    private final int segmentsMax;
    private final Map<String, AppLog> logs = new ConcurrentHashMap<>();

    public LogStore(Path root) {
        this(root, SEGMENT_BYTES_MAX, SEGMENTS_MAX);
    }

    LogStore(Path root, long segmentBytesMax, int segmentsMax) {
        this.root = root;
        this.segmentBytesMax = segmentBytesMax;
        this.segmentsMax = segmentsMax;
    }

    /** Adds a line that is no instance's output. */
    public void append(String app, LogLine line) {
        append(app, List.of(new LogRecord(line, LogRecord.NO_INSTANCE, 0)));
    }

    /** Adds lines that are no instance's output, unless the app has no log any more. */
    public void appendIfThere(String app, List<LogLine> lines) {
        if (Files.isDirectory(root.resolve(app))) {
            append(
                    app,
                    lines.stream()
                            .map(line -> new LogRecord(line, LogRecord.NO_INSTANCE, 0))
                            .toList());
        }
    }

    void append(String app, List<LogRecord> records) {
        AppLog log = log(app);
        try {
            synchronized (log) {
                log.append(records);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the log of " + app, e);
        }
    }

    /** The last lines that match, oldest first. */
    public List<LogLine> read(String app, LogQuery query) {
        AppLog log = log(app);
        synchronized (log) {
            return read(log, query);
        }
    }

    /**
     * Tells the last lines that match, and then each one that comes, without a gap between them. Goes on until the log is
     * deleted, the thread is interrupted or the receiver throws.
     */
    public void follow(String app, LogQuery query, Consumer<LogLine> receiver) throws InterruptedException {
        AppLog log = log(app);
        BlockingQueue<Optional<LogRecord>> coming = new ArrayBlockingQueue<>(FOLLOWER_LINES_MAX);
        List<LogLine> last;
        synchronized (log) {
            last = read(log, query);
            log.followers.add(coming);
        }
        try {
            last.forEach(receiver);
            for (Optional<LogRecord> next = coming.take(); next.isPresent(); next = coming.take()) {
                LogLine line = next.get().line();
                if (query.matches(line)) {
                    receiver.accept(line);
                }
            }
        } finally {
            log.followers.remove(coming);
        }
    }

    /**
     * What an instance said since a moment, oldest first.
     *
     * @param charsMax of more than so many characters, the last
     */
    public List<LogLine> ofInstance(String app, String instance, Instant since, int charsMax) {
        List<LogLine> lines = new ArrayList<>();
        AtomicLong chars = new AtomicLong();
        AppLog log = log(app);
        try {
            synchronized (log) {
                log.backwards(record -> {
                    if (record.instance().equals(instance)) {
                        lines.add(record.line());
                        chars.addAndGet(record.line().text().length() + 1L);
                    }
                    return chars.get() < charsMax && !record.line().time().isBefore(since);
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the log of " + app, e);
        }
        return lines.reversed();
    }

    public void delete(String app) {
        AppLog log = log(app);
        synchronized (log) {
            logs.remove(app);
            FileTree.delete(root.resolve(app));
            log.end();
        }
    }

    public long sizeBytes(String app) {
        return FileTree.sizeBytes(root.resolve(app));
    }

    /** Up to where the output of an instance is in the store: the offset from which its collection goes on. */
    long collected(String app, String instance) {
        AtomicLong offset = new AtomicLong();
        AppLog log = log(app);
        try {
            synchronized (log) {
                log.backwards(record -> {
                    if (record.instance().equals(instance)) {
                        offset.set(record.endOffset());
                        return false;
                    }
                    return true;
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the log of " + app, e);
        }
        return offset.get();
    }

    private static List<LogLine> read(AppLog log, LogQuery query) {
        List<LogLine> lines = new ArrayList<>();
        try {
            log.backwards(record -> {
                Instant time = record.line().time();
                if (lines.size() == query.lines()
                        || query.since().filter(time::isBefore).isPresent()) {
                    return false;
                }
                if (query.matches(record.line())) {
                    lines.add(record.line());
                }
                return true;
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a log", e);
        }
        return lines.reversed();
    }

    private AppLog log(String app) {
        return logs.computeIfAbsent(app, name -> new AppLog(root.resolve(name), segmentBytesMax, segmentsMax));
    }
}
