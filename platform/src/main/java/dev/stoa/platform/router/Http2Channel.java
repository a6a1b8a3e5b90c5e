package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A connection that speaks HTTP/2, to a client or to an instance. Netty's codec keeps the state of the streams and counts the
 * windows; there is no channel of its own for each stream, which would cost more than all the rest.
 *
 * <p>What is written goes out when the event loop has seen to all its sockets: answers of several instances to one client
 * share a packet.
 */
abstract class Http2Channel extends Http2ConnectionHandler {
    private static final System.Logger LOG = System.getLogger(Http2Channel.class.getName());

    /** The least that the RFC recommends is 100. */
    static final int STREAMS_MAX = 128;

    /** The default of the protocol; what a stream can make the router hold. */
    static final int STREAM_WINDOW_BYTES = 65_535;

    /** Stalled streams, however many, never stop another. */
    private static final int WINDOW_BYTES = STREAMS_MAX * STREAM_WINDOW_BYTES;

    /** A browser that leaves a page resets dozens of streams, once. */
    private static final int RESETS_MAX = 200;

    private static final int RESETS_SECONDS = 10;

    private final Http2Connection.PropertyKey messages;
    private final List<Http2Message> touched = new ArrayList<>();
    private final Runnable flushing = this::flushNow;
    private @Nullable ChannelHandlerContext context;
    private boolean opened;
    private boolean flushAwaited;
    private long bytesSent;

    Http2Channel(Parts parts) {
        super(parts.decoder(), parts.encoder(), parts.settings(), true);
        this.messages = parts.messages();
        decoder().frameListener(new Listener());
        connection().addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamClosed(Http2Stream stream) {
                Http2Message message = stream.getProperty(messages);
                if (message != null) {
                    message.streamClosed();
                }
            }

            @Override
            public void onStreamRemoved(Http2Stream stream) {
                if (connection().numActiveStreams() == 0 && context != null) {
                    allStreamsOver();
                }
            }
        });
    }

    /** What Netty's codec is made of. */
    record Parts(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Http2Connection.PropertyKey messages) {

        static <T extends Http2Channel> T make(boolean server, BiFunction<Parts, Boolean, T> make) {
            DefaultHttp2Connection connection = new DefaultHttp2Connection(server);
            Http2Connection.PropertyKey messages = connection.newKey();
            connection
                    .remote()
                    .flowController(
                            new DefaultHttp2RemoteFlowController(connection, new Http2Backlog(connection, messages)));
            return new Builder<>(connection, messages, server, make).build();
        }
    }

    private static final class Builder<T extends Http2Channel>
            extends AbstractHttp2ConnectionHandlerBuilder<T, Builder<T>> {
        private final Http2Connection.PropertyKey messages;
        private final boolean server;
        private final BiFunction<Parts, Boolean, T> make;

        Builder(
                Http2Connection connection,
                Http2Connection.PropertyKey messages,
                boolean server,
                BiFunction<Parts, Boolean, T> make) {
            this.messages = messages;
            this.server = server;
            this.make = make;
            connection(connection);
            Http2Settings settings = new Http2Settings()
                    .maxHeaderListSize(RequestDecoder.HEADERS_BYTES_MAX)
                    .initialWindowSize(STREAM_WINDOW_BYTES);
            if (server) {
                settings.maxConcurrentStreams(STREAMS_MAX).connectProtocolEnabled(true);
            } else {
                settings.pushEnabled(false);
            }
            initialSettings(settings);
            validateRequiredPseudoHeaders(true);
            decoderEnforceMaxRstFramesPerWindow(server ? RESETS_MAX : 0, RESETS_SECONDS);
            encoderEnforceMaxRstFramesPerWindow(server ? RESETS_MAX : 0, RESETS_SECONDS);
        }

        @Override
        protected T build(Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            return make.apply(new Parts(decoder, encoder, settings, messages), server);
        }

        @Override
        protected T build() {
            return super.build();
        }
    }

    final Http2Connection.PropertyKey messages() {
        return messages;
    }

    final ChannelHandlerContext context() {
        return Objects.requireNonNull(context);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
        openOnce(ctx);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        super.channelActive(ctx);
        openOnce(ctx);
    }

    private void openOnce(ChannelHandlerContext ctx) throws Http2Exception {
        if (opened || !ctx.channel().isActive()) {
            return;
        }
        opened = true;
        decoder()
                .flowController()
                .incrementWindowSize(connection().connectionStream(), WINDOW_BYTES - STREAM_WINDOW_BYTES);
        opened();
        flushSoon();
    }

    abstract void opened();

    /** No stream is active any more. */
    abstract void allStreamsOver();

    /** A frame came that carries no message. */
    abstract void overhead() throws Http2Exception;

    abstract void windowGrew() throws Http2Exception;

    abstract void headers(Http2Stream stream, Http2Headers headers, boolean last);

    abstract void settings(Http2Settings settings);

    void settingsAcknowledged() {}

    abstract void pong(long data);

    abstract void goAway(int lastStreamId);

    // Writing.

    final void sending(int bytes) {
        bytesSent += bytes;
    }

    final long bytesSent() {
        return bytesSent;
    }

    final void flushSoon() {
        if (!flushAwaited) {
            flushAwaited = true;
            context().channel().eventLoop().execute(flushing);
        }
    }

    private void flushNow() {
        flushAwaited = false;
        flush(context());
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    final void reset(Http2Stream stream, Http2Error error) {
        resetStream(context(), stream.id(), error.code(), context().newPromise());
        flushSoon();
    }

    final void acknowledge(Http2Stream stream, int bytes) {
        try {
            if (decoder().flowController().consumeBytes(stream, bytes)) {
                flushSoon();
            }
        } catch (Http2Exception e) {
            onError(context(), true, e);
        }
    }

    // Reading.

    final void touched(Http2Message message) {
        touched.add(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        for (int i = 0; i < touched.size(); i++) {
            touched.get(i).handedOn();
        }
        touched.clear();
        super.channelReadComplete(ctx);
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception error) {
        if (error == null && !(cause instanceof java.io.IOException)) {
            LOG.log(System.Logger.Level.WARNING, "a connection broke on an error of the router's own", cause);
        }
        super.onConnectionError(ctx, outbound, cause, error);
        // The peer was told why; what it goes on to send is not worth waiting for.
        Wire.closeAfterWrites(ctx.channel());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Wire.close(ctx.channel());
    }

    private final class Listener extends Http2FrameAdapter {
        @Override
        public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean last) {
            Http2Message message = message(id);
            return padding + (message == null ? data.readableBytes() : message.data(data, last));
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int id,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean last) {
            onHeadersRead(ctx, id, headers, padding, last);
        }

        @Override
        public void onHeadersRead(ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean last) {
            headers(connection().stream(id), headers, last);
        }

        private @Nullable Http2Message message(int id) {
            Http2Stream stream = connection().stream(id);
            return stream == null ? null : stream.getProperty(messages);
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) throws Http2Exception {
            overhead();
            settings(settings);
        }

        @Override
        public void onPriorityRead(ChannelHandlerContext ctx, int id, int on, short weight, boolean exclusive)
                throws Http2Exception {
            overhead();
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
            overhead();
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
            overhead();
            pong(data);
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext ctx) throws Http2Exception {
            overhead();
            settingsAcknowledged();
        }

        @Override
        public void onUnknownFrame(ChannelHandlerContext ctx, byte type, int id, Http2Flags flags, ByteBuf payload) {
            try {
                overhead();
            } catch (Http2Exception e) {
                onError(ctx, false, e);
            }
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext ctx, int id, int bytes) throws Http2Exception {
            windowGrew();
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int lastStreamId, long error, ByteBuf debug)
                throws Http2Exception {
            overhead();
            goAway(lastStreamId);
        }
    }
}
