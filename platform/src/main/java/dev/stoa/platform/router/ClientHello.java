package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What decides on the certificate in the first message of a TLS client (RFC 8446, 4.1.2).
 *
 * @param host      that it names (SNI), as it came; empty if it names none
 * @param protocols that it offers (ALPN), the preferred first
 */
record ClientHello(String host, List<String> protocols) {
    private static final int VERSION_AND_RANDOM_BYTES = 2 + 32;
    private static final int SERVER_NAME = 0;
    private static final int ALPN = 16;
    private static final int HOST_NAME = 0;

    static final ClientHello NONE = new ClientHello("", List.of());

    /** Of a message without its header. One that is malformed says nothing; the handshake will find that out as well. */
    static ClientHello parse(ByteBuf message) {
        try {
            ByteBuf in = message.duplicate();
            in.skipBytes(VERSION_AND_RANDOM_BYTES);
            in.skipBytes(in.readUnsignedByte());
            in.skipBytes(in.readUnsignedShort());
            in.skipBytes(in.readUnsignedByte());
            if (!in.isReadable()) {
                return NONE;
            }
            return extensions(in.readSlice(in.readUnsignedShort()));
        } catch (IndexOutOfBoundsException e) {
            return NONE;
        }
    }

    private static ClientHello extensions(ByteBuf in) {
        String host = "";
        List<String> protocols = new ArrayList<>();
        while (in.isReadable()) {
            int type = in.readUnsignedShort();
            ByteBuf extension = in.readSlice(in.readUnsignedShort());
            if (type == SERVER_NAME && extension.isReadable()) {
                ByteBuf names = extension.readSlice(extension.readUnsignedShort());
                if (names.readUnsignedByte() == HOST_NAME) {
                    host = text(names.readSlice(names.readUnsignedShort()));
                }
            } else if (type == ALPN) {
                ByteBuf names = extension.readSlice(extension.readUnsignedShort());
                while (names.isReadable()) {
                    protocols.add(text(names.readSlice(names.readUnsignedByte())));
                }
            }
        }
        return new ClientHello(host, protocols);
    }

    private static String text(ByteBuf bytes) {
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }
}
