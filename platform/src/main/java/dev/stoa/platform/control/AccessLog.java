package dev.stoa.platform.control;

import dev.stoa.api.LogLine;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.observe.LogStore;
import dev.stoa.platform.router.FinishedRequest;
import dev.stoa.platform.router.RequestListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Adds a line to the log of an app for each of its requests. On the router's threads it only puts the request into a queue;
 * what comes faster than it can be written has no line, and the log says how many those were. While the logs cannot be reached,
 * lines wait.
 */
public final class AccessLog implements RequestListener, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(AccessLog.class.getName());

    static final String SOURCE = "router";
    static final int WAITING_MAX = 8192;
    static final int BATCH_MAX = 256;
    private static final Duration WRITE_EVERY = Duration.ofMillis(100);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final int PATH_CHARS_MAX = 1000;

    private final Sink sink;
    private final InstantSource clock;
    private final Duration writeEvery;
    private final BlockingQueue<Entry> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private final Map<String, LongAdder> dropped = new ConcurrentHashMap<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    /** By app; not empty: the sink has not taken it yet. */
    private Map<String, List<LogLine>> batch = Map.of();

    /** Where lines go. */
    @FunctionalInterface
    public interface Sink {
        /**
         * @param apps by app
         * @throws IOException if none of them was taken, and all will be offered again
         */
        void take(Map<String, List<LogLine>> apps) throws IOException;
    }

    public AccessLog(LogStore logs, InstantSource clock) {
        this(into(logs), clock);
    }

    public AccessLog(Sink sink, InstantSource clock) {
        this(sink, clock, WRITE_EVERY);
    }

    AccessLog(Sink sink, InstantSource clock, Duration writeEvery) {
        this.sink = sink;
        this.clock = clock;
        this.writeEvery = writeEvery;
    }

    /** Nobody is served worse because a log cannot be written. */
    static Sink into(LogStore logs) {
        return apps -> apps.forEach((app, lines) -> {
            try {
                logs.appendIfThere(app, lines);
            } catch (UncheckedIOException e) {
                LOG.log(Level.WARNING, "cannot write the requests to the log of an app app=" + app, e);
            }
        });
    }

    private record Entry(FinishedRequest request, Instant at) {}

    @Override
    public void finished(FinishedRequest request) {
        if (request.app().isEmpty() || !request.logged()) {
            return;
        }
        if (!waiting.offer(new Entry(request.cut(PATH_CHARS_MAX), clock.instant()))) {
            dropped.computeIfAbsent(request.app(), _ -> new LongAdder()).increment();
        }
        schedule(writeEvery);
    }

    private void schedule(Duration delay) {
        if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
            ScheduledFuture<?> _ = Threads.after(delay, "access-log", this::write);
        }
    }

    /** Writes what waits. */
    synchronized void write() {
        scheduled.set(false);
        try {
            for (fill(); !batch.isEmpty(); fill()) {
                sink.take(batch);
                batch = Map.of();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "the requests wait for the logs", e);
            schedule(RETRY_AFTER);
        }
    }

    private void fill() {
        if (!batch.isEmpty()) {
            return;
        }
        List<Entry> entries = new ArrayList<>(BATCH_MAX);
        waiting.drainTo(entries, BATCH_MAX);
        Map<String, List<LogLine>> byApp = new TreeMap<>();
        for (Entry entry : entries) {
            add(byApp, entry.request.app(), entry.at, line(entry.request));
        }
        if (entries.size() < BATCH_MAX) {
            dropped.forEach((app, count) -> addLost(byApp, app, count.sumThenReset()));
        }
        batch = byApp;
    }

    private void addLost(Map<String, List<LogLine>> byApp, String app, long count) {
        if (count > 0) {
            String text = "at=warn dropped=%d desc=\"requests without a line: more came than could be written\""
                    .formatted(count);
            add(byApp, app, clock.instant(), text);
        }
    }

    private static void add(Map<String, List<LogLine>> byApp, String app, Instant at, String text) {
        byApp.computeIfAbsent(app, _ -> new ArrayList<>()).add(new LogLine(at, SOURCE, text));
    }

    @Override
    public void close() {
        write();
    }

    /** Without the query, which may hold secrets. */
    static String line(FinishedRequest request) {
        StringBuilder line = new StringBuilder(200);
        boolean failed = !request.error().isEmpty();
        line.append("at=").append(!failed ? "info" : request.status() >= 500 ? "error" : "warn");
        if (failed) {
            line.append(" code=").append(request.error());
        }
        line.append(" method=").append(request.method()).append(" path=\"");
        escape(request.path(), line);
        line.append("\" host=").append(request.host());
        line.append(" request_id=").append(request.requestId());
        line.append(" fwd=\"").append(request.client().getHostAddress()).append('"');
        line.append(" instance=").append(request.instance().isEmpty() ? "-" : request.instance());
        line.append(" connect=").append(request.connect().toMillis()).append("ms");
        line.append(" service=").append(request.duration().toMillis()).append("ms");
        line.append(" status=").append(request.status());
        line.append(" bytes=").append(request.bytesOut());
        return line.append(" protocol=")
                .append(request.secure() ? "https" : "http")
                .toString();
    }

    private static void escape(String path, StringBuilder to) {
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '"' || c == '\\') {
                to.append('\\').append(c);
            } else if (c < ' ' || (c >= 0x7f && c <= 0xff)) {
                to.append("\\x%02x".formatted(c & 0xff));
            } else {
                to.append(c);
            }
        }
    }
}
