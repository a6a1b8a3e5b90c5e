package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One stream, whichever side of the router it is on: makes parts of HTTP/1.1 messages into frames, and frames into parts. What
 * came is acknowledged, and so more of it granted, only when the other side of the exchange takes more.
 */
abstract class Http2Message {
    private final Http2Channel connection;
    private @Nullable Http2Stream stream;

    /** Goes out together with what follows it, since then one frame may be the whole message. */
    private @Nullable Http2Headers head;

    private boolean bodyless;
    private boolean sent;
    private boolean received;
    private boolean closed;
    private boolean backlogged;
    private boolean paused;
    private int unacknowledged;

    Http2Message(Http2Channel connection) {
        this.connection = connection;
    }

    final void on(Http2Stream stream) {
        this.stream = stream;
        stream.setProperty(connection.messages(), this);
    }

    // What goes out.

    /** @param bodyless whether nothing but the head may go out, whatever follows it */
    final void sendHead(Http2Headers headers, boolean bodyless) {
        this.head = headers;
        this.bodyless = bodyless;
    }

    final void sendInterim(Http2Headers headers) {
        headers(headers, false);
    }

    final void sendPart(HttpContent part) {
        boolean last = part instanceof LastHttpContent;
        HttpHeaders trailers = last ? ((LastHttpContent) part).trailingHeaders() : EmptyHttpHeaders.INSTANCE;
        boolean trailed = !trailers.isEmpty();
        ByteBuf bytes = part.content();
        if (bodyless || !bytes.isReadable()) {
            part.release();
        } else {
            sendBytes(bytes, last && !trailed);
        }
        if (last && !sent) {
            if (trailed && !bodyless) {
                sendHeldHead();
                headers(Http2Heads.trailers(trailers), true);
            } else {
                sendEnd();
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    final void sendBytes(ByteBuf bytes, boolean last) {
        sendHeldHead();
        if (stream == null || closed || sent) {
            bytes.release();
            return;
        }
        sent = last;
        connection.sending(bytes.readableBytes());
        connection.encoder().writeData(connection.context(), id(), bytes, 0, last, promise(last));
    }

    /** Nothing more goes out. */
    final void sendEnd() {
        if (head != null) {
            Http2Headers whole = head;
            head = null;
            headers(whole, true);
        } else {
            sendBytes(Unpooled.EMPTY_BUFFER, true);
        }
    }

    final void sendHeldHead() {
        if (head != null) {
            Http2Headers held = head;
            head = null;
            headers(held, false);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void headers(Http2Headers headers, boolean last) {
        if (stream == null && !closed) {
            open();
        }
        if (stream == null || closed || sent) {
            return;
        }
        sent = last;
        connection.encoder().writeHeaders(connection.context(), id(), headers, 0, last, promise(last));
    }

    /** Whoever still sends after the end of the answer is told that nobody listens (RFC 9113, 8.1). */
    private ChannelPromise promise(boolean last) {
        ChannelPromise promise = connection.context().newPromise();
        if (last && !received && resetsAfterEnd()) {
            promise.addListener(done -> {
                if (done.isSuccess() && !received) {
                    reset(Http2Error.NO_ERROR);
                }
            });
        }
        return promise;
    }

    /** Called before the first frame of a stream that this side opens. */
    abstract void open();

    abstract boolean resetsAfterEnd();

    final void reset(Http2Error error) {
        head = null;
        sent = true;
        received = true;
        if (stream != null && !closed) {
            connection.reset(stream, error);
        }
    }

    final boolean sent() {
        return sent;
    }

    /** Whether the other side has yet to take some of what was sent. */
    final boolean isOnItsWay() {
        return stream != null
                && !closed
                && connection.encoder().flowController().hasFlowControlled(stream);
    }

    final boolean received() {
        return received;
    }

    final boolean closed() {
        return closed;
    }

    final void wasReceived() {
        received = true;
    }

    final boolean backlogged() {
        return backlogged;
    }

    final void backlogged(boolean backlogged) {
        this.backlogged = backlogged;
        writable(!backlogged);
    }

    /** The backlog became too large, or is small again. */
    abstract void writable(boolean writable);

    // What comes in.

    /** A part of a message; takes a reference of its own to the bytes. */
    static HttpContent part(ByteBuf bytes, boolean last) {
        if (last) {
            return bytes.isReadable() ? new DefaultLastHttpContent(bytes.retain()) : LastHttpContent.EMPTY_LAST_CONTENT;
        }
        return new DefaultHttpContent(bytes.retain());
    }

    /**
     * Bytes came.
     *
     * @return how many of them the sender may replace at once
     */
    final int data(ByteBuf bytes, boolean last) {
        int count = bytes.readableBytes();
        received |= last;
        take(bytes, last);
        connection.touched(this);
        if (!paused || closed || received) {
            return count;
        }
        unacknowledged += count;
        return 0;
    }

    /** Bytes to hand on; those that are kept are retained. */
    abstract void take(ByteBuf bytes, boolean last);

    abstract void trailers(Http2Headers trailers);

    /** Everything that came in one read was handed on. */
    abstract void handedOn();

    final void pause(boolean paused) {
        this.paused = paused;
        if (!paused && unacknowledged > 0 && stream != null) {
            int count = unacknowledged;
            unacknowledged = 0;
            if (!closed) {
                connection.acknowledge(stream, count);
            }
        }
    }

    /** The stream is over, by agreement or not. */
    final void streamClosed() {
        closed = true;
        head = null;
        gone();
    }

    abstract void gone();

    private int id() {
        return Objects.requireNonNull(stream).id();
    }
}
