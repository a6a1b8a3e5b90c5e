package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;

/** Finds where the frames of a WebSocket end, in the bytes of one direction (RFC 6455, section 5.2). */
final class FrameBoundary {
    private static final int FIXED_BYTES = 2;
    private static final int MASK_BYTES = 4;
    private static final int LENGTH_MASK = 0x7f;
    private static final int LENGTH_IN_2_BYTES = 126;
    private static final int LENGTH_IN_8_BYTES = 127;

    private static final int KIND_MASK = 0x0f;
    private static final int KIND_CLOSE = 8;

    private boolean closing;
    private int headBytes;
    private int lengthBytes;
    private boolean masked;
    private long length;
    private long payloadLeft;

    /** Takes note of bytes that go by; they stay as they are. */
    void pass(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (payloadLeft > 0) {
                int skipped = (int) Math.min(payloadLeft, end - at);
                payloadLeft -= skipped;
                at += skipped;
            } else {
                head(bytes.getUnsignedByte(at));
                at++;
            }
        }
    }

    private void head(int next) {
        headBytes++;
        if (headBytes == 1) {
            closing |= (next & KIND_MASK) == KIND_CLOSE;
        } else if (headBytes == FIXED_BYTES) {
            masked = next > LENGTH_MASK;
            length = next & LENGTH_MASK;
            lengthBytes = length == LENGTH_IN_2_BYTES ? Short.BYTES : length == LENGTH_IN_8_BYTES ? Long.BYTES : 0;
            length = lengthBytes == 0 ? length : 0;
        } else if (headBytes > FIXED_BYTES && headBytes <= FIXED_BYTES + lengthBytes) {
            length = (length << Byte.SIZE | next) & Long.MAX_VALUE;
        }
        if (headBytes >= FIXED_BYTES && headBytes == FIXED_BYTES + lengthBytes + (masked ? MASK_BYTES : 0)) {
            payloadLeft = length;
            headBytes = 0;
        }
    }

    /** Whether a close frame has begun. */
    boolean closing() {
        return closing;
    }

    /** Whether the next byte, if any, begins a frame. */
    boolean reached() {
        return payloadLeft == 0 && headBytes == 0;
    }
}
