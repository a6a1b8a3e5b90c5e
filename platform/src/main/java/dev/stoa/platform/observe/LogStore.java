package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The logs of all apps, in files below one directory: the last {@value AppLog#SEGMENTS_MAX} segments of 8 MiB of each.
 * What was appended survives the end of the platform, however it ends.
 *
 * <p>Safe for use by several threads; of several processes only one may use a directory.
 */
public final class LogStore implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LogStore.class.getName());

    /** As long as the parts in which an instance's line comes at most. */
    private static final int TEXT_CHARS_MAX = 16 * 1024;

    private final Path root;
    private final long segmentBytesMax;
    private final Map<String, AppLog> logs = new ConcurrentHashMap<>();
    private final AtomicBoolean failing = new AtomicBoolean();

    public LogStore(Path root) {
        this(root, AppLog.SEGMENT_BYTES_MAX);
    }

    LogStore(Path root, long segmentBytesMax) {
        this.root = root;
        this.segmentBytesMax = segmentBytesMax;
    }

    /** Adds a line of the platform's own. If the disk is full it is lost, and the platform's own log says so. */
    public void append(String app, LogLine line) {
        String text = line.text();
        LogLine bounded = text.length() <= TEXT_CHARS_MAX
                ? line
                : new LogLine(line.time(), line.source(), text.substring(0, TEXT_CHARS_MAX - 1) + "…");
        try {
            log(app).append(List.of(LogRecord.of(bounded)));
            failing.set(false);
        } catch (IOException e) {
            if (!failing.getAndSet(true)) {
                LOG.log(Level.WARNING, "lines of logs are lost app=" + app + " cause=" + e);
            }
        }
    }

    /** The last lines that match, oldest first; none for an app that has no log. */
    public List<LogLine> read(String app, LogQuery query) {
        try {
            return log(app).read(query);
        } catch (IOException e) {
            throw failed(app, e);
        }
    }

    /** As the other {@code follow}, until the app's log is deleted or the thread is interrupted. */
    public void follow(String app, LogQuery query, Consumer<LogLine> sink) throws InterruptedException {
        follow(app, query, sink, () -> false);
    }

    /**
     * Hands over the last lines that match and then those that come, none twice and none left out, in this thread. What the
     * sink throws ends it. A sink that is slower than the app writes goes on with the oldest line still kept.
     *
     * @param stopped asked about once a second
     */
    public void follow(String app, LogQuery query, Consumer<LogLine> sink, BooleanSupplier stopped)
            throws InterruptedException {
        try {
            log(app).follow(query, sink, stopped);
        } catch (IOException e) {
            throw failed(app, e);
        }
    }

    /** Deletes the app's log; whoever follows it gets to its end. */
    public void delete(String app) {
        try {
            AppLog log = logs.remove(app);
            if (log != null) {
                log.delete();
            }
            FileTree.delete(directory(app));
        } catch (IOException e) {
            throw failed(app, e);
        }
    }

    /** What the app's log takes on disk. */
    public long sizeBytes(String app) {
        try {
            return Files.isDirectory(directory(app)) ? FileTree.sizeBytes(directory(app)) : 0;
        } catch (IOException e) {
            throw failed(app, e);
        }
    }

    @Override
    public void close() {
        logs.forEach((app, log) -> {
            try {
                log.close();
            } catch (IOException e) {
                throw failed(app, e);
            }
        });
    }

    void append(String app, List<LogRecord> records) throws IOException {
        log(app).append(records);
    }

    /** How far the output of an instance stands in the log; 0 for one that is new. */
    long hold(String app, String instance) throws IOException {
        return log(app).hold(instance);
    }

    void release(String app, String instance) {
        log(app).release(instance);
    }

    private AppLog log(String app) {
        return logs.computeIfAbsent(app, name -> new AppLog(directory(name), segmentBytesMax));
    }

    private Path directory(String app) {
        if (app.isEmpty() || app.startsWith(".") || app.contains("/")) {
            throw new IllegalArgumentException("not the name of an app: " + app);
        }
        return root.resolve(app);
    }

    private static UncheckedIOException failed(String app, IOException cause) {
        return new UncheckedIOException("the log of the app %s cannot be read".formatted(app), cause);
    }
}
