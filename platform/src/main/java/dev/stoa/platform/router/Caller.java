package dev.stoa.platform.router;

import io.netty.channel.Channel;
import io.netty.util.AsciiString;
import java.net.InetAddress;

/**
 * Who is at the other end of a connection, made once for all of its requests.
 *
 * @param text   the address, as headers name it
 * @param cameTo the port that it came to
 */
record Caller(InetAddress address, AsciiString text, AsciiString cameTo) {
    static Caller of(Channel channel) {
        InetAddress address = ClientAddress.of(channel);
        return new Caller(
                address,
                AsciiString.cached(address.getHostAddress()),
                AsciiString.cached(Integer.toString(ClientAddress.portCameTo(channel))));
    }
}
