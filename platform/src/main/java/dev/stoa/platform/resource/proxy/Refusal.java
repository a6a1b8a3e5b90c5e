package dev.stoa.platform.resource.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** An ErrorResponse of the protocol, which clients show to people. */
record Refusal(String severity, String state, String message, String hint) {
    static Refusal fatal(String state, String message) {
        return new Refusal("FATAL", state, message, "");
    }

    static Refusal fatal(String state, String message, String hint) {
        return new Refusal("FATAL", state, message, hint);
    }

    static Refusal error(String state, String message, String hint) {
        return new Refusal("ERROR", state, message, hint);
    }

    ByteBuf packet() {
        String fields = "S%s\0V%s\0C%s\0M%s\0".formatted(severity, severity, state, plain(message))
                + (hint.isEmpty() ? "" : "H%s\0".formatted(plain(hint)))
                + "\0";
        byte[] bytes = fields.getBytes(StandardCharsets.UTF_8);
        return Unpooled.buffer(1 + Integer.BYTES + bytes.length)
                .writeByte('E')
                .writeInt(Integer.BYTES + bytes.length)
                .writeBytes(bytes);
    }

    private static String plain(String text) {
        return text.replace('\0', ' ');
    }
}
