package dev.stoa.platform.router;

import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An instance of an app: a real server whose every byte the test decides. */
final class FakeInstance implements AutoCloseable {
    private final String name;
    private final ServerSocket server;
    private final Thread acceptor;
    private final List<Conversation> connections = new CopyOnWriteArrayList<>();
    private final List<String> heads = new CopyOnWriteArrayList<>();

    @FunctionalInterface
    interface Script {
        void serve(Conversation client) throws Exception;
    }

    FakeInstance(String name, Script script) {
        this.name = name;
        try {
            server = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        acceptor = Threads.start("fake-" + name, () -> accept(script));
    }

    /** Answers every request with 200 and its name, and keeps connections open. */
    static FakeInstance polite(String name) {
        return new FakeInstance(
                name, client -> answerAll(client, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + name));
    }

    /** Answers every request, read with its body, with the same bytes. */
    static FakeInstance saying(String name, String answer) {
        return new FakeInstance(name, client -> answerAll(client, answer));
    }

    private static void answerAll(Conversation client, String answer) {
        while (!client.readMessage().isEmpty()) {
            client.write(answer);
        }
    }

    private void accept(Script script) {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Conversation client = new Conversation(socket);
                connections.add(client);
                Threads.start("fake-" + name, () -> serve(script, client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void serve(Script script, Conversation client) {
        try (client) {
            script.serve(client);
        } catch (Exception e) {
            // The router hung up, or the test is over.
        }
    }

    /** Reads a head and remembers it for {@link #heads}. */
    String hear(Conversation client) {
        String head = client.readHead();
        heads.add(head);
        return head;
    }

    List<String> heads() {
        return heads;
    }

    int connections() {
        return connections.size();
    }

    /** Closes the connections that it has, as a server does with those that idle. */
    void hangUp() {
        connections.forEach(Conversation::close);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
    }

    Upstream upstream() {
        return new Upstream(name, address());
    }

    /** From here on connections are refused. */
    void stop() {
        close();
    }

    /** Until the thread that accepts is gone, the kernel still takes connections. */
    @Override
    public void close() {
        try {
            server.close();
            acceptor.join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        hangUp();
    }
}
