package dev.stoa.platform.base;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends along with a request. The rest of one that was refused is read and thrown away: a client that still
 * sends when its connection is closed never sees why.
 */
public final class RequestBody extends InputStream {
    private static final System.Logger LOG = System.getLogger(RequestBody.class.getName());

    /** A client that sends for longer, or says nothing for so long, is cut off. */
    private static final Duration DISCARD_MAX = Duration.ofSeconds(20);

    private static final int DISCARD_BYTES = 64 << 10;

    /** So much is taken from a client that asks, too: some lose the answer that comes before they have sent anything. */
    private static final long TAKEN_UNASKED_BYTES = 1 << 20;

    private final Supplier<InputStream> body;
    private final boolean awaited;
    private final Duration discardMax;
    private @Nullable InputStream open;

    /**
     * @param body   tells the client to send it when it is asked for
     * @param asks   whether the client sends nothing before it is told to ({@code Expect: 100-continue})
     * @param length as it was announced
     */
    public RequestBody(Supplier<InputStream> body, boolean asks, OptionalLong length) {
        this(body, asks && length.orElse(Long.MAX_VALUE) > TAKEN_UNASKED_BYTES, DISCARD_MAX);
    }

    RequestBody(Supplier<InputStream> body, boolean awaited, Duration discardMax) {
        this.body = body;
        this.awaited = awaited;
        this.discardMax = discardMax;
        this.open = awaited ? null : body.get();
    }

    /** Who has had enough leaves the rest to be read by whoever answers. */
    @Override
    public void close() {}

    @Override
    public int read() throws IOException {
        return open().read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        return open().read(bytes, offset, length);
    }

    private InputStream open() {
        InputStream stream = open;
        if (stream == null) {
            stream = body.get();
            open = stream;
        }
        return stream;
    }

    /** Reads what the client still sends, after it was answered and before its connection is closed. */
    public void discard() {
        if (awaited && open == null) {
            return;
        }
        long until = System.nanoTime() + discardMax.toNanos();
        Future<?> cut = Threads.after(discardMax, "cut-off", Thread.currentThread()::interrupt);
        byte[] bytes = new byte[DISCARD_BYTES];
        try {
            while (System.nanoTime() < until && read(bytes) >= 0) {
                // Nobody wants it.
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "a client went away", e);
        } finally {
            cut.cancel(false);
        }
    }
}
