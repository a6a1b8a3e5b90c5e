package dev.stoa.platform.resource.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a client has prepared: the same text has the same name on every server of a pool, whatever the clients call it.
 *
 * @param name on the server; empty: the unnamed one
 * @param rest of the Parse message after the name: the text, and the types of the parameters
 */
@SuppressWarnings("ArrayRecordComponent") // Nobody compares it.
record Statement(String name, byte[] rest) {
    /** The Parse message that makes it. */
    ByteBuf parse() {
        byte[] word = name.getBytes(StandardCharsets.UTF_8);
        int length = Integer.BYTES + word.length + 1 + rest.length;
        return Unpooled.buffer(1 + length)
                .writeByte('P')
                .writeInt(length)
                .writeBytes(word)
                .writeByte(0)
                .writeBytes(rest);
    }

    /** The Close message that does away with it. */
    ByteBuf close() {
        byte[] word = name.getBytes(StandardCharsets.UTF_8);
        int length = Integer.BYTES + 1 + word.length + 1;
        return Unpooled.buffer(1 + length)
                .writeByte('C')
                .writeInt(length)
                .writeByte('S')
                .writeBytes(word)
                .writeByte(0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Statement(String otherName, byte[] otherRest)
                && name.equals(otherName)
                && Arrays.equals(rest, otherRest);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + Arrays.hashCode(rest);
    }
}
