package dev.stoa.platform.resource.proxy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Where the clients of a database connect: a port that stays the same whenever the server behind it starts. It lets in who
 * may come, has the server started if it does not run, and passes bytes on.
 */
public final class DatabaseDoor implements AutoCloseable {
    /** Longer than any plan allows sessions, so that PostgreSQL itself says that there are too many. */
    static final int CONNECTIONS_MAX = 1000;

    /** Of clients that share sessions. */
    static final int SHARING_MAX = 10_000;

    private final DatabaseProxy proxy;
    private final String name;
    private final Behind behind;
    private final List<Channel> listening = new CopyOnWriteArrayList<>();
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();
    private final Set<Channel> guests = ConcurrentHashMap.newKeySet();
    private final EventLoop loop;
    private final Pool pool;
    private volatile long leftNanos = System.nanoTime();

    public DatabaseDoor(DatabaseProxy proxy, String name, Behind behind) {
        this.proxy = proxy;
        this.name = name;
        this.behind = behind;
        this.loop = proxy.loop();
        this.pool = new Pool(proxy, name, behind, loop);
    }

    /** @throws IOException if the port is in use; then it is on none of the addresses */
    public void listen(List<InetAddress> addresses, int port) throws IOException {
        ServerBootstrap bootstrap = proxy.listening(loop, new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel client) {
                arrived(client);
            }
        });
        for (InetAddress address : addresses) {
            ChannelFuture bound =
                    bootstrap.bind(new InetSocketAddress(address, port)).awaitUninterruptibly();
            if (!bound.isSuccess()) {
                close();
                throw new IOException("cannot listen on %s:%d".formatted(address, port), bound.cause());
            }
            listening.add(bound.channel());
        }
    }

    private void arrived(Channel client) {
        open.add(client);
        client.closeFuture().addListener(closed -> left(client));
        client.pipeline().addLast(new Reception(this));
    }

    private void left(Channel client) {
        open.remove(client);
        if (guests.remove(client)) {
            leftNanos = System.nanoTime();
        }
    }

    /** From now on it keeps the server awake. */
    void admit(Channel client) {
        if (client.isActive()) {
            guests.add(client);
            if (!client.isActive()) {
                left(client);
            }
        }
    }

    boolean isFull(boolean sharing) {
        return open.size() > (sharing ? SHARING_MAX : CONNECTIONS_MAX);
    }

    Pool pool() {
        return pool;
    }

    /** Whether nobody has been in for so long. */
    public boolean isQuietFor(Duration time) {
        return guests.isEmpty() && System.nanoTime() - leftNanos >= time.toNanos() && pool.isQuietFor(time);
    }

    /** Ends the sessions that clients share and nobody has now. */
    public void letGo() {
        pool.letGo();
    }

    String name() {
        return name;
    }

    Behind behind() {
        return behind;
    }

    DatabaseProxy proxy() {
        return proxy;
    }

    @Override
    public void close() {
        for (Channel socket : listening) {
            ChannelFuture _ = socket.close().awaitUninterruptibly();
        }
        listening.clear();
        for (Channel client : open) {
            ChannelFuture _ = client.close();
        }
    }
}
