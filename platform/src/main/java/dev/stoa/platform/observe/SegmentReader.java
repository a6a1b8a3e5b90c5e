package dev.stoa.platform.observe;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** Reads the finished lines of a segment, from an offset on. */
final class SegmentReader implements AutoCloseable {
    private static final int BLOCK_BYTES = 256 * 1024;

    private final RandomAccessFile file;
    private long offset;

    SegmentReader(Path file, long offset) throws IOException {
        this.file = new RandomAccessFile(file.toFile(), "r");
        this.offset = offset;
    }

    /** Gets the bytes of a line, without its end; they are good during the call only. */
    interface LineSink {
        void accept(byte[] bytes, int from, int to);
    }

    /** After the last line that was handed over. */
    long offset() {
        return offset;
    }

    /** Hands over the lines that end before {@code end}. */
    void read(long end, LineSink sink) throws IOException {
        long limit = Math.min(end, file.length());
        byte[] block = new byte[BLOCK_BYTES];
        while (offset < limit) {
            int length = (int) Math.min(block.length, limit - offset);
            file.seek(offset);
            file.readFully(block, 0, length);
            int next = handOver(block, length, sink);
            if (next == 0) {
                // No line is as long as a block, except one that is not finished.
                return;
            }
            offset += next;
        }
    }

    private static int handOver(byte[] bytes, int length, LineSink sink) {
        int start = 0;
        for (int i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                sink.accept(bytes, start, i);
                start = i + 1;
            }
        }
        return start;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
