package dev.stoa.platform.router;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.util.function.Function;

/** What a client and the router agreed to speak. */
enum ClientProtocol {
    HTTP_1_1,
    HTTP_2;

    /** By the name that ALPN has for it; HTTP/1.1 for a client that knows no ALPN. */
    static ClientProtocol ofAlpn(String name) {
        return name.equals("h2") ? HTTP_2 : HTTP_1_1;
    }

    /**
     * Adds the handlers to the end of the channel's pipeline. The channel may be active already, as it is after a
     * handshake.
     *
     * @param secure whether a handler before them encrypts
     */
    void addTo(Channel channel, Lane lane, Function<InetAddress, String> realms, boolean secure) {
        switch (this) {
            case HTTP_1_1 -> new ClientConnection(lane, realms, secure).addTo(channel);
            case HTTP_2 -> channel.pipeline().addLast(Http2ClientConnection.make(lane, realms, secure));
        }
    }
}
