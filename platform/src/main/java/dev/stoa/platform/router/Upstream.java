package dev.stoa.platform.router;

import java.net.InetSocketAddress;

/**
 * An instance that takes traffic.
 *
 * @param instance its name for people, such as {@code web.1}, which its successor will have, too
 * @param id       its own, which no other instance ever has
 * @param protocol what it speaks
 */
public record Upstream(String instance, InetSocketAddress address, String id, UpstreamProtocol protocol) {
    /** One that speaks HTTP/1.1. */
    public Upstream(String instance, InetSocketAddress address, String id) {
        this(instance, address, id, UpstreamProtocol.HTTP_1_1);
    }

    /** One that has no other id than its name and address. */
    public Upstream(String instance, InetSocketAddress address) {
        this(instance, address, instance + "@" + address);
    }
}
