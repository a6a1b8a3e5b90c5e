package dev.stoa.platform.source.git;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitUrl;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Interrupts a fetch that takes more time or room than it may: the git library itself sets no bound to either. */
final class FetchWatch implements AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    private final Path folder;
    private final GitUrl url;
    private final FetchLimits limits;
    private final Thread fetching = Thread.currentThread();
    private final long start = System.nanoTime();
    private final long sizeAtStart;
    private final Thread watcher;
    private volatile @Nullable StoaException verdict;

    /** Watches the thread that calls this. */
    FetchWatch(Path folder, GitUrl url, FetchLimits limits) {
        this.folder = folder;
        this.url = url;
        this.limits = limits;
        this.sizeAtStart = FileTree.sizeBytes(folder);
        judge().ifPresent(already -> {
            throw already;
        });
        this.watcher = Threads.start("fetch-watch", this::watch);
    }

    /** Why the fetch was interrupted, if it was by this. */
    Optional<StoaException> verdict() {
        return Optional.ofNullable(verdict);
    }

    /** Looks once more at the end: a fast server may have sent too much between two looks. */
    void end() {
        judge().ifPresent(found -> {
            throw found;
        });
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(LOOK_EVERY);
                judge().ifPresent(found -> {
                    verdict = found;
                    fetching.interrupt();
                });
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<StoaException> judge() {
        if (Duration.ofNanos(System.nanoTime() - start).compareTo(limits.timeMax()) > 0) {
            return Optional.of(new StoaException(
                    ErrorCode.GIT_FETCH_FAILED,
                    "%s was not fetched within %d s"
                            .formatted(url, limits.timeMax().toSeconds()),
                    "try again later; a branch is fetched without its history, a short commit with all of it"));
        }
        if (FileTree.sizeBytes(folder) - sizeAtStart > limits.bytesMax()) {
            return Optional.of(
                    new StoaException(
                            ErrorCode.TOO_LARGE,
                            "%s has more than %d MB".formatted(url, limits.bytesMax() >> 20),
                            "keep large files out of the repository; a branch is fetched without its history, a short commit with all of it"));
        }
        try {
            if (Files.getFileStore(folder).getUsableSpace() < limits.freeBytesMin()) {
                return Optional.of(new StoaException(
                        ErrorCode.DISK_FULL,
                        "the disk of the data directory has less than %d MB free"
                                .formatted(limits.freeBytesMin() >> 20),
                        "free some room, or destroy apps that are not needed, and deploy again"));
            }
        } catch (IOException e) {
            // Whoever writes there will say so.
        }
        return Optional.empty();
    }

    /** The thread that was watched is not interrupted any more, unless somebody else wants its end. */
    @Override
    public void close() {
        watcher.interrupt();
        boolean interrupted = Thread.interrupted();
        try {
            watcher.join();
        } catch (InterruptedException e) {
            interrupted = true;
        }
        interrupted |= Thread.interrupted();
        if (interrupted && verdict == null) {
            Thread.currentThread().interrupt();
        }
    }
}
