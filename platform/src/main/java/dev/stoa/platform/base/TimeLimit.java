package dev.stoa.platform.base;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;

/** Interrupts the thread that made it when the time is over, unless it is closed before. */
public final class TimeLimit implements AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private final ScheduledFuture<?> timer;
    private boolean closed;
    private boolean over;

    public TimeLimit(Duration longest, String name) {
        timer = Threads.after(longest, name, this::interrupt);
    }

    private synchronized void interrupt() {
        if (!closed) {
            over = true;
            thread.interrupt();
        }
    }

    /** Whether it was this limit that has interrupted the thread. */
    public synchronized boolean over() {
        return over;
    }

    /** From the return on it interrupts no more; an interrupt of its own that nobody has noticed is taken back. */
    @Override
    public synchronized void close() {
        closed = true;
        timer.cancel(false);
        if (over) {
            boolean _ = Thread.interrupted();
        }
    }
}
