package dev.stoa.platform.router;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.ReferenceCountUtil;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A connection to an instance: serves one exchange at a time, and rests in the pool in between. */
final class UpstreamConnection extends ChannelInboundHandlerAdapter implements Origin {
    private final Backend backend;
    private final UpstreamPool pool;
    private final ResponseDecoder decoder = new ResponseDecoder();
    private final RequestEncoder encoder = new RequestEncoder();
    private @Nullable Channel channel;
    private @Nullable Exchange exchange;
    private boolean used;
    private long idleSinceNanos;

    UpstreamConnection(Backend backend, UpstreamPool pool) {
        this.backend = backend;
        this.pool = pool;
    }

    void addTo(Channel channel) {
        this.channel = channel;
        channel.pipeline().addLast(decoder, encoder, this);
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public boolean used() {
        return used;
    }

    long idleSinceNanos() {
        return idleSinceNanos;
    }

    boolean isOpen() {
        return channel().isActive();
    }

    @Override
    public boolean isWritable() {
        return channel().isWritable();
    }

    @Override
    public void begin(Exchange exchange, HttpRequest request) {
        this.exchange = exchange;
        decoder.expectAnswer(request.method().equals(HttpMethod.HEAD));
        write(request);
    }

    /**
     * Back to the pool, ready for the next exchange. Whether it is: an instance that sent more than its answer, such as a body
     * with a 304, could have it taken for the answer to somebody else.
     */
    boolean rest(long nowNanos) {
        exchange = null;
        used = true;
        idleSinceNanos = nowNanos;
        Wire.reading(channel(), true);
        return decoder.rest();
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
    }

    @Override
    public void endOutput() {
        Wire.endOutputAfterWrites(channel());
    }

    @Override
    public void give(long nowNanos) {
        pool.give(this, nowNanos);
    }

    @Override
    public void close() {
        exchange = null;
        Wire.close(channel());
    }

    private Channel channel() {
        return Objects.requireNonNull(channel);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Exchange current = exchange;
        if (current == null) {
            ReferenceCountUtil.release(message);
        } else if (message instanceof HttpResponse response) {
            current.responseHead(response);
        } else if (message instanceof HttpContent content) {
            current.responseBody(content);
        } else {
            current.tunnelToClient(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.flushToClient();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.upstreamWritable(ctx.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        Exchange current = exchange;
        exchange = null;
        if (current == null) {
            pool.remove(this);
        } else {
            current.upstreamClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (((DuplexChannel) ctx.channel()).isOutputShutdown()) {
            // It takes no more, and what it said before that is still to be read; the end comes behind it.
            return;
        }
        Wire.close(ctx.channel());
    }
}
