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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.IntSupplier;

/**
 * Where the clients of a database connect: a port that stays the same whenever the server behind it starts. It lets in who
 * may come, has the server started if it does not run, and passes bytes on.
 */
final class DatabaseDoor implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DatabaseDoor.class.getName());
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int BACKLOG = 256;

    /** Longer than any plan allows sessions, so that PostgreSQL itself says that there are too many. */
    private static final int CONNECTIONS_MAX = 1000;

    /** For TLS and for GSSAPI (PostgreSQL: src/include/libpq/pqcomm.h). */
    private static final int QUESTIONS_MAX = 2;

    private static final int ENCRYPTION_REQUEST_BYTES = 8;

    private final String name;
    private final Function<InetAddress, Optional<String>> refusal;
    private final IntSupplier server;
    private final List<ServerSocketChannel> listening = new ArrayList<>();
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();

    /**
     * @param refusal why a client at this address is not let in
     * @param server  starts the server if need be, and gives its port on 127.0.0.1
     */
    DatabaseDoor(String name, Function<InetAddress, Optional<String>> refusal, IntSupplier server) {
        this.name = name;
        this.refusal = refusal;
        this.server = server;
    }

    void listen(List<InetAddress> addresses, int port) throws IOException {
        try {
            for (InetAddress address : addresses) {
                ServerSocketChannel socket = ServerSocketChannel.open();
                listening.add(socket);
                socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                socket.bind(new InetSocketAddress(address, port), BACKLOG);
            }
        } catch (IOException e) {
            close();
            throw e;
        }
        listening.forEach(socket -> Threads.start("database-door-" + name, () -> accept(socket)));
    }

    private void accept(ServerSocketChannel socket) {
        while (socket.isOpen()) {
            try {
                SocketChannel client = socket.accept();
                Threads.start("database-client-" + name, () -> serve(client));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.log(Level.WARNING, "a client could not be accepted database=" + name, e);
            }
        }
    }

    private void serve(SocketChannel client) {
        open.add(client);
        try (client) {
            InetAddress address = ((InetSocketAddress) client.getRemoteAddress()).getAddress();
            Optional<String> no =
                    open.size() > CONNECTIONS_MAX ? Optional.of("too many connections") : refusal.apply(address);
            if (no.isPresent()) {
                refuse(client, "28000", no.get());
                return;
            }
            int port;
            try {
                port = server.getAsInt();
            } catch (StoaException e) {
                LOG.log(Level.WARNING, "a database does not start database=" + name, e);
                refuse(client, "57P03", "the database does not start: " + e.message());
                return;
            }
            try (SocketChannel behind =
                    SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
                pass(client, behind);
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a client has gone database=" + name, e);
        } finally {
            open.remove(client);
        }
    }

    private void pass(SocketChannel client, SocketChannel behind) throws IOException {
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        behind.setOption(StandardSocketOptions.TCP_NODELAY, true);
        try {
            Thread back = Threads.start("database-answers-" + name, () -> pump(behind, client));
            pump(client, behind);
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

    /** An ErrorResponse of the protocol, which clients show to people. */
    private static void refuse(SocketChannel client, String code, String words) throws IOException {
        byte[] fields = "SFATAL\0VFATAL\0C%s\0M%s\0\0".formatted(code, words).getBytes(StandardCharsets.UTF_8);
        ByteBuffer message = ByteBuffer.allocate(1 + Integer.BYTES + fields.length);
        message.put((byte) 'E')
                .putInt(Integer.BYTES + fields.length)
                .put(fields)
                .flip();
        // The client speaks first, and asks for encryption before it reads errors.
        for (int asked = 0; asked < QUESTIONS_MAX; asked++) {
            ByteBuffer question = ByteBuffer.allocate(BUFFER_BYTES);
            if (client.read(question) != ENCRYPTION_REQUEST_BYTES) {
                break;
            }
            client.write(ByteBuffer.wrap(new byte[] {'N'}));
        }
        client.write(message);
        client.shutdownOutput();
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing failed", e);
        }
    }

    @Override
    public void close() {
        for (ServerSocketChannel socket : listening) {
            try {
                socket.close();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "closing failed", e);
            }
        }
        listening.clear();
        open.forEach(DatabaseDoor::close);
    }
}
