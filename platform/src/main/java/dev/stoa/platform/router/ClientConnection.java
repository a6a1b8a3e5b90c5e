package dev.stoa.platform.router;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A connection of a client: one exchange after the other, each begun when the one before is over. */
final class ClientConnection extends ChannelInboundHandlerAdapter implements Client, ClientChannel {
    private static final System.Logger LOG = System.getLogger(ClientConnection.class.getName());

    /** How long a client may take to see that its connection is about to close, while it still sends. */
    private static final long LINGER_NANOS_MAX = TimeUnit.SECONDS.toNanos(5);

    private static final AsciiString VIA = AsciiString.cached("1.1 stoa");

    private final Lane lane;
    private final RequestDecoder decoder = new RequestDecoder(this::speakHttp2);
    private final ResponseEncoder encoder = new ResponseEncoder();
    private final Function<InetAddress, String> realms;
    private final boolean secure;
    private String realm = RouteTable.WORLD;
    private @Nullable Channel channel;
    private @Nullable Caller caller;
    private @Nullable Exchange exchange;
    private long idleSinceNanos;
    private boolean requestOpen;
    private boolean lingering;
    private boolean open;
    private int slot;

    ClientConnection(Lane lane, Function<InetAddress, String> realms, boolean secure) {
        this.lane = lane;
        this.realms = realms;
        this.secure = secure;
    }

    void addTo(Channel channel) {
        this.channel = channel;
        channel.pipeline().addLast(decoder, encoder, this);
    }

    @Override
    public Caller caller() {
        Caller known = caller;
        if (known == null) {
            known = Caller.of(channel());
            caller = known;
        }
        return known;
    }

    @Override
    public String realm() {
        return realm;
    }

    @Override
    public AsciiString via() {
        return VIA;
    }

    @Override
    public boolean nothingButTunnel() {
        return false;
    }

    @Override
    public boolean secure() {
        return secure;
    }

    @Override
    public int slot() {
        return slot;
    }

    @Override
    public void slot(int slot) {
        this.slot = slot;
    }

    @Override
    public void write(Object message) {
        Wire.write(channel(), message);
    }

    @Override
    public void flush() {
        channel().flush();
    }

    @Override
    public void pauseReading(boolean paused) {
        Wire.reading(channel(), !paused);
    }

    @Override
    public void dropEncoder() {
        channel().pipeline().remove(encoder);
    }

    @Override
    public void dropDecoder() {
        channel().pipeline().remove(decoder);
        pauseReading(false);
    }

    @Override
    public void exchangeOver(boolean keepAlive) {
        exchange = null;
        idleSinceNanos = System.nanoTime();
        // Who was promised that the connection stays may use it once more: the next answer says that it is the last.
        if (!keepAlive || lane.hangingUp()) {
            closeGently();
            return;
        }
        flush();
        if (!requestOpen) {
            decoder.next(channel().pipeline().context(decoder));
        } else {
            pauseReading(false);
        }
    }

    @Override
    public void abort() {
        exchange = null;
        channel().flush();
        Wire.close(channel());
    }

    @Override
    public void tunnelOver() {
        exchange = null;
        idleSinceNanos = System.nanoTime();
        lingering = true;
        pauseReading(false);
        Wire.endOutputAfterWrites(channel());
    }

    @Override
    public void goAway() {
        if (exchange != null) {
            exchange.goAway();
        }
    }

    @Override
    public void closing() {
        if (exchange == null && !lingering) {
            closeGently();
        }
    }

    @Override
    public void tick(long nowNanos) {
        if (exchange != null) {
            exchange.tick(nowNanos);
            return;
        }
        long nanosMax = lingering
                ? LINGER_NANOS_MAX
                : lane.config().times().clientIdle().toNanos();
        if (nowNanos - idleSinceNanos > nanosMax) {
            Wire.close(channel());
        }
    }

    /** Closing a socket that still receives resets it, and the client may lose the answer. So read on for a while. */
    private void closeGently() {
        if (requestOpen) {
            lingering = true;
            pauseReading(false);
            Wire.endOutputAfterWrites(channel());
        } else {
            Wire.closeAfterWrites(channel());
        }
    }

    private Channel channel() {
        return Objects.requireNonNull(channel);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            open();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        open();
        ctx.fireChannelActive();
    }

    /** Nothing was answered yet: the connection is another's from here on, with all that came. */
    private void speakHttp2() {
        leaveLane();
        Channel on = channel();
        on.pipeline().remove(this);
        on.pipeline().remove(encoder);
        ClientProtocol.HTTP_2.addTo(on, lane, realms, secure);
        on.pipeline().remove(decoder);
    }

    private void leaveLane() {
        if (open) {
            open = false;
            lane.remove(this);
        }
    }

    private void open() {
        if (open) {
            return;
        }
        idleSinceNanos = System.nanoTime();
        realm = realms.apply(((InetSocketAddress) channel().remoteAddress()).getAddress());
        lane.add(this);
        open = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest request) {
            begin(request);
        } else if (message instanceof HttpContent content) {
            body(content);
        } else if (exchange != null) {
            exchange.tunnelToUpstream(message);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(HttpRequest request) {
        requestOpen = true;
        encoder.expectAnswer(request.method().equals(HttpMethod.HEAD));
        if (lingering || !channel().isActive()) {
            ReferenceCountUtil.release(request);
            return;
        }
        Exchange next = new Exchange(lane, this, request);
        exchange = next;
        next.begin();
    }

    private void body(HttpContent content) {
        boolean last =
                content instanceof LastHttpContent && content.decoderResult().isSuccess();
        requestOpen &= !last;
        if (exchange != null) {
            exchange.requestBody(content);
            return;
        }
        content.release();
        if (last && lingering) {
            Wire.closeAfterWrites(channel());
        } else if (last) {
            decoder.next(channel().pipeline().context(decoder));
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.flushToUpstream();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.clientWritable(ctx.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        leaveLane();
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            current.clientGone();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // What is wrong with a client's TLS comes wrapped by the decoder of its records.
        if (!(cause instanceof IOException) && !(cause.getCause() instanceof SSLException)) {
            LOG.log(System.Logger.Level.WARNING, "a connection broke on an error of the router's own", cause);
        }
        Wire.close(ctx.channel());
    }
}
