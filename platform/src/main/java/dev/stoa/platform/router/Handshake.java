package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslClientHelloHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a TLS connection: reads which host and protocol the client wants, finds the certificate, shakes hands,
 * and adds the handlers of the protocol that both agreed on. One that takes too long is closed.
 */
final class Handshake extends SslClientHelloHandler<SslContext> {
    /** For a certificate to be there: made, or read from the store, by a machine that may be busy. */
    private static final long LOOKUP_MILLIS_MAX = TimeUnit.SECONDS.toMillis(60);

    /** As the largest client hello with post-quantum keys, and some. */
    private static final int HELLO_BYTES_MAX = 16 * 1024;

    private static final int ALERT = 21;
    private static final int FATAL = 2;
    private static final int UNRECOGNIZED_NAME = 112;

    private static final String PLAIN_HTTP = """
            HTTP/1.1 400 Bad Request\r
            content-type: text/plain; charset=utf-8\r
            connection: close\r
            content-length: 55\r
            \r
            This port speaks HTTPS. The address begins: https://...
            """.stripTrailing();

    private final TlsContexts contexts;
    private final Backends backends;
    private final Lane lane;
    private final long millisMax;
    private final Outcome outcome = new Outcome();
    private @Nullable SslHandler tls;
    private boolean turnedAway;

    Handshake(TlsContexts contexts, Backends backends, Lane lane, long millisMax) {
        super(HELLO_BYTES_MAX);
        this.contexts = contexts;
        this.backends = backends;
        this.lane = lane;
        this.millisMax = millisMax;
    }

    void addTo(Channel channel) {
        outcome.within(channel, millisMax);
        channel.pipeline().addLast(this, outcome);
    }

    /** Whether the channel is one whose handshake is still going on. */
    static boolean isOpen(Channel channel) {
        return channel.pipeline().get(Outcome.class) != null;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (turnedAway) {
            in.skipBytes(in.readableBytes());
        } else if (Character.isUpperCase(in.getUnsignedByte(in.readerIndex()))) {
            // The first letter of a method; no record of TLS begins like that.
            turnedAway = true;
            in.skipBytes(in.readableBytes());
            Wire.closeAfter(ctx, Unpooled.copiedBuffer(PLAIN_HTTP, StandardCharsets.US_ASCII));
        } else {
            super.decode(ctx, in, out);
        }
    }

    @Override
    protected Future<SslContext> lookup(ChannelHandlerContext ctx, @Nullable ByteBuf message) {
        ClientHello hello = message == null ? ClientHello.NONE : ClientHello.parse(message);
        String host = HostName.parse(hello.host()).orElse(IdentitySource.NO_HOST);
        if (hello.protocols().contains(TlsContexts.ACME)) {
            return contexts.proof(host)
                    .map(proof -> ctx.executor().newSucceededFuture(proof))
                    .orElseGet(() -> ctx.executor().newFailedFuture(new NoCertificate()));
        }
        boolean known = backends.knows(host);
        if (!known && !host.isEmpty() && !contexts.source().greets(host)) {
            return ctx.executor().newFailedFuture(new NoCertificate());
        }
        // What this side takes is not the client's time.
        outcome.within(ctx.channel(), LOOKUP_MILLIS_MAX);
        return on(ctx, contexts.of(known ? host : IdentitySource.NO_HOST));
    }

    private static Future<SslContext> on(ChannelHandlerContext ctx, CompletableFuture<Optional<SslContext>> coming) {
        Promise<SslContext> promise = ctx.executor().newPromise();
        var _ = coming.whenComplete((context, failure) -> {
            if (context != null && context.isPresent()) {
                promise.trySuccess(context.get());
            } else {
                promise.tryFailure(new NoCertificate());
            }
        });
        return promise;
    }

    @Override
    protected void onLookupComplete(ChannelHandlerContext ctx, Future<SslContext> found) {
        if (!found.isSuccess()) {
            turnedAway = true;
            Wire.closeAfter(ctx, alert(ctx));
            return;
        }
        outcome.within(ctx.channel(), millisMax);
        SslHandler handler = found.getNow().newHandler(ctx.alloc());
        // Outcome counts the time.
        handler.setHandshakeTimeoutMillis(0);
        tls = handler;
        ctx.pipeline().replace(this, null, handler);
    }

    /** RFC 6066, 3: the server does not know the name. */
    private static ByteBuf alert(ChannelHandlerContext ctx) {
        return ctx.alloc()
                .buffer()
                .writeByte(ALERT)
                .writeShort(0x0303)
                .writeShort(2)
                .writeByte(FATAL)
                .writeByte(UNRECOGNIZED_NAME);
    }

    /** Waits behind the handshake for its end. */
    private final class Outcome extends ChannelInboundHandlerAdapter {
        private @Nullable ScheduledFuture<?> limit;

        /** Counts anew from here on. */
        void within(Channel channel, long millisMax) {
            stopCounting();
            limit = channel.eventLoop().schedule(() -> Wire.close(channel), millisMax, TimeUnit.MILLISECONDS);
        }

        private void stopCounting() {
            if (limit != null) {
                limit.cancel(false);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent completion)) {
                ctx.fireUserEventTriggered(event);
                return;
            }
            if (!completion.isSuccess()) {
                Wire.close(ctx.channel());
                return;
            }
            String protocol = Optional.ofNullable(Objects.requireNonNull(tls).applicationProtocol())
                    .orElse("");
            if (protocol.equals(TlsContexts.ACME)) {
                // Whoever looked has seen the certificate.
                Wire.close(ctx.channel());
                return;
            }
            stopCounting();
            ctx.pipeline().remove(this);
            ClientProtocol.ofAlpn(protocol).addTo(ctx.channel(), lane, client -> RouteTable.WORLD, true);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            stopCounting();
            ctx.fireChannelInactive();
        }

        /** Whatever breaks a handshake costs the connection, and is no news. */
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            Wire.close(ctx.channel());
        }
    }

    /** No stack: a client chooses when it happens. */
    private static final class NoCertificate extends Exception {
        private static final long serialVersionUID = 1L;

        NoCertificate() {
            super("no certificate", null, false, false);
        }
    }
}
