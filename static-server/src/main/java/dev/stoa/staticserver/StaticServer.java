package dev.stoa.staticserver;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The running server: the JDK's own, with a virtual thread for each request. */
final class StaticServer implements AutoCloseable {
    /** How long a request may still take after SIGTERM. */
    private static final int DRAIN_SECONDS_MAX = 5;

    /** Longer than the 90 s for which a router keeps an idle connection, so that the router is the one that closes. */
    private static final int IDLE_SECONDS_MAX = 300;

    private static final int IDLE_CONNECTIONS_MAX = 10_000;
    private static final int BACKLOG_MAX = 1024;

    private final HttpServer server;
    private final ExecutorService threads;

    private StaticServer(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /**
     * Serves {@code root} on {@code port}, or on any free port where that is 0.
     *
     * @param singlePage whether a path that is no file belongs to the script of index.html
     */
    static StaticServer start(Path root, int port, boolean singlePage) throws IOException {
        // Without this a small answer waits 40 ms for the client's delayed acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.idleInterval", Integer.toString(IDLE_SECONDS_MAX));
        System.setProperty("sun.net.httpserver.maxIdleConnections", Integer.toString(IDLE_CONNECTIONS_MAX));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), BACKLOG_MAX);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(threads);
        server.createContext(
                "/", new SiteHandler(new Site(root.toRealPath()), Rules.read(root), singlePage, new GzipCache()));
        server.start();
        return new StaticServer(server, threads);
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(DRAIN_SECONDS_MAX);
        threads.shutdown();
    }
}
