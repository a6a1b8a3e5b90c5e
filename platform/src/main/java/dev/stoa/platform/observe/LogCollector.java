package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import dev.stoa.platform.base.FileTail;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Takes what instances write to their output files into the {@link LogStore}.
 *
 * <p>An instance writes to its file whether or not anybody reads; the operating system tells when a file has grown. How far the
 * reading has come stands in the store, with each line, so that a platform that was killed loses and doubles nothing.
 */
public final class LogCollector implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LogCollector.class.getName());

    /** What is in the store needs no room in the output file; it is given back in steps of this. */
    private static final long GIVE_BACK_BYTES = 8 << 20;

    private static final int TAIL_BYTES_MAX = 64 * 1024;

    private final LogStore store;
    private final InstantSource clock;
    private final WatchService watcher;
    private final Map<String, Attachment> attachments = new ConcurrentHashMap<>();
    private final Map<WatchKey, Attachment> byKey = new ConcurrentHashMap<>();

    public LogCollector(LogStore store, InstantSource clock) {
        this.store = store;
        this.clock = clock;
        try {
            this.watcher = java.nio.file.FileSystems.getDefault().newWatchService();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot watch files", e);
        }
        Threads.start("log-collector", this::collect);
    }

    /** One instance's output. Its lock is held by whoever reads. */
    private static final class Attachment {
        final String app;
        final String source;
        final String instance;
        final Path output;
        final WatchKey key;
        final FileTail tail;
        long stored;
        long givenBack;

        Attachment(String app, String source, String instance, Path output, WatchKey key, FileTail tail) {
            this.app = app;
            this.source = source;
            this.instance = instance;
            this.output = output;
            this.key = key;
            this.tail = tail;
            this.stored = tail.offset();
        }
    }

    /**
     * Collects an instance's output from where it is in the store. Attaching twice does nothing.
     *
     * @param source as it stands in the log, such as {@code web.1}
     */
    public void attach(String app, String source, String instance, Path output) {
        Attachment attachment = attachments.computeIfAbsent(instance, id -> {
            try {
                WatchKey key = Objects.requireNonNull(output.getParent())
                        .register(watcher, StandardWatchEventKinds.ENTRY_MODIFY);
                return new Attachment(
                        app, source, id, output, key, new FileTail(output, store.collected(app, instance)));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot watch " + output, e);
            }
        });
        byKey.put(attachment.key, attachment);
        read(attachment, false);
    }

    /** Reads an instance's output to its end, and collects it no longer. */
    public void detach(String instance) {
        Attachment attachment = attachments.remove(instance);
        if (attachment != null) {
            byKey.remove(attachment.key);
            attachment.key.cancel();
            read(attachment, true);
        }
    }

    /** The last lines of an output file. */
    public static List<String> tail(Path output, int lines) {
        try (RandomAccessFile file = new RandomAccessFile(output.toFile(), "r")) {
            long from = Math.max(0, file.length() - TAIL_BYTES_MAX);
            byte[] bytes = new byte[(int) (file.length() - from)];
            file.seek(from);
            file.readFully(bytes);
            List<String> all = new String(bytes, StandardCharsets.UTF_8).lines().toList();
            return all.subList(Math.max(0, all.size() - lines), all.size());
        } catch (IOException e) {
            return List.of();
        }
    }

    @Override
    public void close() {
        try {
            watcher.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot stop watching files", e);
        }
    }

    private void collect() {
        try {
            while (true) {
                WatchKey key = watcher.take();
                key.pollEvents();
                key.reset();
                Attachment attachment = byKey.get(key);
                if (attachment != null) {
                    read(attachment, false);
                }
            }
        } catch (InterruptedException | ClosedWatchServiceException e) {
            LOG.log(Level.DEBUG, "no longer collecting");
        }
    }

    private void read(Attachment attachment, boolean last) {
        synchronized (attachment) {
            try {
                List<FileTail.Line> lines = attachment.tail.read(last);
                while (!lines.isEmpty()) {
                    Instant now = clock.instant();
                    store.append(
                            attachment.app,
                            lines.stream()
                                    .map(line -> new LogRecord(
                                            new LogLine(now, attachment.source, line.text()),
                                            attachment.instance,
                                            line.endOffset()))
                                    .toList());
                    attachment.stored = attachment.tail.offset();
                    lines = attachment.tail.read(last);
                }
                giveBack(attachment);
            } catch (IOException | RuntimeException e) {
                // One thread reads for all. What could not be stored is read again when the file grows.
                attachment.tail.backTo(attachment.stored);
                LOG.log(Level.WARNING, "cannot collect output instance=" + attachment.instance, e);
            }
        }
    }

    /** Punches a hole where the file has been read: offsets stay, the disk is free again. */
    private static void giveBack(Attachment attachment) throws IOException {
        long read = attachment.tail.offset();
        if (read - attachment.givenBack < GIVE_BACK_BYTES || !Files.isExecutable(Path.of("/usr/bin/fallocate"))) {
            return;
        }
        attachment.givenBack = read;
        new ProcessBuilder("/usr/bin/fallocate", "--punch-hole", "--length", "" + read, attachment.output.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
