package dev.stoa.platform.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the lines that others append to a file. It does not wait: {@link #read} gives what is new.
 *
 * <p>Not safe for use by several threads.
 */
public final class FileTail {
    /** A line longer than this comes in parts. */
    static final int LINE_BYTES_MAX = 16 * 1024;

    private static final int READ_BYTES_MAX = 256 * 1024;

    private final Path file;
    private long offset;

    public FileTail(Path file, long offset) {
        this.file = file;
        this.offset = offset;
    }

    /** The bytes consumed: everything before it has been returned as lines. */
    public long offset() {
        return offset;
    }

    /** Reads again from an earlier offset. */
    public void backTo(long earlier) {
        offset = earlier;
    }

    /**
     * The next complete lines, without their ends; empty when there is nothing new. Call again until it is.
     *
     * @param last whether the writer is gone, so that a rest without a line end counts as a line
     */
    public List<Line> read(boolean last) throws IOException {
        byte[] bytes;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer buffer =
                    ByteBuffer.allocate((int) Math.min(READ_BYTES_MAX, Math.max(0, channel.size() - offset)));
            while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {}
            bytes = java.util.Arrays.copyOf(buffer.array(), buffer.position());
        } catch (NoSuchFileException e) {
            return List.of();
        }
        List<Line> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            boolean end = bytes[i] == '\n';
            if (end || i - start + 1 == LINE_BYTES_MAX) {
                lines.add(line(bytes, start, end ? i : i + 1, i + 1));
                start = i + 1;
            }
        }
        if (last && start < bytes.length && bytes.length < READ_BYTES_MAX) {
            lines.add(line(bytes, start, bytes.length, bytes.length));
            start = bytes.length;
        }
        offset += start;
        return lines;
    }

    private Line line(byte[] bytes, int from, int to, int next) {
        int end = to > from && bytes[to - 1] == '\r' ? to - 1 : to;
        return new Line(new String(bytes, from, end - from, StandardCharsets.UTF_8), offset + next);
    }

    /** @param endOffset the file's offset after the line and its end */
    public record Line(String text, long endOffset) {}
}
