package dev.stoa.platform.router;

import java.net.InetSocketAddress;

/**
 * An instance that takes traffic.
 *
 * @param instance its name for people, such as {@code web.1}, which its successor will have, too
 * @param id       its own, which no other instance ever has
 */
public record Upstream(String instance, InetSocketAddress address, String id) {
    /** One that has no other id than its name and address. */
    public Upstream(String instance, InetSocketAddress address) {
        this(instance, address, instance + "@" + address);
    }
}
