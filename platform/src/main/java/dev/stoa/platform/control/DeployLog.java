package dev.stoa.platform.control;

import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What each deploy says: kept in a file, and told to everybody who follows. */
final class DeployLog {
    private static final Progress ENDED = new Progress(0);

    private final Path directory;
    private final Map<String, Progress> open = new ConcurrentHashMap<>();

    DeployLog(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + directory, e);
        }
    }

    /** How far the file of a deploy that goes on has come. */
    private static final class Progress {
        final ReentrantLock lock = new ReentrantLock();
        final Condition grown = lock.newCondition();
        long lines;
        boolean ended;

        Progress(long lines) {
            this.lines = lines;
        }

        /** Waits for more than {@code told} lines, and returns how many there are; {@code told} again at the end. */
        long awaitMore(long told) throws InterruptedException {
            lock.lock();
            try {
                while (lines == told && !ended) {
                    grown.await();
                }
                return lines;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Adds an event; after an {@link DeployEvent.End} there are no more. */
    void append(String deploy, DeployEvent event) {
        Progress progress = open.computeIfAbsent(deploy, id -> new Progress(linesOf(file(id))));
        progress.lock.lock();
        try {
            Files.writeString(
                    file(deploy), Json.write(event) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            progress.lines++;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the log of deploy " + deploy, e);
        } finally {
            if (event instanceof DeployEvent.End) {
                progress.ended = true;
                open.remove(deploy);
            }
            progress.grown.signalAll();
            progress.lock.unlock();
        }
    }

    /** Tells all events of a deploy from the first on, and waits for more until its end. */
    void follow(String deploy, Consumer<DeployEvent> sink) throws InterruptedException {
        Progress progress = open.getOrDefault(deploy, ENDED);
        try (BufferedReader reader = Files.newBufferedReader(file(deploy))) {
            long told = 0;
            while (true) {
                long there = progress == ENDED ? Long.MAX_VALUE : progress.awaitMore(told);
                if (there == told) {
                    return;
                }
                for (; told < there; told++) {
                    String line = reader.readLine();
                    if (line == null) {
                        return;
                    }
                    DeployEvent event = Json.read(line, DeployEvent.class);
                    sink.accept(event);
                    if (event instanceof DeployEvent.End) {
                        return;
                    }
                }
            }
        } catch (NoSuchFileException e) {
            throw new StoaException(ErrorCode.NOT_FOUND, "the log of deploy %s is gone".formatted(deploy), "", e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the log of deploy " + deploy, e);
        }
    }

    void delete(List<String> deploys) {
        for (String deploy : deploys) {
            try {
                Files.deleteIfExists(file(deploy));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot delete the log of deploy " + deploy, e);
            }
        }
    }

    private static long linesOf(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private Path file(String deploy) {
        return directory.resolve(deploy + ".ndjson");
    }
}
