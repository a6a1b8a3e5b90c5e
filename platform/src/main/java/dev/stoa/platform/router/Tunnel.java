package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What an exchange is after a 101: bytes in both directions. A WebSocket is told when it has to end. */
final class Tunnel {
    /** For both sides of a WebSocket to hang up after they were told to. */
    private static final long GOODBYE_NANOS_MAX = TimeUnit.SECONDS.toNanos(2);

    private final Client client;
    private final Origin origin;
    private final @Nullable WebSocketTunnel socket;
    private boolean leaving;
    private long leavingSinceNanos;

    Tunnel(Client client, Origin origin, String protocol) {
        this.client = client;
        this.origin = origin;
        this.socket = protocol.equalsIgnoreCase("websocket") ? new WebSocketTunnel() : null;
    }

    /** Encoders go first, since a decoder that goes hands on what it still has. */
    void open() {
        origin.dropEncoder();
        client.dropEncoder();
        origin.dropDecoder();
        client.dropDecoder();
        origin.flush();
        client.flush();
    }

    /** Takes the bytes over; says how many went on. */
    int toClient(ByteBuf bytes) {
        if (socket != null && !socket.toClient().pass(bytes)) {
            bytes.release();
            return 0;
        }
        int count = bytes.readableBytes();
        client.write(bytes);
        sayGoodbye();
        return count;
    }

    /** Takes the bytes over. */
    void toInstance(ByteBuf bytes) {
        if (socket != null && !socket.toInstance().pass(bytes)) {
            bytes.release();
        } else {
            origin.write(bytes);
            sayGoodbye();
        }
    }

    /** The instance or the router has to go: a WebSocket is told so, and ends. Anything else is left as it is. */
    void goAway() {
        if (socket != null && !leaving) {
            leaving = true;
            leavingSinceNanos = System.nanoTime();
            sayGoodbye();
        }
    }

    /** The instance has ended; if it did so without a word, the client is told. */
    void instanceEnded() {
        if (socket != null && socket.toClient().lacksClose()) {
            leaving = true;
            client.write(socket.toClient().close());
        }
    }

    /** Whether it was told to end. */
    boolean leaving() {
        return leaving;
    }

    /** Whether it was told to end, and has not. */
    boolean overstays(long nowNanos) {
        return leaving && nowNanos - leavingSinceNanos > GOODBYE_NANOS_MAX;
    }

    /** A frame that is on its way goes out whole first. */
    private void sayGoodbye() {
        if (!leaving || socket == null) {
            return;
        }
        if (socket.toInstance().mayClose()) {
            origin.write(socket.toInstance().close());
            origin.flush();
        }
        if (socket.toClient().mayClose()) {
            client.write(socket.toClient().close());
            client.flush();
        }
    }
}
