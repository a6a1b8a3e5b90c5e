package dev.stoa.platform.router;

import java.util.concurrent.TimeUnit;

/**
 * How many frames that move nothing a client may send. A client that means well sends a few settings, pings and priorities, and
 * a window update for every few kilobytes that it gets; each costs an answer or at least a look, and nobody else pays for those
 * of an attacker.
 */
final class FrameBudget {
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);
    static final int FRAMES_MAX = 2000;

    /** Some programs acknowledge every small frame by itself, and twice, for the stream and the connection. */
    private static final int BYTES_PER_UPDATE = 32;

    private long windowStartNanos;
    private long bytesSentBefore;
    private int frames;
    private int updates;

    FrameBudget(long nowNanos) {
        windowStartNanos = nowNanos;
    }

    /** Whether one more frame is too many. */
    boolean overspentByFrame(long nowNanos, long bytesSent) {
        turn(nowNanos, bytesSent);
        return ++frames > FRAMES_MAX;
    }

    /** Whether one more window update is too many, for what was sent. */
    boolean overspentByUpdate(long nowNanos, long bytesSent) {
        turn(nowNanos, bytesSent);
        return ++updates > FRAMES_MAX + (bytesSent - bytesSentBefore) / BYTES_PER_UPDATE;
    }

    private void turn(long nowNanos, long bytesSent) {
        if (nowNanos - windowStartNanos > WINDOW_NANOS) {
            windowStartNanos = nowNanos;
            bytesSentBefore = bytesSent;
            frames = 0;
            updates = 0;
        }
    }
}
