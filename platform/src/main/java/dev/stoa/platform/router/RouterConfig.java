package dev.stoa.platform.router;

/**
 * What the router is told when it starts.
 *
 * @param host         the address to listen on; empty: all
 * @param port         0: any free one
 * @param eventLoops   threads that move bytes
 * @param bodyBytesMax of a request
 */
public record RouterConfig(String host, int port, int eventLoops, RouterTimes times, long bodyBytesMax) {
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
                "", port, Runtime.getRuntime().availableProcessors(), RouterTimes.DEFAULT, Long.MAX_VALUE);
    }

    public RouterConfig withHost(String host) {
        return new RouterConfig(host, port, eventLoops, times, bodyBytesMax);
    }

    public RouterConfig withTimes(RouterTimes times) {
        return new RouterConfig(host, port, eventLoops, times, bodyBytesMax);
    }

    public RouterConfig withBodyBytesMax(long bodyBytesMax) {
        return new RouterConfig(host, port, eventLoops, times, bodyBytesMax);
    }
}
