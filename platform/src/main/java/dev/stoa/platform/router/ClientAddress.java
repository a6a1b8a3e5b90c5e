package dev.stoa.platform.router;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Where a connection comes from, and where it went: what a proxy before the router said, or else what the socket says.
 *
 * @param from the client
 * @param to   where the client connected to
 */
record ClientAddress(InetSocketAddress from, InetSocketAddress to) {
    private static final AttributeKey<ClientAddress> KEY = AttributeKey.valueOf(ClientAddress.class, "said");

    void sayTo(Channel channel) {
        channel.attr(KEY).set(this);
    }

    static InetAddress of(Channel channel) {
        ClientAddress said = channel.attr(KEY).get();
        return (said == null ? (InetSocketAddress) channel.remoteAddress() : said.from).getAddress();
    }

    static int portCameTo(Channel channel) {
        ClientAddress said = channel.attr(KEY).get();
        return (said == null ? (InetSocketAddress) channel.localAddress() : said.to).getPort();
    }
}
