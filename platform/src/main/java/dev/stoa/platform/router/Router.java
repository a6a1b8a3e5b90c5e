package dev.stoa.platform.router;

import dev.stoa.api.AddressRange;
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
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

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

    /** How long what is in flight to an instance may go on after the instance has left the route table. */
    public static final Duration DRAIN_TIME = Duration.ofSeconds(30);

    /** How long it takes at most to tell a WebSocket after that time that it is over, and to see it end. */
    public static final Duration GOODBYE_MAX = Duration.ofSeconds(4);

    /** The names of its listening sockets, where they are handed from one process to another. */
    private static final String HTTP = "http";

    private static final String HTTPS = "https";

    private static final String INTERNAL = "internal";

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
    private final Edges edges = new Edges();
    private final EventLoopGroup loops;
    private final PooledByteBufAllocator allocator;
    private final Map<EventLoop, Lane> lanes = new ConcurrentHashMap<>();
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Map<String, Channel> servers = new ConcurrentHashMap<>();
    private final Map<String, Integer> inherited = new ConcurrentHashMap<>();
    private volatile List<AddressRange> proxies = List.of();
    private final Https https = new Https();
    private volatile @Nullable TlsContexts contexts;
    private volatile boolean waiting;
    private volatile Function<InetAddress, String> internalRealm = client -> RouteTable.WORLD;

    public Router(RouterConfig config, RequestListener listener) {
        this(config, listener, Transport.best());
    }

    Router(RouterConfig config, RequestListener listener, Transport transport) {
        this.config = config;
        this.transport = transport;
        this.allocator = new PooledByteBufAllocator(
                true, 0, config.eventLoops(), PAGE_BYTES, CHUNK_ORDER, SMALL_CACHED, NORMAL_CACHED, false);
        // Netty reuses its objects, such as buffers and entries of its queues, on threads of its own kind alone.
        this.loops = new MultiThreadIoEventLoopGroup(
                config.eventLoops(),
                Threads.platformFactory("stoa-router-", FastThreadLocalThread::new),
                transport.io());
        backends.onRoom(app -> lanes.values().forEach(lane -> lane.room(app)));
        loops.forEach(executor -> {
            EventLoop loop = (EventLoop) executor;
            UpstreamPool pool =
                    new UpstreamPool(loop, transport, allocator, config.times().connect());
            lanes.put(loop, new Lane(loop, config, backends, edges, https, listener, pool));
        });
    }

    /**
     * Takes over sockets on which another process listens, by the names that {@link #sockets} gave them there. To be said
     * before {@link #start}; from then on connections wait for {@link #accept}.
     */
    public void inherit(Map<String, Integer> descriptors) {
        inherited.putAll(descriptors);
        waiting = true;
    }

    /** From these addresses connections begin with the PROXY protocol. To be said before {@link #start}. */
    public void behindProxies(List<AddressRange> addresses) {
        proxies = List.copyOf(addresses);
    }

    /** Begins to listen. A port that another program has is an error that says so. */
    public void start() {
        listen(
                HTTP,
                outside(plain(client -> RouteTable.WORLD)),
                bootstrap -> bind(bootstrap, config.port()),
                cause -> cannotListen(config.port(), "--http-port", cause));
        https.plainPort(port());
        LOG.log(
                System.Logger.Level.DEBUG,
                "the router listens port={0} transport={1}",
                Integer.toString(port()),
                transport.name());
    }

    /**
     * Begins to listen for HTTPS, on the same address; once, whoever asks again only changes the source.
     *
     * @param port 0: any free one
     */
    public synchronized void startSecure(int port, IdentitySource source) {
        TlsContexts present = contexts;
        if (present != null) {
            present.source(source);
            return;
        }
        TlsContexts made = new TlsContexts(source);
        contexts = made;
        if (inherited.containsKey(HTTPS)) {
            made.warm();
        }
        listen(
                HTTPS,
                outside((channel, lane) -> new Handshake(
                                made, backends, lane, config.times().handshake().toMillis())
                        .addTo(channel)),
                bootstrap -> bind(bootstrap, port),
                cause -> cannotListen(port, "--https-port", cause));
        https.port(port(Objects.requireNonNull(servers.get(HTTPS))));
    }

    /** By which port clients reach the one for HTTPS; 0: the router finds out by how they come. */
    public void publicSecurePort(int port) {
        https.publicPort(port);
    }

    /** The port that it listens on for HTTPS; 0: it does not. */
    public int securePort() {
        return https.port();
    }

    /** From the next handshake on, clients that ask for these hosts see what the source then says. Nobody is cut off. */
    public void identityChanged(Predicate<String> hosts) {
        secure(contexts -> contexts.forget(hosts));
    }

    /** Answers with the text at {@code /.well-known/acme-challenge/TOKEN} of every host, until {@link #withdrawProof}. */
    public void answerProof(String token, String text) {
        https.answer(token, text);
    }

    /** Shows the certificate to those who ask for the host by the protocol acme-tls/1, until {@link #withdrawProof}. */
    public void showProof(String host, ServerIdentity proof) {
        secure(contexts -> contexts.show(host, proof));
    }

    public void withdrawProof(String token, String host) {
        https.withdraw(token);
        secure(contexts -> contexts.withdraw(host));
    }

    private void secure(Consumer<TlsContexts> action) {
        TlsContexts present = contexts;
        if (present != null) {
            action.accept(present);
        }
    }

    /**
     * Listens at one more address, for requests of the instances themselves; once, whoever asks again gets the same port.
     *
     * @param realm says by a client's address which part of the route table is its own, see {@link RouteTable}
     * @return the port, any free one
     */
    public int startInternal(InetAddress address, Function<InetAddress, String> realm) {
        internalRealm = realm;
        if (!servers.containsKey(INTERNAL)) {
            listen(
                    INTERNAL,
                    plain(client -> internalRealm.apply(client)),
                    bootstrap -> bootstrap.bind(address, 0),
                    cause -> cannotListen(0, "--http-port", cause));
        }
        return port(Objects.requireNonNull(servers.get(INTERNAL)));
    }

    private static BiConsumer<Channel, Lane> plain(Function<InetAddress, String> realm) {
        return (channel, lane) -> ClientProtocol.HTTP_1_1.addTo(channel, lane, realm, false);
    }

    private ChannelFuture bind(ServerBootstrap bootstrap, int port) {
        return config.host().isEmpty() ? bootstrap.bind(port) : bootstrap.bind(config.host(), port);
    }

    /** @param handlers adds those of a new client */
    private void listen(
            String name,
            BiConsumer<Channel, Lane> handlers,
            Function<ServerBootstrap, ChannelFuture> bind,
            Function<Throwable, StoaException> failure) {
        Integer descriptor = inherited.remove(name);
        ServerBootstrap bootstrap =
                bootstrap(handlers, descriptor == null ? OptionalInt.empty() : OptionalInt.of(descriptor));
        if (waiting) {
            bootstrap.option(ChannelOption.AUTO_READ, false);
        }
        ChannelFuture listening =
                (descriptor == null ? bind.apply(bootstrap) : bootstrap.register()).awaitUninterruptibly();
        if (!listening.isSuccess()) {
            throw failure.apply(listening.cause());
        }
        servers.put(name, listening.channel());
    }

    /** Takes the connections that have waited, and those that come. */
    public void accept() {
        waiting = false;
        servers.values().forEach(server -> server.config().setAutoRead(true));
    }

    /**
     * The descriptors of the listening sockets by name, for a process that is to {@link #inherit} them; empty where that is
     * not possible.
     */
    public Map<String, Integer> sockets() {
        Map<String, Integer> descriptors = new TreeMap<>();
        if (transport.canHandOver()) {
            servers.forEach((name, server) ->
                    descriptors.put(name, ((UnixChannel) server).fd().intValue()));
        }
        return descriptors;
    }

    /** Whether listening sockets can go to another process. */
    public boolean canHandOver() {
        return transport.canHandOver();
    }

    private ServerBootstrap bootstrap(BiConsumer<Channel, Lane> handlers, OptionalInt descriptor) {
        return new ServerBootstrap()
                .group(loops)
                .channelFactory(transport.listening(descriptor))
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        clients.add(channel);
                        Lane lane = Objects.requireNonNull(lanes.get(channel.eventLoop()));
                        handlers.accept(channel, lane);
                    }
                });
    }

    /** The same, where a load balancer may say first whose connection it is. */
    private BiConsumer<Channel, Lane> outside(BiConsumer<Channel, Lane> handlers) {
        return (channel, lane) -> {
            if (isProxy(((InetSocketAddress) channel.remoteAddress()).getAddress())) {
                ProxyProtocol.addTo(channel, () -> handlers.accept(channel, lane));
            } else {
                handlers.accept(channel, lane);
            }
        };
    }

    private boolean isProxy(InetAddress address) {
        for (AddressRange range : proxies) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }

    private StoaException cannotListen(int port, String option, Throwable cause) {
        String where = (config.host().isEmpty() ? "port " : config.host() + " port ") + port;
        return new StoaException(
                ErrorCode.PORT_UNAVAILABLE,
                "the router cannot listen on " + where + ": " + cause.getMessage(),
                "`ss -ltnp 'sport = :%d'` shows who has it; %s chooses another".formatted(port, option),
                cause);
    }

    /** The port that it listens on. */
    public int port() {
        return port(Objects.requireNonNull(servers.get(HTTP), "the router does not listen"));
    }

    private static int port(Channel server) {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /** Every request that begins after the return goes by this table; those in flight stay where they are. */
    public void update(RouteTable table) {
        edges.update(table);
        backends.update(table);
        lanes.values().forEach(Lane::routesChanged);
        secure(contexts -> contexts.forget(host -> !host.isEmpty() && !backends.knows(host)));
    }

    /** Is told with an app's name that it has more to do than before. Called on an event loop: it must never block. */
    public void onDemand(Consumer<String> listener) {
        backends.onDemand(listener);
    }

    /** What an app has to do right now. */
    public AppLoad load(String app) {
        return backends.load(app);
    }

    /** The same of each app whose instances come and go with its requests. */
    public Map<String, AppLoad> loads() {
        return backends.loads();
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

    /** The part of it that is not free. */
    long buffersInUse() {
        return allocator.pinnedDirectMemory();
    }

    /** What is in flight to addresses that are no longer in the route table. */
    public Map<InetSocketAddress, Integer> leaving() {
        return backends.leaving();
    }

    /** Another {@link #DRAIN_TIME}. */
    public void drainTime(Duration drainTime) {
        lanes.values().forEach(lane -> lane.drainTime(drainTime));
    }

    /**
     * Leaves the world to another process that listens on the same sockets, and closes. No client notices: the next answer
     * on a connection says that it is the last one there. After the drain time, WebSockets are told to go, and
     * what then goes on is cut.
     */
    public void retire(Duration drainTime) {
        servers.values().forEach(server -> server.close().awaitUninterruptibly());
        lanes.values().forEach(Lane::lastRequests);
        // A connection that was accepted last may still be on its way to its event loop.
        for (EventExecutor loop : loops) {
            loop.submit(() -> {}).awaitUninterruptibly();
        }
        lanes.values().forEach(Lane::retire);
        clients.newCloseFuture().awaitUninterruptibly(drainTime.toMillis(), TimeUnit.MILLISECONDS);
        close();
    }

    /** Stops listening, lets the requests in flight finish within the grace of the configuration, and cuts the rest. */
    @Override
    public void close() {
        servers.values().forEach(server -> server.close().awaitUninterruptibly());
        lanes.values().forEach(Lane::lastRequests);
        lanes.values().forEach(Lane::goAway);
        lanes.values().forEach(Lane::close);
        ChannelGroupFuture _ = clients.close(Handshake::isOpen);
        secure(TlsContexts::close);
        clients.newCloseFuture()
                .awaitUninterruptibly(config.times().closeGrace().toMillis(), TimeUnit.MILLISECONDS);
        clients.close().awaitUninterruptibly(SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS);
        loops.shutdownGracefully(0, SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
