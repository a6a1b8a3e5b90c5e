package dev.stoa.platform.router;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundInvoker;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;

/** The last step of every write. Its futures are not looked at: a write that fails closes the channel, and that is seen. */
@SuppressWarnings("FutureReturnValueIgnored")
final class Wire {
    private Wire() {}

    static void write(ChannelOutboundInvoker to, Object message) {
        to.write(message, to.voidPromise());
    }

    /** Whether more is read of what has come; costs nothing where that is so already. */
    static void reading(Channel channel, boolean reads) {
        if (channel.config().isAutoRead() != reads) {
            channel.config().setAutoRead(reads);
        }
    }

    static void close(Channel channel) {
        channel.close();
    }

    /** Writes past the handlers that come later in the pipeline, and closes when that has gone out. */
    static void closeAfter(ChannelHandlerContext ctx, Object message) {
        ctx.writeAndFlush(message).addListener(ChannelFutureListener.CLOSE);
    }

    /** Closes when everything that is written has gone out. */
    static void closeAfterWrites(Channel channel) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /** Says that no more comes when everything that is written has gone out, and reads on. */
    static void endOutputAfterWrites(Channel channel) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (tls == null) {
                ((DuplexChannel) channel).shutdownOutput();
            } else {
                // Without its own last word the client would take the answer for cut off.
                tls.closeOutbound().addListener(told -> ((DuplexChannel) channel).shutdownOutput());
            }
        });
    }
}
