package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A WebSocket on its way through, and how it ends when its instance or the router has to go: with a close frame of status
 * 1001, "going away", to each side, put between two frames. What comes after that from the other side goes nowhere.
 *
 * <p>To the client a frame has no mask. To the instance it has one of zeros, which leaves the payload as it is.
 */
final class WebSocketTunnel {
    private static final byte[] CLOSE_1001 = {(byte) 0x88, 2, 0x03, (byte) 0xe9};
    private static final byte[] CLOSE_1001_MASKED = {(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, 0x03, (byte) 0xe9};

    private final Direction toClient = new Direction(CLOSE_1001);
    private final Direction toInstance = new Direction(CLOSE_1001_MASKED);

    Direction toClient() {
        return toClient;
    }

    Direction toInstance() {
        return toInstance;
    }

    /** Whether both sides have been told. */
    boolean closed() {
        return toClient.closed && toInstance.closed;
    }

    /** One of the two streams of frames. */
    static final class Direction {
        private final FrameBoundary boundary = new FrameBoundary();
        private final byte[] goodbye;
        private boolean closed;

        private Direction(byte[] goodbye) {
            this.goodbye = goodbye;
        }

        /** Whether the bytes are still wanted. */
        boolean pass(ByteBuf bytes) {
            if (!closed) {
                boundary.pass(bytes);
            }
            return !closed;
        }

        /** Whether the close frame can be written now; asked until it was. */
        boolean mayClose() {
            return !closed && boundary.reached();
        }

        /** Whether no side has said that it is over, and it can be said now. */
        boolean lacksClose() {
            return mayClose() && !boundary.closing();
        }

        /** The last frame. */
        ByteBuf close() {
            closed = true;
            return Unpooled.wrappedBuffer(goodbye);
        }
    }
}
