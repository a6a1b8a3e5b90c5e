package dev.stoa.platform.bucket;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** What a client sends; one that asked to be told when to send it was told by the first read. */
final class Body extends FilterInputStream {
    private boolean begun;

    Body(InputStream in) {
        super(in);
    }

    /** Whether the client has been told to send it. */
    boolean begun() {
        return begun;
    }

    /** Who has had enough leaves the rest to be read by whoever answers. */
    @Override
    public void close() {}

    @Override
    public int read() throws IOException {
        begun = true;
        return super.read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        begun = true;
        return super.read(bytes, offset, length);
    }
}
