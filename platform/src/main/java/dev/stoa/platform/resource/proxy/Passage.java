package dev.stoa.platform.resource.proxy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.lang.System.Logger.Level;

/**
 * Passes on untouched what comes from one side. Both sides belong to one event loop, and one that does not take what there is
 * keeps the other from being read.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class Passage extends ChannelInboundHandlerAdapter {
    private static final System.Logger LOG = System.getLogger(Passage.class.getName());

    private final Channel other;

    Passage(Channel other) {
        this.other = other;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        other.write(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        other.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        other.config().setAutoRead(context.channel().isWritable());
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent && other instanceof DuplexChannel duplex) {
            other.flush();
            duplex.shutdownOutput();
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        // What is on its way to the other side comes before its end.
        other.writeAndFlush(context.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.log(Level.DEBUG, "one side of a session with a database has gone", cause);
        context.close();
    }
}
