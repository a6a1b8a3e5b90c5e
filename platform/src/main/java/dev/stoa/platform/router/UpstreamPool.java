package dev.stoa.platform.router;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The resting connections of one event loop, newest last. Touched by that loop alone. */
final class UpstreamPool {
    /** Per instance and event loop. */
    private static final int IDLE_MAX = 256;

    /** App servers that keep connections at all keep them for 2 s (gunicorn), 5 s (Node) or longer. */
    private static final long SURELY_OPEN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long IDLE_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

    private final EventLoop loop;
    private final Bootstrap bootstrap;
    private final Map<Backend, ArrayDeque<UpstreamConnection>> idle = new HashMap<>();
    private final Http2Origins http2;

    UpstreamPool(EventLoop loop, Transport transport, ByteBufAllocator allocator, Duration connectTimeout) {
        this.loop = loop;
        bootstrap = new Bootstrap()
                .group(loop)
                .channel(transport.client())
                .option(ChannelOption.ALLOCATOR, allocator)
                .option(ChannelOption.TCP_NODELAY, true)
                // An instance that takes no more of an upload may have said why before it hung up.
                .option(ChannelOption.AUTO_CLOSE, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) connectTimeout.toMillis());
        http2 = new Http2Origins(bootstrap);
    }

    /**
     * A resting connection.
     *
     * @param replayable whether the request can be sent again if the instance turns out to have closed the connection;
     *     if not, only one that rested so briefly that no server has given it up
     */
    Optional<Origin> take(Backend backend, boolean replayable, long nowNanos) {
        if (backend.upstream().protocol() == UpstreamProtocol.H2C) {
            return http2.take(backend);
        }
        ArrayDeque<UpstreamConnection> resting = idle.get(backend);
        if (resting == null) {
            return Optional.empty();
        }
        UpstreamConnection newest = resting.peekLast();
        if (newest == null || (!replayable && nowNanos - newest.idleSinceNanos() > SURELY_OPEN_NANOS)) {
            return Optional.empty();
        }
        resting.removeLast();
        return newest.isOpen() ? Optional.of(newest) : take(backend, replayable, nowNanos);
    }

    /** Not before the events that are under way: one of a connection just closed would meet the next with its descriptor. */
    void connect(Backend backend, Consumer<Origin> connected, Consumer<Throwable> refused) {
        loop.execute(() -> connectNow(backend, connected, refused));
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void connectNow(Backend backend, Consumer<Origin> connected, Consumer<Throwable> refused) {
        if (backend.upstream().protocol() == UpstreamProtocol.H2C) {
            http2.connect(backend, connected, refused);
            return;
        }
        UpstreamConnection connection = new UpstreamConnection(backend, this);
        bootstrap
                .clone()
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connection.addTo(channel);
                    }
                })
                .connect(backend.upstream().address())
                .addListener(done -> {
                    if (done.isSuccess()) {
                        backend.accepted();
                        connected.accept(connection);
                    } else {
                        backend.refused(System.nanoTime());
                        backend.failed(System.nanoTime());
                        refused.accept(done.cause());
                    }
                });
    }

    void give(UpstreamConnection connection, long nowNanos) {
        ArrayDeque<UpstreamConnection> resting =
                idle.computeIfAbsent(connection.backend(), backend -> new ArrayDeque<>());
        if (connection.rest(nowNanos) && connection.backend().routed() && resting.size() < IDLE_MAX) {
            resting.addLast(connection);
        } else {
            connection.close();
        }
    }

    void remove(UpstreamConnection connection) {
        ArrayDeque<UpstreamConnection> resting = idle.get(connection.backend());
        if (resting != null) {
            resting.remove(connection);
        }
    }

    boolean isEmpty() {
        return idle.isEmpty() && http2.isEmpty();
    }

    /** Closes what rested too long, or belongs to an instance that gets no more requests. */
    void sweep(long nowNanos) {
        http2.sweep(nowNanos);
        for (Iterator<Map.Entry<Backend, ArrayDeque<UpstreamConnection>>> each =
                        idle.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<Backend, ArrayDeque<UpstreamConnection>> entry = each.next();
            ArrayDeque<UpstreamConnection> resting = entry.getValue();
            boolean all = !entry.getKey().routed();
            while (!resting.isEmpty() && (all || nowNanos - resting.getFirst().idleSinceNanos() > IDLE_NANOS_MAX)) {
                resting.removeFirst().close();
            }
            if (resting.isEmpty()) {
                each.remove();
            }
        }
    }
}
