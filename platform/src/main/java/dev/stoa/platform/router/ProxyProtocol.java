package dev.stoa.platform.router;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;

/**
 * What a proxy before the router says of the client at the beginning of a connection: the PROXY protocol, version 1 or 2. From
 * an address that is a proxy's it must be there; from any other it is never looked for, as anybody could claim anything.
 */
final class ProxyProtocol extends ChannelInboundHandlerAdapter {
    private static final long SECONDS_MAX = 5;

    private final Runnable next;

    private ProxyProtocol(Runnable next) {
        this.next = next;
    }

    /** @param next adds the handlers that read what comes after it */
    @SuppressWarnings("FutureReturnValueIgnored")
    static void addTo(Channel channel, Runnable next) {
        ProxyProtocol handler = new ProxyProtocol(next);
        channel.pipeline().addLast(new HAProxyMessageDecoder(), handler);
        channel.eventLoop()
                .schedule(
                        () -> {
                            if (channel.pipeline().context(handler) != null) {
                                Wire.close(channel);
                            }
                        },
                        SECONDS_MAX,
                        TimeUnit.SECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof HAProxyMessage said)) {
            ctx.fireChannelRead(message);
            return;
        }
        try {
            remember(ctx.channel(), said);
        } catch (UnknownHostException e) {
            Wire.close(ctx.channel());
            return;
        } finally {
            ReferenceCountUtil.release(said);
        }
        next.run();
        ctx.pipeline().remove(this);
    }

    /** A proxy that asks on its own behalf, or does not know for whom, is taken for the client itself. */
    private static void remember(Channel channel, HAProxyMessage said) throws UnknownHostException {
        HAProxyProxiedProtocol protocol = said.proxiedProtocol();
        boolean known = protocol == HAProxyProxiedProtocol.TCP4 || protocol == HAProxyProxiedProtocol.TCP6;
        if (said.command() == HAProxyCommand.PROXY && known) {
            new ClientAddress(
                            new InetSocketAddress(InetAddress.getByName(said.sourceAddress()), said.sourcePort()),
                            new InetSocketAddress(
                                    InetAddress.getByName(said.destinationAddress()), said.destinationPort()))
                    .sayTo(channel);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Wire.close(ctx.channel());
    }
}
