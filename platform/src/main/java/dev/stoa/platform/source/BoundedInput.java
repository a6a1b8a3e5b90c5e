package dev.stoa.platform.source;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream that gives no more than it is allowed to: a reader that holds all of it in memory cannot be flooded. */
final class BoundedInput extends FilterInputStream {
    private long allowedBytes = Long.MAX_VALUE;

    BoundedInput(InputStream in) {
        super(in);
    }

    void allow(long bytes) {
        allowedBytes = bytes;
    }

    void allowAll() {
        allowedBytes = Long.MAX_VALUE;
    }

    @Override
    public int read() throws IOException {
        spend(1);
        return in.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (allowedBytes <= 0) {
            spend(1);
        }
        int read = in.read(target, offset, (int) Math.min(length, allowedBytes));
        spend(Math.max(0, read));
        return read;
    }

    @Override
    public long skip(long count) throws IOException {
        spend(count);
        return in.skip(count);
    }

    private void spend(long bytes) throws IOException {
        allowedBytes -= bytes;
        if (allowedBytes < 0) {
            throw new IOException("more than its format needs stands between two entries");
        }
    }
}
