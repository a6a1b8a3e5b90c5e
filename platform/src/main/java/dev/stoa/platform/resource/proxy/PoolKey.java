package dev.stoa.platform.resource.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * Clients that may share sessions: the same login, and the same wishes at the start.
 *
 * @param parameters of the startup packet but for what is each client's own
 */
record PoolKey(Map<String, String> parameters) {
    static final String USER = "user";
    static final String NAME = "application_name";
    private static final String EXTENSION = "_pq_.";

    PoolKey {
        parameters = Map.copyOf(parameters);
    }

    static PoolKey of(Map<String, String> startup) {
        Map<String, String> shared = new TreeMap<>(startup);
        shared.remove(NAME);
        shared.keySet().removeIf(name -> name.startsWith(EXTENSION));
        return new PoolKey(shared);
    }

    String user() {
        return parameters.getOrDefault(USER, "");
    }

    /** The packet that begins such a session. */
    ByteBuf startup() {
        ByteBuf packet = Unpooled.buffer().writeInt(0).writeInt(Greeting.MAJOR << 16);
        parameters.forEach((name, value) -> {
            text(packet, name);
            text(packet, value);
        });
        packet.writeByte(0);
        return packet.setInt(0, packet.writerIndex());
    }

    static void text(ByteBuf packet, String text) {
        packet.writeBytes(text.getBytes(StandardCharsets.UTF_8)).writeByte(0);
    }
}
