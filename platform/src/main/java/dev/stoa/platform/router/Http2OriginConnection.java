package dev.stoa.platform.router;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/** A connection to an instance that speaks HTTP/2, shared by all the requests of one event loop that it has room for. */
final class Http2OriginConnection extends Http2Channel {
    private final Backend backend;
    private final Http2Origins origins;
    private @Nullable Throwable failure;
    private boolean ready;
    private boolean tunnels;
    private boolean leaving;
    private boolean served;
    private int streams;
    private long idleSinceNanos = System.nanoTime();

    private Http2OriginConnection(Parts parts, Backend backend, Http2Origins origins) {
        super(parts);
        this.backend = backend;
        this.origins = origins;
    }

    static Http2OriginConnection make(Backend backend, Http2Origins origins) {
        return Parts.make(false, (parts, server) -> new Http2OriginConnection(parts, backend, origins));
    }

    Backend backend() {
        return backend;
    }

    /** Why it is of no use; null: it is. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    boolean hasRoom() {
        return ready
                && !leaving
                && failure == null
                && streams < Math.min(STREAMS_MAX, connection().local().maxActiveStreams());
    }

    /** Whether the instance takes WebSockets as streams (RFC 8441, 3). */
    boolean takesTunnels() {
        return tunnels;
    }

    boolean isIdle() {
        return streams == 0;
    }

    long idleSinceNanos() {
        return idleSinceNanos;
    }

    /** Room for one request, which has to be closed or given back. */
    Http2OriginStream stream() {
        streams++;
        Http2OriginStream stream = new Http2OriginStream(this, served);
        served = true;
        return stream;
    }

    void streamOver() {
        streams--;
        idleSinceNanos = System.nanoTime();
        if (streams == 0 && (leaving || !backend.routed())) {
            close();
        }
    }

    /** Gives the message a stream; false: there is none any more. */
    boolean open(Http2OriginStream message) {
        try {
            int id = connection().local().incrementAndGetNextStreamId();
            message.on(connection().local().createStream(id, false));
            return true;
        } catch (Http2Exception e) {
            leaving = true;
            return false;
        }
    }

    void close() {
        leaving = true;
        Wire.closeAfterWrites(context().channel());
    }

    @Override
    void opened() {}

    @Override
    void settings(Http2Settings settings) {
        Boolean asked = settings.connectProtocolEnabled();
        if (asked != null) {
            tunnels = asked;
        }
        if (!ready) {
            ready = true;
            origins.ready(this);
        }
    }

    @Override
    void goAway(int lastStreamId) {
        leaving = true;
        origins.leave(this);
        if (streams == 0) {
            close();
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception error) {
        failed(cause);
        super.onConnectionError(ctx, outbound, cause, error);
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        Http2Stream stream = connection().stream(error.streamId());
        boolean told = !outbound
                && stream != null
                && stream.getProperty(messages()) instanceof Http2OriginStream message
                && message.malformed();
        if (!told) {
            super.onStreamError(ctx, outbound, cause, error);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        failed(new java.nio.channels.ClosedChannelException());
        super.channelInactive(ctx);
    }

    private void failed(Throwable cause) {
        if (failure == null) {
            failure = cause;
            origins.leave(this);
            if (!ready) {
                ready = true;
                origins.ready(this);
            }
        }
    }

    @Override
    void headers(Http2Stream stream, Http2Headers headers, boolean last) {
        if (stream.getProperty(messages()) instanceof Http2OriginStream message) {
            message.headers(headers, last);
        }
    }

    @Override
    void allStreamsOver() {}

    @Override
    void overhead() {}

    @Override
    void windowGrew() {}

    @Override
    void pong(long data) {}
}
