package dev.stoa.platform.router;

import java.net.InetSocketAddress;

/** An instance that takes traffic. */
public record Upstream(String instance, InetSocketAddress address, UpstreamProtocol protocol) {
    /** One that speaks HTTP/1.1. */
    public Upstream(String instance, InetSocketAddress address) {
        this(instance, address, UpstreamProtocol.HTTP_1_1);
    }
}
