package dev.stoa.platform.observe;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a file from its end to its beginning, read in blocks. The first is what stands after the last line end, which
 * is empty in a file whose last line is finished.
 */
final class BackwardLines implements AutoCloseable {
    /** A line longer than this comes in parts, so that a file without line ends does not fill the memory. */
    static final int LINE_BYTES_MAX = 128 * 1024;

    private static final int BLOCK_BYTES = 64 * 1024;

    private final RandomAccessFile file;
    private byte[] window = new byte[0];
    private int windowEnd;
    private long windowStart;
    private boolean done;

    /** @param end where to begin; the file's end if that comes before it */
    BackwardLines(Path file, long end) throws IOException {
        this.file = new RandomAccessFile(file.toFile(), "r");
        windowStart = Math.min(end, this.file.length());
    }

    /** The line before the last one returned, without its end; null at the beginning of the file. */
    byte @Nullable [] next() throws IOException {
        while (!done) {
            for (int i = windowEnd - 1; i >= 0; i--) {
                if (window[i] == '\n') {
                    byte[] line = Arrays.copyOfRange(window, i + 1, windowEnd);
                    windowEnd = i;
                    return line;
                }
            }
            if (windowStart == 0 || windowEnd > LINE_BYTES_MAX) {
                done = windowStart == 0;
                byte[] line = Arrays.copyOf(window, windowEnd);
                windowEnd = 0;
                return line;
            }
            readBlock();
        }
        return null;
    }

    private void readBlock() throws IOException {
        int length = (int) Math.min(BLOCK_BYTES, windowStart);
        byte[] grown = new byte[length + windowEnd];
        windowStart -= length;
        file.seek(windowStart);
        file.readFully(grown, 0, length);
        System.arraycopy(window, 0, grown, length, windowEnd);
        window = grown;
        windowEnd = grown.length;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
