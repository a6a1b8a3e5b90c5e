package dev.stoa.platform.resource.proxy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
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

    private final DatabaseProxy proxy;
    private final String name;
    private final Behind behind;
    private final List<Channel> listening = new CopyOnWriteArrayList<>();
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();
    private final Set<Channel> guests = ConcurrentHashMap.newKeySet();
    private volatile long leftNanos = System.nanoTime();

    public DatabaseDoor(DatabaseProxy proxy, String name, Behind behind) {
        this.proxy = proxy;
        this.name = name;
        this.behind = behind;
    }

    /** @throws IOException if the port is in use; then it is on none of the addresses */
    public void listen(List<InetAddress> addresses, int port) throws IOException {
        ServerBootstrap bootstrap = proxy.listening(new ChannelInitializer<Channel>() {
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

    boolean isFull() {
        return open.size() > CONNECTIONS_MAX;
    }

    /** Whether nobody has been in for so long. */
    public boolean isQuietFor(Duration time) {
        return guests.isEmpty() && System.nanoTime() - leftNanos >= time.toNanos();
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
        listening.forEach(Channel::close);
        listening.forEach(socket -> socket.closeFuture().awaitUninterruptibly());
        listening.clear();
        open.forEach(Channel::close);
    }
}
