package dev.stoa.platform.engine.process;

import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Notices when instances end, without looking at them in between. The operating system reports the end of a shim that
 * this process started. Of a shim that an earlier platform started it reports the exit file; that such a shim was killed
 * before it could write one is noticed within 5 seconds, the interval at which the JDK looks.
 */
final class ExitWatch {
    private final Consumer<ProcessInstance> ended;
    private final WatchService files;
    private final Map<Path, ProcessInstance> adopted = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param ended is called by a virtual thread, perhaps twice for one instance */
    ExitWatch(Consumer<ProcessInstance> ended) {
        this.ended = ended;
        try {
            files = FileSystems.getDefault().newWatchService();
        } catch (IOException e) {
            throw new UncheckedIOException("could not watch files for the exits of instances", e);
        }
    }

    void child(ProcessInstance instance, Process shim) {
        Future<?> _ = shim.onExit().thenRun(() -> report(instance));
    }

    void adopted(ProcessInstance instance, ProcessHandle shim) throws IOException {
        Path directory = instance.files().directory();
        if (adopted.isEmpty()) {
            Threads.start("exit-watch", this::follow);
        }
        adopted.put(directory, instance);
        directory.register(files, StandardWatchEventKinds.ENTRY_CREATE);
        Future<?> _ = shim.onExit().thenRun(() -> report(instance));
        if (instance.files().exit().isPresent()) {
            report(instance);
        }
    }

    private void follow() {
        try {
            while (!closed) {
                WatchKey key = files.take();
                key.pollEvents().clear();
                ProcessInstance instance = key.watchable() instanceof Path path ? adopted.get(path) : null;
                if (instance != null && instance.files().exit().isPresent()) {
                    adopted.remove(instance.files().directory());
                    key.cancel();
                    report(instance);
                } else {
                    key.reset();
                }
            }
        } catch (ClosedWatchServiceException e) {
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void report(ProcessInstance instance) {
        if (!closed && instance.running()) {
            Threads.start("exit-" + instance.id(), () -> ended.accept(instance));
        }
    }

    void close() {
        closed = true;
        try {
            files.close();
        } catch (IOException e) {
            throw new UncheckedIOException("could not stop watching files", e);
        }
    }
}
