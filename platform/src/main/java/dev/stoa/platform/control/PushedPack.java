package dev.stoa.platform.control;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** What is pushed, as it comes. Looks at the disk now and then, on which all of it is written. */
final class PushedPack extends FilterInputStream {
    private static final long LOOK_EVERY_BYTES = 16L << 20;

    private final Path disk;
    private final long drainedMax;
    private long total;
    private long nextLook = LOOK_EVERY_BYTES;
    private boolean draining;

    PushedPack(InputStream in, Path disk, long drainedMax) {
        super(in);
        this.disk = disk;
        this.drainedMax = drainedMax;
    }

    @Override
    public int read() throws IOException {
        int read = in.read();
        count(Math.min(1, read));
        return read;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int read = in.read(bytes, offset, length);
        count(read);
        return read;
    }

    private void count(int bytes) throws IOException {
        total += Math.max(0, bytes);
        if (total >= nextLook && !draining) {
            nextLook = total + LOOK_EVERY_BYTES;
            Uploads.requireRoom(disk);
        }
    }

    /** Reads the rest and forgets it: a client listens only when it has sent everything. */
    void drain() throws IOException {
        draining = true;
        byte[] bytes = new byte[64 * 1024];
        while (total < drainedMax && read(bytes, 0, bytes.length) >= 0) {}
    }
}
