package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.InstanceStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Watches a command of a build, and ends it when it takes from the machine what the apps that run need. */
final class BuildWatch implements AutoCloseable {
    /** A build that prints more is out of control. */
    static final long OUTPUT_BYTES_MAX = 32L << 20;

    /** What one disk can write in this time has to fit into the room that is kept free. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);

    private final Engine engine;
    private final String instance;
    private final FileStore disk;
    private final AtomicReference<@Nullable StoaException> reason = new AtomicReference<>();
    private final Thread watcher;

    /** @param slug stands on the disk to watch */
    BuildWatch(Engine engine, String instance, Path slug) {
        this.engine = engine;
        this.instance = instance;
        try {
            this.disk = Files.getFileStore(slug);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell how full the disk of " + slug + " is", e);
        }
        this.watcher = Threads.start("watch-" + instance, this::watch);
    }

    private void watch() {
        try {
            while (reason.get() == null) {
                Thread.sleep(LOOK_EVERY);
                look();
            }
        } catch (InterruptedException e) {
            // The command has ended by itself.
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void look() throws IOException {
        Optional<InstanceStatus> status = engine.instance(instance).filter(InstanceStatus::running);
        if (status.isEmpty()) {
            return;
        }
        if (disk.getUsableSpace() < Uploads.FREE_BYTES_MIN) {
            end(new StoaException(
                    ErrorCode.DISK_FULL,
                    "the build was ended, as it left less than %d MB free on the platform's disk"
                            .formatted(Uploads.FREE_BYTES_MIN >> 20),
                    "see what it writes so much of; or free some space there, and deploy again"));
        } else if (Files.size(status.get().output()) > OUTPUT_BYTES_MAX) {
            end(new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the build was ended, as one of its commands printed more than %d MB"
                            .formatted(OUTPUT_BYTES_MAX >> 20),
                    "make it say less; the first of its output stands above"));
        }
    }

    private void end(StoaException why) {
        reason.set(why);
        engine.kill(instance);
    }

    /** Throws the reason, if it has ended the command. */
    void check() {
        StoaException why = reason.get();
        if (why != null) {
            throw why;
        }
    }

    @Override
    public void close() {
        watcher.interrupt();
    }
}
