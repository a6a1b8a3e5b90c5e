package dev.stoa.platform.base;

import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** The one place that makes threads: virtual ones, and a single timer that only hands over to them. */
public final class Threads {
    private static final System.Logger LOG = System.getLogger(Threads.class.getName());

    private static final ScheduledExecutorService TIMER = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("stoa-timer").daemon().factory());

    private Threads() {}

    /** Starts a virtual thread; what it throws is logged. */
    public static Thread start(String name, Runnable task) {
        return Thread.ofVirtual().name(name).start(() -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                LOG.log(System.Logger.Level.ERROR, "a thread ended with an error thread=" + name, e);
            }
        });
    }

    /** Starts a platform thread, for what blocks in the operating system: a virtual one would hold its carrier. */
    public static Thread startBlocking(String name, Runnable task) {
        return Thread.ofPlatform().name(name).daemon().start(() -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                LOG.log(System.Logger.Level.ERROR, "a thread ended with an error thread=" + name, e);
            }
        });
    }

    /** Runs all tasks side by side, each in a virtual thread, and returns when the last has ended. */
    public static void together(String name, Collection<? extends Runnable> tasks) {
        tasks.stream().map(task -> start(name, task)).toList().forEach(thread -> {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** A platform thread that is yet to be started, for {@link Runtime#addShutdownHook}. */
    public static Thread unstarted(String name, Runnable task) {
        return Thread.ofPlatform().name(name).unstarted(task);
    }

    /** Makes virtual threads named {@code prefix} and a number. */
    public static ThreadFactory factory(String prefix) {
        return Thread.ofVirtual().name(prefix, 0).factory();
    }

    /** Runs the task once, after the delay, in a virtual thread of its own. */
    public static ScheduledFuture<?> after(Duration delay, String name, Runnable task) {
        return TIMER.schedule(() -> start(name, task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Makes platform threads for event loops, named {@code prefix} and a number. */
    public static ThreadFactory platformFactory(String prefix) {
        return Thread.ofPlatform().name(prefix, 0).daemon().factory();
    }

    /** The same of a kind of their own, for a library whose own threads do more than others. */
    public static ThreadFactory platformFactory(String prefix, Function<Runnable, Thread> kind) {
        AtomicInteger made = new AtomicInteger();
        return task -> {
            Thread thread = kind.apply(task);
            thread.setName(prefix + made.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }
}
