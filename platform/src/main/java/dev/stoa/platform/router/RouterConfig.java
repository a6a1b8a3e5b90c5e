package dev.stoa.platform.router;

import java.time.Duration;

/**
 * What the router is told when it starts. The times are those of Heroku's router, which app authors know.
 *
 * @param host              the address to listen on; empty: all
 * @param port              0: any free one
 * @param eventLoops        threads that move bytes
 * @param connectTimeout    for a connection to an instance
 * @param responseTimeout   from the last byte of the request to the head of the answer
 * @param idleTimeout       without a byte in either direction, while a body, a stream or a WebSocket is open
 * @param clientIdleTimeout for a client's connection, until the head of its next request is complete
 * @param handshakeTimeout  of TLS, from the connection on
 * @param closeGrace        for the requests in flight when the router closes
 * @param bodyBytesMax      of a request
 */
public record RouterConfig(
        String host,
        int port,
        int eventLoops,
        Duration connectTimeout,
        Duration responseTimeout,
        Duration idleTimeout,
        Duration clientIdleTimeout,
        Duration handshakeTimeout,
        Duration closeGrace,
        long bodyBytesMax) {
    private static final int PORT_MAX = 65_535;

    public RouterConfig {
        if (port < 0 || port > PORT_MAX) {
            throw new IllegalArgumentException("port=" + port);
        }
        if (eventLoops < 1) {
            throw new IllegalArgumentException("eventLoops=" + eventLoops);
        }
    }

    /** The defaults, on all addresses. */
    public static RouterConfig onPort(int port) {
        return new RouterConfig(
                "",
                port,
                Runtime.getRuntime().availableProcessors(),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(55),
                Duration.ofSeconds(75),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                Long.MAX_VALUE);
    }

    public RouterConfig withHost(String host) {
        return new RouterConfig(
                host,
                port,
                eventLoops,
                connectTimeout,
                responseTimeout,
                idleTimeout,
                clientIdleTimeout,
                handshakeTimeout,
                closeGrace,
                bodyBytesMax);
    }

    public RouterConfig withTimeouts(Duration connect, Duration response, Duration idle, Duration clientIdle) {
        return new RouterConfig(
                host,
                port,
                eventLoops,
                connect,
                response,
                idle,
                clientIdle,
                handshakeTimeout,
                closeGrace,
                bodyBytesMax);
    }

    public RouterConfig withHandshakeTimeout(Duration handshakeTimeout) {
        return new RouterConfig(
                host,
                port,
                eventLoops,
                connectTimeout,
                responseTimeout,
                idleTimeout,
                clientIdleTimeout,
                handshakeTimeout,
                closeGrace,
                bodyBytesMax);
    }

    public RouterConfig withCloseGrace(Duration closeGrace) {
        return new RouterConfig(
                host,
                port,
                eventLoops,
                connectTimeout,
                responseTimeout,
                idleTimeout,
                clientIdleTimeout,
                handshakeTimeout,
                closeGrace,
                bodyBytesMax);
    }

    public RouterConfig withBodyBytesMax(long bodyBytesMax) {
        return new RouterConfig(
                host,
                port,
                eventLoops,
                connectTimeout,
                responseTimeout,
                idleTimeout,
                clientIdleTimeout,
                handshakeTimeout,
                closeGrace,
                bodyBytesMax);
    }
}
