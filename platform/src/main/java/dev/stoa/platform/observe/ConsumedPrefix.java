package dev.stoa.platform.observe;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Gives the disk back what a file's beginning takes once it has been read, by punching holes (fallocate(2)). The offsets of
 * the rest stay, and so the writer need not know.
 */
final class ConsumedPrefix {
    static final long STEP_BYTES = 8L << 20;

    private static final System.Logger LOG = System.getLogger(ConsumedPrefix.class.getName());
    private static final int SECONDS_MAX = 30;

    /** Where the tool or the file system cannot do it, once is enough to find out. */
    private static final AtomicBoolean IMPOSSIBLE = new AtomicBoolean();

    private final Path file;
    private long freed;

    ConsumedPrefix(Path file) {
        this.file = file;
    }

    /** Frees what stands before the offset, in whole steps. */
    void free(long offset) {
        long to = offset / STEP_BYTES * STEP_BYTES;
        if (to <= freed || IMPOSSIBLE.get()) {
            return;
        }
        try {
            Process process = new ProcessBuilder(
                            "fallocate",
                            "--punch-hole",
                            "--offset",
                            Long.toString(freed),
                            "--length",
                            Long.toString(to - freed),
                            file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
                giveUp("fallocate failed");
            }
        } catch (IOException e) {
            giveUp(e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        freed = to;
    }

    private void giveUp(String cause) {
        if (!IMPOSSIBLE.getAndSet(true)) {
            LOG.log(Level.WARNING, "output files keep what has been read of them file=" + file + " cause=" + cause);
        }
    }
}
