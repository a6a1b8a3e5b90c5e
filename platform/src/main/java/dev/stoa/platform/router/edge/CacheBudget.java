package dev.stoa.platform.router.edge;

import java.util.concurrent.atomic.AtomicLong;

/** The memory that the caches of all apps may have together. */
public final class CacheBudget {
    /** Half of what the platform may have outside of its heap. */
    public static final long BYTES_MAX = 128_000_000;

    private final long bytesMax;
    private final AtomicLong used = new AtomicLong();

    public CacheBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    boolean take(long bytes) {
        if (used.addAndGet(bytes) <= bytesMax) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    void give(long bytes) {
        used.addAndGet(-bytes);
    }

    public long usedBytes() {
        return used.get();
    }
}
