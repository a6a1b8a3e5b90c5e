package dev.stoa.platform.router;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The connections of one event loop to instances that speak HTTP/2. A new one is made only when those that stand have as many
 * streams as the instance allows; requests that come while it is made wait for it together.
 */
final class Http2Origins {
    private static final long IDLE_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

    private final Bootstrap bootstrap;
    private final Map<Backend, List<Http2OriginConnection>> open = new HashMap<>();
    private final Map<Backend, Attempt> attempts = new HashMap<>();

    private record Waiter(Consumer<Origin> connected, Consumer<Throwable> refused) {}

    /** A connection that is being made, and who waits for it. */
    private record Attempt(Http2OriginConnection connection, Queue<Waiter> waiters) {}

    Http2Origins(Bootstrap bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** The first with room: so that those which are not needed fall idle. */
    Optional<Origin> take(Backend backend) {
        List<Http2OriginConnection> connections = open.get(backend);
        if (connections != null) {
            for (Http2OriginConnection connection : connections) {
                if (connection.hasRoom()) {
                    return Optional.of(connection.stream());
                }
            }
        }
        return Optional.empty();
    }

    void connect(Backend backend, Consumer<Origin> connected, Consumer<Throwable> refused) {
        Waiter waiter = new Waiter(connected, refused);
        Attempt attempt = attempts.get(backend);
        if (attempt != null) {
            attempt.waiters.add(waiter);
        } else {
            begin(backend, waiter);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void begin(Backend backend, Waiter first) {
        Http2OriginConnection connection = Http2OriginConnection.make(backend, this);
        Attempt attempt = new Attempt(connection, new ArrayDeque<>(List.of(first)));
        attempts.put(backend, attempt);
        bootstrap
                .clone()
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(connection);
                    }
                })
                .connect(backend.upstream().address())
                .addListener(done -> {
                    if (done.isSuccess()) {
                        backend.accepted();
                    } else {
                        backend.refused(System.nanoTime());
                        backend.failed(System.nanoTime());
                        if (attempts.remove(backend, attempt)) {
                            attempt.waiters.forEach(waiter -> waiter.refused.accept(done.cause()));
                        }
                    }
                });
    }

    /** The instance said how many streams it allows, or turned out not to speak HTTP/2. */
    void ready(Http2OriginConnection connection) {
        Attempt attempt = attempts.get(connection.backend());
        if (attempt == null || attempt.connection != connection) {
            return;
        }
        attempts.remove(connection.backend());
        if (connection.failure() != null) {
            // Each is told by its own stream.
            attempt.waiters.forEach(waiter -> waiter.connected.accept(connection.stream()));
            return;
        }
        open.computeIfAbsent(connection.backend(), backend -> new ArrayList<>()).add(connection);
        for (Waiter waiter = attempt.waiters.poll(); waiter != null; waiter = attempt.waiters.poll()) {
            if (connection.hasRoom()) {
                waiter.connected.accept(connection.stream());
            } else if (connection.isIdle()) {
                waiter.refused.accept(new IllegalStateException("it allows no stream at all"));
            } else {
                connect(connection.backend(), waiter.connected, waiter.refused);
            }
        }
    }

    /** No more requests go over the connection. */
    void leave(Http2OriginConnection connection) {
        List<Http2OriginConnection> connections = open.get(connection.backend());
        if (connections != null) {
            connections.remove(connection);
        }
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    /** Closes what rested too long, or belongs to an instance that gets no more requests. */
    void sweep(long nowNanos) {
        for (Iterator<Map.Entry<Backend, List<Http2OriginConnection>>> each =
                        open.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<Backend, List<Http2OriginConnection>> entry = each.next();
            boolean all = !entry.getKey().routed();
            entry.getValue().removeIf(connection -> {
                boolean ends = connection.isIdle() && (all || nowNanos - connection.idleSinceNanos() > IDLE_NANOS_MAX);
                if (ends) {
                    connection.close();
                }
                return ends;
            });
            if (entry.getValue().isEmpty()) {
                each.remove();
            }
        }
    }
}
