package dev.stoa.platform.router;

import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.OptionalInt;

/** How bytes get on the wire: by Linux's epoll where its library loads, else by Java's own selectors. */
record Transport(
        String name,
        IoHandlerFactory io,
        Class<? extends ServerChannel> server,
        Class<? extends SocketChannel> client) {

    /** Whether a listening socket can go from one process to another. */
    boolean canHandOver() {
        return server == EpollServerSocketChannel.class;
    }

    /** Makes the channels that listen: new ones, or one of a socket that is open already. */
    ChannelFactory<ServerChannel> listening(OptionalInt descriptor) {
        if (descriptor.isPresent()) {
            return () -> new EpollServerSocketChannel(descriptor.getAsInt());
        }
        return server == EpollServerSocketChannel.class ? EpollServerSocketChannel::new : NioServerSocketChannel::new;
    }

    static Transport best() {
        return Epoll.isAvailable() ? epoll() : nio();
    }

    static Transport nio() {
        return new Transport("nio", NioIoHandler.newFactory(), NioServerSocketChannel.class, NioSocketChannel.class);
    }

    private static Transport epoll() {
        return new Transport(
                "epoll", EpollIoHandler.newFactory(), EpollServerSocketChannel.class, EpollSocketChannel.class);
    }
}
