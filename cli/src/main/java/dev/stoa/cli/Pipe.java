package dev.stoa.cli;

import dev.stoa.api.StoaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Takes bytes from the thread that packs to the one that sends. At most {@link #CHUNKS_MAX} chunks wait, so a slow
 * network slows the packing. Java's own piped streams look for news once a second, which a deploy would feel.
 */
final class Pipe {
    private static final int CHUNKS_MAX = 16;
    private static final byte[] END = new byte[0];

    private final BlockingQueue<byte[]> chunks = new ArrayBlockingQueue<>(CHUNKS_MAX);
    private volatile @Nullable StoaException failure;
    private volatile boolean readerGone;

    /** Ends the stream with an error: the reader must not take what came so far for the whole. */
    void fail(StoaException cause) {
        failure = cause;
        put(END);
    }

    /** Why the packing failed, if it did. */
    Optional<StoaException> failure() {
        return Optional.ofNullable(failure);
    }

    private void put(byte[] chunk) {
        try {
            if (!readerGone) {
                chunks.put(chunk);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while packing", e);
        }
    }

    /** The archive is whole. Closing the sink does not say so, since an archive that failed is closed too. */
    void end() {
        put(END);
    }

    /** Where the archive goes. */
    OutputStream sink() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (readerGone) {
                    throw new IOException("nobody reads the archive any more");
                }
                if (length > 0) {
                    put(Arrays.copyOfRange(bytes, offset, offset + length));
                }
            }
        };
    }

    /** Where the request's body comes from. */
    InputStream source() {
        return new InputStream() {
            private byte[] chunk = new byte[0];
            private int position;
            private boolean ended;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                if (!ended && position == chunk.length) {
                    chunk = take();
                    position = 0;
                    ended = chunk.length == 0;
                }
                StoaException cause = failure;
                if (ended && cause != null) {
                    throw new IOException("packing failed", cause);
                }
                if (ended) {
                    return -1;
                }
                int count = Math.min(length, chunk.length - position);
                System.arraycopy(chunk, position, target, offset, count);
                position += count;
                return count;
            }

            @Override
            public void close() {
                readerGone = true;
                // Frees a writer that waits for room; its next write finds nobody.
                chunks.clear();
            }
        };
    }

    private byte[] take() throws IOException {
        try {
            return chunks.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while sending", e);
        }
    }
}
