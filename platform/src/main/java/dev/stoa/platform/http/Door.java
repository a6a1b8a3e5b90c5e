package dev.stoa.platform.http;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The port at which the API is asked. It passes bytes on to the {@link ApiServer}, and belongs to the process rather than to
 * that server: while there is none, because one platform follows another, connections wait, and its socket can be
 * handed to the next process.
 */
@SuppressWarnings("FutureReturnValueIgnored")
public final class Door implements AutoCloseable {
    private static final int BACKLOG = 512;
    private static final long SHUTDOWN_MILLIS = 500;

    private static final long LAST_ANSWERS_MILLIS_MAX = 10_000;

    /**
     * Accepts, away from the loop that serves: an event that is under way for a connection that has just been closed would
     * meet the next one, which has the number of its descriptor.
     */
    private final EventLoopGroup accepting;

    private final EventLoopGroup serving;
    private final Channel listening;

    /** Who has come in, or asked something, and has not heard a byte since; touched by the serving loop alone. */
    private final Set<Channel> unanswered = new HashSet<>();

    private @Nullable Runnable whenAllAreAnswered;
    private volatile int target;

    private Door(EventLoopGroup accepting, EventLoopGroup serving, Channel listening) {
        this.accepting = accepting;
        this.serving = serving;
        this.listening = listening;
    }

    /**
     * Listens, and lets nobody in yet.
     *
     * @param inherited the descriptor of a socket that listens already, in place of host and port
     * @throws StoaException if the port is taken
     */
    public static Door listen(String host, int port, OptionalInt inherited) {
        boolean epoll = Epoll.isAvailable();
        EventLoopGroup accepting = loop("stoa-door-accept-", epoll);
        EventLoopGroup serving = loop("stoa-door-", epoll);
        ChannelFactory<ServerChannel> factory = inherited.isPresent()
                ? () -> new EpollServerSocketChannel(inherited.getAsInt())
                : epoll ? EpollServerSocketChannel::new : NioServerSocketChannel::new;
        Threshold threshold = new Threshold(serving, epoll ? EpollSocketChannel.class : NioSocketChannel.class);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(accepting, serving)
                .channelFactory(factory)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(threshold);
        ChannelFuture bound =
                (inherited.isPresent() ? bootstrap.register() : bootstrap.bind(host, port)).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            end(accepting);
            end(serving);
            throw new StoaException(
                    ErrorCode.PORT_UNAVAILABLE,
                    "the API cannot listen on %s:%d: %s"
                            .formatted(host, port, bound.cause().getMessage()),
                    "choose another port: stoa up --api-port 7171",
                    bound.cause());
        }
        Door door = new Door(accepting, serving, bound.channel());
        threshold.door = door;
        return door;
    }

    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** The descriptor of its socket, for another process; empty where that is not possible. */
    public OptionalInt socket() {
        return listening instanceof UnixChannel unix ? OptionalInt.of(unix.fd().intValue()) : OptionalInt.empty();
    }

    /** Lets in who waits and who comes, to the server on this port of the loopback address. */
    public void open(int server) {
        target = server;
        listening.config().setAutoRead(true);
    }

    /** Lets nobody in any more; who comes waits. Who has asked something gets an answer before the server may go. */
    public void shut() {
        CompletableFuture<Void> answered = new CompletableFuture<>();
        // Said by another thread, it would let one more in: the accept that is under way.
        accepting
                .submit(() -> {
                    listening.config().setAutoRead(false);
                })
                .awaitUninterruptibly();
        serving.submit(() -> {
            whenAllAreAnswered = () -> answered.complete(null);
            settle();
        });
        answered.completeOnTimeout(null, LAST_ANSWERS_MILLIS_MAX, TimeUnit.MILLISECONDS)
                .join();
    }

    private void settle() {
        if (whenAllAreAnswered != null && unanswered.isEmpty()) {
            whenAllAreAnswered.run();
            whenAllAreAnswered = null;
        }
    }

    private void asks(Channel outside) {
        unanswered.add(outside);
    }

    private void isAnswered(Channel outside) {
        if (unanswered.remove(outside)) {
            settle();
        }
    }

    @Override
    public void close() {
        listening.close().awaitUninterruptibly();
        end(accepting).awaitUninterruptibly();
        end(serving).awaitUninterruptibly();
    }

    private static EventLoopGroup loop(String name, boolean epoll) {
        return new MultiThreadIoEventLoopGroup(
                1, Threads.platformFactory(name), epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    private static Future<?> end(EventLoopGroup loop) {
        return loop.shutdownGracefully(0, SHUTDOWN_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Makes a connection to the server for each that comes in. */
    private static final class Threshold extends ChannelInitializer<Channel> {
        private final EventLoopGroup serving;
        private final Class<? extends SocketChannel> client;
        private volatile @Nullable Door door;

        Threshold(EventLoopGroup serving, Class<? extends SocketChannel> client) {
            this.serving = serving;
            this.client = client;
        }

        @Override
        protected void initChannel(Channel outside) {
            Door known = door;
            if (known == null) {
                outside.close();
                return;
            }
            known.asks(outside);
            outside.closeFuture().addListener(closed -> known.isAnswered(outside));
            new Bootstrap()
                    .group(serving)
                    .channel(client)
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel inside) {
                            inside.pipeline().addLast(new Passing(outside, () -> known.isAnswered(outside)));
                            outside.pipeline().addLast(new Passing(inside, () -> known.asks(outside)));
                        }
                    })
                    .connect(InetAddress.getLoopbackAddress(), known.target)
                    .addListener((ChannelFuture connected) -> {
                        if (connected.isSuccess()) {
                            connected.channel().read();
                            outside.read();
                        } else {
                            outside.close();
                        }
                    });
        }
    }

    /** Passes on what one side says, no faster than the other side takes it. */
    private static final class Passing extends ChannelInboundHandlerAdapter {
        private final Channel to;
        private final Runnable passes;

        Passing(Channel to, Runnable passes) {
            this.to = to;
            this.passes = passes;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            passes.run();
            to.writeAndFlush(bytes).addListener(written -> {
                if (written.isSuccess()) {
                    ctx.channel().read();
                } else {
                    ctx.close();
                }
            });
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
