package dev.stoa.platform.router;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client's connection that speaks HTTP/2: every request is an exchange of its own, and they know nothing of each other. */
final class Http2ClientConnection extends Http2Channel implements ClientChannel {
    /** Its answer says that the client has seen the first GOAWAY, and every stream from before it has come. */
    private static final long DRAIN_PING = 0x53746f61;

    private final Lane lane;
    private final Function<InetAddress, String> realms;
    private final boolean secure;
    private final FrameBudget budget = new FrameBudget(System.nanoTime());
    private String realm = RouteTable.WORLD;
    private @Nullable Caller caller;
    private boolean listed;
    private boolean draining;
    private boolean lastAnnounced;
    private int exchanges;
    private long idleSinceNanos = System.nanoTime();
    private int slot;

    private Http2ClientConnection(Parts parts, Lane lane, Function<InetAddress, String> realms, boolean secure) {
        super(parts);
        this.lane = lane;
        this.realms = realms;
        this.secure = secure;
    }

    static Http2ClientConnection make(Lane lane, Function<InetAddress, String> realms, boolean secure) {
        return Parts.make(true, (parts, server) -> new Http2ClientConnection(parts, lane, realms, secure));
    }

    Lane lane() {
        return lane;
    }

    Caller caller() {
        Caller known = caller;
        if (known == null) {
            known = Caller.of(context().channel());
            caller = known;
        }
        return known;
    }

    String realm() {
        return realm;
    }

    boolean secure() {
        return secure;
    }

    @Override
    void opened() {
        realm = realms.apply(((InetSocketAddress) context().channel().remoteAddress()).getAddress());
        listed = true;
        settingsAcknowledged();
        lane.add(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        if (listed) {
            listed = false;
            lane.remove(this);
        }
        super.channelInactive(ctx);
    }

    @Override
    void headers(Http2Stream stream, Http2Headers headers, boolean last) {
        Http2Message message = stream.getProperty(messages());
        if (message != null) {
            message.trailers(headers);
            return;
        }
        if (connection().numActiveStreams() > STREAMS_MAX) {
            refuse(stream);
            return;
        }
        Http2ClientStream client = new Http2ClientStream(this);
        client.on(stream);
        exchanges++;
        client.begin(headers, last);
    }

    /** The client may send it again, and nothing else is lost. */
    private void refuse(Http2Stream stream) {
        stream.resetSent();
        resetHarmless(stream.id(), Http2Error.REFUSED_STREAM);
        closeStream(stream, context().newSucceededFuture());
    }

    /**
     * Not one of the resets that cost the connection when they are many: a client that sends all it has before the first SETTINGS or
     * the end of a stream reach it means no harm.
     */
    @SuppressWarnings("FutureReturnValueIgnored")
    private void resetHarmless(int stream, Http2Error error) {
        ChannelHandlerContext ctx = context();
        encoder().frameWriter().writeRstStream(ctx, stream, error.code(), ctx.newPromise());
        flushSoon();
        try {
            overhead();
        } catch (Http2Exception e) {
            onError(ctx, false, e);
        }
    }

    /** They are counted here: Netty would take what a client says on a stream that it refused for an error of the connection. */
    @Override
    void settingsAcknowledged() {
        connection().remote().maxActiveStreams(Integer.MAX_VALUE);
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        Http2Connection.Endpoint<?> client = connection().remote();
        int id = error.streamId();
        if (!outbound && error.error() == Http2Error.STREAM_CLOSED && connection().stream(id) == null) {
            resetHarmless(id, Http2Error.STREAM_CLOSED);
            return;
        }
        if (client.isValidStreamId(id) && !client.mayHaveCreatedStream(id)) {
            // A malformed head has begun its stream all the same: what follows on that stream is not the connection's
            // fault.
            try {
                client.createStream(id, false);
            } catch (Http2Exception e) {
                // There are no more after a GOAWAY, and the client knows that.
            }
        }
        super.onStreamError(ctx, outbound, cause, error);
    }

    void exchangeOver() {
        exchanges--;
        idleSinceNanos = System.nanoTime();
        if (lane.closing()) {
            closing();
        }
    }

    // What a client may not do too often.

    @Override
    void overhead() throws Http2Exception {
        if (budget.overspentByFrame(System.nanoTime(), bytesSent())) {
            throw calmDown();
        }
    }

    @Override
    void windowGrew() throws Http2Exception {
        if (budget.overspentByUpdate(System.nanoTime(), bytesSent())) {
            throw calmDown();
        }
    }

    private static Http2Exception calmDown() {
        return Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too many frames that move nothing");
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    protected void handleServerHeaderDecodeSizeError(ChannelHandlerContext ctx, Http2Stream stream) {
        encoder()
                .writeHeaders(
                        ctx,
                        stream.id(),
                        ReadOnlyHttp2Headers.serverHeaders(
                                false,
                                HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE.codeAsText(),
                                ErrorPage.STOA_ERROR,
                                AsciiString.of(RouterError.HEADERS_TOO_LARGE.code())),
                        0,
                        true,
                        ctx.newPromise());
    }

    @Override
    void settings(Http2Settings settings) {}

    @Override
    void goAway(int lastStreamId) {}

    // The end.

    @Override
    public int slot() {
        return slot;
    }

    @Override
    public void slot(int slot) {
        this.slot = slot;
    }

    @Override
    public void retiring() {
        closing();
    }

    /** Says first that no more streams are welcome, and which is the last only when the client knows that (RFC 9113, 6.8). */
    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    public void closing() {
        if (draining) {
            return;
        }
        draining = true;
        ChannelHandlerContext ctx = context();
        goAway(ctx, Integer.MAX_VALUE, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
        encoder().writePing(ctx, false, DRAIN_PING, ctx.newPromise());
        flushSoon();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    void pong(long data) {
        if (draining && !lastAnnounced && data == DRAIN_PING) {
            lastAnnounced = true;
            ChannelHandlerContext ctx = context();
            int last = connection().remote().lastStreamCreated();
            goAway(ctx, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
            flushSoon();
            if (connection().numActiveStreams() == 0) {
                allStreamsOver();
            }
        }
    }

    @Override
    void allStreamsOver() {
        if (lastAnnounced) {
            Wire.closeAfterWrites(context().channel());
        }
    }

    @Override
    public void tick(long nowNanos) {
        if (exchanges == 0
                && nowNanos - idleSinceNanos
                        > lane.config().times().clientIdle().toNanos()) {
            leave();
            return;
        }
        forEachStream(client -> client.tick(nowNanos));
    }

    @Override
    public void goAway() {
        forEachStream(Http2ClientStream::goAway);
    }

    private void forEachStream(Consumer<Http2ClientStream> each) {
        try {
            connection().forEachActiveStream(stream -> {
                if (stream.getProperty(messages()) instanceof Http2ClientStream client) {
                    each.accept(client);
                }
                return true;
            });
        } catch (Http2Exception e) {
            onError(context(), true, e);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void leave() {
        ChannelHandlerContext ctx = context();
        int last = connection().remote().lastStreamCreated();
        goAway(ctx, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
        Wire.closeAfterWrites(ctx.channel());
    }
}
