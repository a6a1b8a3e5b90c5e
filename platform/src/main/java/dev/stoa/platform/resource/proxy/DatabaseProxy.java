package dev.stoa.platform.resource.proxy;

import dev.stoa.platform.base.Threads;
import dev.stoa.platform.certificate.CertificateChain;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the doors of all databases share: a few event loops and a certificate. A client and the session that it has belong to
 * one loop. A database that sleeps costs its listening sockets.
 */
public final class DatabaseProxy implements AutoCloseable {
    private static final int LOOPS_MAX = 4;
    private static final int BACKLOG = 1024;
    private static final int CONNECT_MILLIS_MAX = 5_000;
    private static final Duration SHUTDOWN = Duration.ofSeconds(2);

    /** The kernel has room for 107 bytes. */
    private static final int SOCKET_PATH_CHARS_MAX = 100;

    private static final WriteBufferWaterMark WAITING_BYTES = new WriteBufferWaterMark(64 * 1024, 256 * 1024);

    /** Pages of 8 KB in chunks of 512 KB, as the router has them. */
    private static final int PAGE_BYTES = 8192;

    private static final int CHUNK_ORDER = 6;
    private static final int SMALL_CACHED = 256;
    private static final int NORMAL_CACHED = 16;

    private final DatabaseTls tls;
    private @Nullable EventLoopGroup loops;
    private @Nullable PooledByteBufAllocator allocator;

    /** @param certificate for the names by which databases are reached; asked for when a client wants TLS */
    public DatabaseProxy(Supplier<CertificateChain> certificate) {
        this.tls = new DatabaseTls(certificate);
    }

    /** Made with the first door: a platform without databases has none of it. */
    private synchronized EventLoopGroup loops() {
        EventLoopGroup present = loops;
        if (present == null) {
            int count = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, LOOPS_MAX);
            present = new MultiThreadIoEventLoopGroup(
                    count,
                    Threads.platformFactory("stoa-databases-"),
                    Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
            loops = present;
            allocator = new PooledByteBufAllocator(
                    true, 0, count, PAGE_BYTES, CHUNK_ORDER, SMALL_CACHED, NORMAL_CACHED, false);
        }
        return present;
    }

    /** The loop of one database. */
    EventLoop loop() {
        return loops().next();
    }

    ServerBootstrap listening(EventLoop loop, ChannelHandler client) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop, loop)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WAITING_BYTES)
                .childHandler(client);
        allocator().ifPresent(own -> bootstrap.childOption(ChannelOption.ALLOCATOR, own));
        return Epoll.isAvailable()
                ? bootstrap.channel(EpollServerSocketChannel.class)
                : bootstrap.channel(NioServerSocketChannel.class);
    }

    /** For a connection to a server, in the loop of its client. */
    Bootstrap towards(Behind.Place place, EventLoop loop, ChannelHandler server) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS_MAX)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WAITING_BYTES)
                .handler(server);
        allocator().ifPresent(own -> bootstrap.option(ChannelOption.ALLOCATOR, own));
        Optional<Path> socket = place.socket()
                .filter(path -> Epoll.isAvailable() && path.toString().length() <= SOCKET_PATH_CHARS_MAX);
        if (socket.isPresent()) {
            return bootstrap
                    .remoteAddress(new DomainSocketAddress(socket.get().toFile()))
                    .channel(EpollDomainSocketChannel.class);
        }
        bootstrap.option(ChannelOption.TCP_NODELAY, true).remoteAddress(InetAddress.getLoopbackAddress(), place.port());
        Class<? extends Channel> kind = Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;
        return bootstrap.channel(kind);
    }

    private synchronized Optional<PooledByteBufAllocator> allocator() {
        return Optional.ofNullable(allocator);
    }

    DatabaseTls tls() {
        return tls;
    }

    @Override
    public synchronized void close() {
        EventLoopGroup present = loops;
        if (present != null) {
            boolean _ = present.shutdownGracefully(0, SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS)
                    .awaitUninterruptibly(SHUTDOWN.toMillis());
        }
    }
}
