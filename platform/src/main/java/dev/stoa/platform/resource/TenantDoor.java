package dev.stoa.platform.resource;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.random.RandomGenerator;

/**
 * Where the clients of a resource of any protocol connect: a port that stays the same whenever the server behind it starts.
 * It lets in who may come, has the server started if it does not run, and passes bytes on as they are.
 */
final class TenantDoor implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TenantDoor.class.getName());
    private static final int BUFFER_BYTES = 16 * 1024;
    private static final int BACKLOG = 256;

    /** The platform before may be about to let go of it. */
    private static final Duration RETRY_MIN = Duration.ofMillis(50);

    private static final Duration RETRY_MAX = Duration.ofSeconds(3);

    /** What is behind the door, and how it is spoken to. */
    interface Behind {
        /** Why a client at this address is not let in. */
        Optional<String> refusal(InetAddress client);

        /**
         * A connection to the server, which is started if need be.
         *
         * @throws StoaException if it does not start
         */
        SocketChannel connect() throws IOException;

        /** An error in the words of the protocol, for a client that has said nothing yet. */
        byte[] error(String words);
    }

    private final String name;
    private final int connectionsMax;
    private final Behind behind;
    private final List<ServerSocketChannel> listening = new ArrayList<>();
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private boolean closed;

    /** @param name of the resource, for people */
    TenantDoor(String name, int connectionsMax, Behind behind) {
        this.name = name;
        this.connectionsMax = connectionsMax;
        this.behind = behind;
    }

    /** Listens on a port that is free now, and returns it. */
    int listen(List<InetAddress> addresses, RandomGenerator random) throws IOException {
        return DoorPorts.open(random, port -> listen(addresses, port));
    }

    /** Listens on this port as soon as it is free. */
    void reopen(List<InetAddress> addresses, int port) {
        reopen(addresses, port, RETRY_MIN);
    }

    private void reopen(List<InetAddress> addresses, int port, Duration again) {
        synchronized (this) {
            if (closed || listen(addresses, port)) {
                return;
            }
        }
        Duration longer = again.multipliedBy(2);
        boolean slow = longer.compareTo(RETRY_MAX) > 0;
        if (slow && again.compareTo(RETRY_MAX) < 0) {
            LOG.log(Level.WARNING, "a port is in use resource={0} port={1}", name, Integer.toString(port));
        }
        ScheduledFuture<?> _ =
                Threads.after(again, "door-" + name, () -> reopen(addresses, port, slow ? RETRY_MAX : longer));
    }

    /** Where it listens; empty as long as its port is in use. */
    synchronized OptionalInt port() {
        return listening.isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of(listening.getFirst().socket().getLocalPort());
    }

    private synchronized boolean listen(List<InetAddress> addresses, int port) {
        if (closed) {
            return false;
        }
        try {
            for (InetAddress address : addresses) {
                ServerSocketChannel socket = ServerSocketChannel.open();
                listening.add(socket);
                socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                socket.bind(new InetSocketAddress(address, port), BACKLOG);
            }
        } catch (IOException e) {
            listening.forEach(TenantDoor::close);
            listening.clear();
            return false;
        }
        listening.forEach(socket -> Threads.start("door-" + name, () -> accept(socket)));
        return true;
    }

    private void accept(ServerSocketChannel socket) {
        while (socket.isOpen()) {
            try {
                SocketChannel client = socket.accept();
                Threads.start("door-client-" + name, () -> serve(client));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.log(Level.WARNING, "a client could not be accepted resource=" + name, e);
            }
        }
    }

    private void serve(SocketChannel client) {
        open.add(client);
        try (client) {
            InetAddress address = ((InetSocketAddress) client.getRemoteAddress()).getAddress();
            Optional<String> no = open.size() > connectionsMax
                    ? Optional.of("%s has %d connections already".formatted(name, connectionsMax))
                    : behind.refusal(address);
            if (no.isPresent()) {
                refuse(client, no.get());
                return;
            }
            client.setOption(StandardSocketOptions.TCP_NODELAY, true);
            try (SocketChannel server = behind.connect()) {
                pass(client, server);
            } catch (StoaException e) {
                LOG.log(Level.WARNING, "a server does not start resource=" + name, e);
                refuse(client, "%s does not start: %s".formatted(name, e.message()));
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a client has gone resource=" + name, e);
        } finally {
            open.remove(client);
        }
    }

    private void refuse(SocketChannel client, String why) throws IOException {
        ByteBuffer words = ByteBuffer.wrap(behind.error(why));
        while (words.hasRemaining()) {
            client.write(words);
        }
        client.shutdownOutput();
    }

    private void pass(SocketChannel client, SocketChannel server) {
        try {
            Thread back = Threads.start("door-answers-" + name, () -> pump(server, client));
            pump(client, server);
            back.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pump(SocketChannel from, SocketChannel to) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try {
            while (from.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
                buffer.clear();
            }
            to.shutdownOutput();
        } catch (IOException e) {
            // One side has gone: the other is told by the end of its connection.
            close(from);
            close(to);
        }
    }

    private static void close(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception e) {
            LOG.log(Level.DEBUG, "closing failed", e);
        }
    }

    /** Sends away who would not be let in any more. */
    void recheck() {
        for (SocketChannel client : open) {
            try {
                if (client.getRemoteAddress() instanceof InetSocketAddress address
                        && behind.refusal(address.getAddress()).isPresent()) {
                    close(client);
                }
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "a client has gone resource=" + name, e);
            }
        }
    }

    /** From now on nobody is let in, and who is inside is sent away. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            listening.forEach(TenantDoor::close);
            listening.clear();
        }
        open.forEach(TenantDoor::close);
    }
}
