package dev.stoa.platform.router;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The edge: takes every request of the world to an instance, by the name of its host.
 *
 * <p>There are a few event loops, and each has a {@link Lane} of its own: a client's connection belongs to one loop, and
 * its requests go out over connections of the same loop, so that the data path needs no lock and no hand-over. What the
 * loops share is the route table in force and the counts of what is in flight ({@link Backends}). A request is an
 * {@link Exchange} between a {@link ClientConnection} and an {@link UpstreamConnection}; nothing is ever collected in
 * memory beyond what one read brings.
 *
 * <p>All methods may be called from any thread; {@link #drain} and {@link #close} block.
 */
public final class Router implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Router.class.getName());

    private static final int BACKLOG = 4096;
    private static final Duration SHUTDOWN = Duration.ofSeconds(2);

    /** Pages of 8 KB in chunks of 512 KB: a loop that has little to do holds half a megabyte, not four. */
    private static final int PAGE_BYTES = 8192;

    private static final int CHUNK_ORDER = 6;
    private static final int SMALL_CACHED = 256;
    private static final int NORMAL_CACHED = 16;

    private final RouterConfig config;
    private final Transport transport;
    private final Backends backends = new Backends();
    private final EventLoopGroup loops;
    private final PooledByteBufAllocator allocator;
    private final Map<EventLoop, Lane> lanes = new ConcurrentHashMap<>();
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final List<Channel> servers = new CopyOnWriteArrayList<>();

    public Router(RouterConfig config, RequestListener listener) {
        this(config, listener, Transport.best());
    }

    Router(RouterConfig config, RequestListener listener, Transport transport) {
        this.config = config;
        this.transport = transport;
        this.allocator = new PooledByteBufAllocator(
                true, 0, config.eventLoops(), PAGE_BYTES, CHUNK_ORDER, SMALL_CACHED, NORMAL_CACHED, false);
        this.loops = new MultiThreadIoEventLoopGroup(
                config.eventLoops(), Threads.platformFactory("stoa-router-"), transport.io());
        loops.forEach(executor -> {
            EventLoop loop = (EventLoop) executor;
            UpstreamPool pool = new UpstreamPool(loop, transport, allocator, config.connectTimeout());
            lanes.put(loop, new Lane(loop, config, backends, listener, pool));
        });
    }

    /** Begins to listen. A port that another program has is an error that says so. */
    public void start() {
        ServerBootstrap bootstrap = bootstrap(client -> RouteTable.WORLD);
        ChannelFuture bound = (config.host().isEmpty()
                        ? bootstrap.bind(config.port())
                        : bootstrap.bind(config.host(), config.port()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw cannotListen(bound.cause());
        }
        servers.add(bound.channel());
        LOG.log(
                System.Logger.Level.DEBUG,
                "the router listens port={0} transport={1}",
                Integer.toString(port()),
                transport.name());
    }

    /**
     * Listens at one more address, for requests of the instances themselves.
     *
     * @param realm says by a client's address which part of the route table is its own, see {@link RouteTable}
     * @return the port, any free one
     */
    public int startInternal(InetAddress address, Function<InetAddress, String> realm) {
        ChannelFuture bound = bootstrap(realm).bind(address, 0).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw cannotListen(bound.cause());
        }
        servers.add(bound.channel());
        return port(bound.channel());
    }

    private ServerBootstrap bootstrap(Function<InetAddress, String> realm) {
        return new ServerBootstrap()
                .group(loops)
                .channel(transport.server())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        clients.add(channel);
                        Lane lane = Objects.requireNonNull(lanes.get(channel.eventLoop()));
                        ClientProtocol.HTTP_1_1.addTo(channel, lane, realm, false);
                    }
                });
    }

    private StoaException cannotListen(Throwable cause) {
        String where = (config.host().isEmpty() ? "port " : config.host() + " port ") + config.port();
        return new StoaException(
                ErrorCode.PORT_UNAVAILABLE,
                "the router cannot listen on " + where + ": " + cause.getMessage(),
                "`ss -ltnp 'sport = :%d'` shows who has it; --http-port chooses another".formatted(config.port()),
                cause);
    }

    /** The port that it listens on. */
    public int port() {
        return port(servers.getFirst());
    }

    private static int port(Channel server) {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /** Every request that begins after the return goes by this table; those in flight stay where they are. */
    public void update(RouteTable table) {
        backends.update(table);
        lanes.values().forEach(Lane::routesChanged);
    }

    /** Is told with an app's name that it has more to do than before. Called on an event loop: it must never block. */
    public void onDemand(Consumer<String> listener) {
        backends.onDemand(listener);
    }

    /** What an app has to do right now. */
    public AppLoad load(String app) {
        return backends.load(app);
    }

    /** Requests, streams and WebSockets that the address has right now. */
    public int inFlight(InetSocketAddress address) {
        return backends.inFlight(address);
    }

    /**
     * Waits until nothing is in flight to the addresses. Take them out of the route table first.
     *
     * @return false when the time was over first, or the thread was interrupted
     */
    public boolean drain(Set<InetSocketAddress> addresses, Duration timeout) {
        return backends.drain(addresses, timeout);
    }

    /** Memory that it holds for bytes on their way. */
    long bufferBytes() {
        return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
    }

    /** Stops listening, lets the requests in flight finish within the grace of the configuration, and cuts the rest. */
    @Override
    public void close() {
        servers.forEach(server -> server.close().awaitUninterruptibly());
        lanes.values().forEach(Lane::lastRequests);
        lanes.values().forEach(Lane::close);
        clients.newCloseFuture().awaitUninterruptibly(config.closeGrace().toMillis(), TimeUnit.MILLISECONDS);
        clients.close().awaitUninterruptibly(SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS);
        loops.shutdownGracefully(0, SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
