package dev.stoa.platform.control;

import dev.stoa.api.BackupRequests.Work;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.Threads;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What takes longer than a request may: it goes on whether anybody waits or not. */
final class Works {
    /** How long a request waits for the end. */
    private static final Duration WAIT_MAX = Duration.ofSeconds(20);

    /** What came of it can be asked for so long. */
    private static final Duration REMEMBERED = Duration.ofHours(1);

    private static final System.Logger LOG = System.getLogger(Works.class.getName());

    private final Map<String, Entry> works = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();

    private static final class Entry {
        final CountDownLatch end = new CountDownLatch(1);
        volatile Work work;

        Entry(Work work) {
            this.work = work;
        }
    }

    /** @param task returns what came of it */
    Work start(String what, Supplier<String> task) {
        String id = HexFormat.of().toHexDigits(random.nextLong());
        Entry entry = new Entry(new Work(id, "running", what, Optional.empty(), Optional.empty()));
        works.put(id, entry);
        Threads.start("work-" + what, () -> {
            try {
                entry.work = new Work(id, "done", what, Optional.of(task.get()), Optional.empty());
            } catch (RuntimeException e) {
                StoaException problem = problem(what, e);
                entry.work = new Work(
                        id,
                        "failed",
                        what,
                        Optional.empty(),
                        Optional.of(new Problem(
                                problem.code().code(),
                                problem.code().status(),
                                problem.message(),
                                problem.hint().orElse(""))));
            } finally {
                entry.end.countDown();
                ScheduledFuture<?> _ = Threads.after(REMEMBERED, "work-forget", () -> works.remove(id));
            }
        });
        return await(id);
    }

    private static StoaException problem(String what, RuntimeException e) {
        if (e instanceof StoaException known) {
            return known;
        }
        LOG.log(Level.ERROR, "unexpected failure of " + what, e);
        return DiskFull.causes(e)
                ? DiskFull.problem(e)
                : new StoaException(
                        ErrorCode.INTERNAL,
                        "%s failed unexpectedly: %s".formatted(what, e),
                        "the platform's log has more",
                        e);
    }

    /** Waits for the end, but not for long. */
    Work await(String id) {
        Entry entry = works.get(id);
        if (entry == null) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "nothing of that id goes on, or did lately",
                    "if the platform was started again meanwhile: stoa db list, and stoa db backups NAME");
        }
        try {
            boolean _ = entry.end.await(WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return entry.work;
    }
}
