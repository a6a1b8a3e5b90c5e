package dev.stoa.platform.observe;

import dev.stoa.platform.base.Threads;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Follows what the running instances write, and stores it in the logs of their apps.
 *
 * <p>The directory of an output file is watched (inotify). Its first event ends the watch; a moment later everything that
 * is there is read in bulk, and the directory is watched again. So an instance that writes a line now and then costs a
 * wake-up for each, one that writes without a pause 50 a second, and one that is silent none.
 *
 * <p>Where to go on after the platform was killed stands in the log itself, beside each line. Safe for use by several
 * threads.
 */
public final class LogCollector implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LogCollector.class.getName());

    /** What comes in this time is read at once. */
    private static final Duration GATHER = Duration.ofMillis(20);

    /** When to try again after the disk was full, or the directory could not be watched. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final LogStore store;
    private final InstantSource clock;
    private final WatchService watcher;
    private final AtomicLong rounds = new AtomicLong();
    private final Map<String, InstanceTail> tails = new HashMap<>();
    private final Map<Path, Directory> directories = new HashMap<>();
    private final Map<WatchKey, Directory> watched = new HashMap<>();
    private boolean closed;

    /** Guarded by the collector. */
    private static final class Directory {
        final Path path;
        final Set<InstanceTail> tails = new HashSet<>();

        @Nullable
        WatchKey key;

        boolean failing;

        Directory(Path path) {
            this.path = path;
        }
    }

    public LogCollector(LogStore store, InstantSource clock) {
        this.store = store;
        this.clock = clock;
        try {
            watcher = Path.of("/").getFileSystem().newWatchService();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot watch files; fs.inotify.max_user_instances may be too small", e);
        }
        Threads.start("log-collector", this::pump);
    }

    /**
     * Collects what the instance writes to {@code output}, from where its log ends. Does nothing if it is attached already.
     *
     * @param source such as {@code web.1}
     */
    public void attach(String app, String source, String instance, Path output) {
        Directory directory;
        synchronized (this) {
            if (closed || tails.containsKey(instance)) {
                return;
            }
            try {
                InstanceTail tail = new InstanceTail(store, clock, app, source, instance, output);
                tails.put(instance, tail);
                directory = directories.computeIfAbsent(tail.directory(), Directory::new);
                directory.tails.add(tail);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot continue the log of %s".formatted(app), e);
            }
        }
        Threads.start("collect", () -> collect(directory));
    }

    /** Reads the rest of what the instance wrote, which must have exited. Does nothing if it is not attached. */
    public void detach(String instance) {
        InstanceTail tail;
        synchronized (this) {
            tail = tails.remove(instance);
            if (tail == null) {
                return;
            }
            Directory directory = directories.get(tail.directory());
            if (directory != null) {
                directory.tails.remove(tail);
                if (directory.tails.isEmpty()) {
                    unwatch(directory);
                    directories.remove(directory.path);
                }
            }
        }
        // An interrupt would end the reading of the file.
        boolean interrupted = Thread.interrupted();
        try {
            tail.drainRest();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the last output is not in the log " + tail + " cause=" + e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The last lines of an output file; none if there is no such file. */
    public static List<String> tail(Path output, int lines) {
        List<String> last = new ArrayList<>();
        try (BackwardLines backward = new BackwardLines(output, Long.MAX_VALUE)) {
            boolean first = true;
            for (byte[] line = backward.next(); line != null && last.size() < lines; line = backward.next()) {
                if (!first || line.length > 0) {
                    String text = new String(line, StandardCharsets.UTF_8);
                    last.add(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
                }
                first = false;
            }
        } catch (FileNotFoundException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + output, e);
        }
        Collections.reverse(last);
        return last;
    }

    /** Stops collecting. What the instances write from now on is for the next platform to read. */
    @Override
    public void close() {
        List<InstanceTail> open;
        synchronized (this) {
            closed = true;
            open = List.copyOf(tails.values());
            tails.clear();
            directories.clear();
            watched.clear();
        }
        open.forEach(InstanceTail::finish);
        try {
            watcher.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot stop watching files", e);
        }
    }

    /** How often directories have been looked at. */
    long rounds() {
        return rounds.get();
    }

    private void pump() {
        try {
            while (true) {
                WatchKey key = watcher.take();
                Directory directory;
                synchronized (this) {
                    directory = watched.get(key);
                    if (directory != null) {
                        unwatch(directory);
                    }
                }
                if (directory != null) {
                    Threads.start("collect", () -> {
                        if (gathered()) {
                            collect(directory);
                        }
                    });
                }
            }
        } catch (ClosedWatchServiceException e) {
            // The end.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean gathered() {
        try {
            Thread.sleep(GATHER);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void collect(Directory directory) {
        // Most is read before the watch begins, for while it lasts each write is an event; the second look is for what
        // was
        // written between the first and the watch.
        boolean fine = drain(directory) && watch(directory) && drain(directory);
        synchronized (this) {
            directory.failing = !fine;
            if (fine || closed || directory.tails.isEmpty()) {
                return;
            }
        }
        ScheduledFuture<?> _ = Threads.after(RETRY, "collect", () -> collect(directory));
    }

    /** Whether all went well. */
    private boolean drain(Directory directory) {
        List<InstanceTail> all;
        boolean failing;
        synchronized (this) {
            all = List.copyOf(directory.tails);
            failing = directory.failing;
        }
        rounds.incrementAndGet();
        boolean fine = true;
        for (InstanceTail tail : all) {
            try {
                tail.drain();
            } catch (IOException e) {
                fine = false;
                if (!failing) {
                    LOG.log(Level.WARNING, "output cannot be stored now " + tail + " cause=" + e);
                }
            }
        }
        return fine;
    }

    private synchronized boolean watch(Directory directory) {
        if (closed || directory.tails.isEmpty() || directory.key != null) {
            return true;
        }
        try {
            WatchKey key = directory.path.register(
                    watcher, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_CREATE);
            directory.key = key;
            watched.put(key, directory);
            return true;
        } catch (ClosedWatchServiceException e) {
            return true;
        } catch (IOException e) {
            if (!directory.failing && Files.isDirectory(directory.path)) {
                LOG.log(
                        Level.WARNING,
                        "cannot watch a directory, looking now and then directory=" + directory.path + " cause=" + e);
            }
            return false;
        }
    }

    private void unwatch(Directory directory) {
        WatchKey key = directory.key;
        if (key != null) {
            watched.remove(key);
            key.cancel();
            directory.key = null;
        }
    }
}
