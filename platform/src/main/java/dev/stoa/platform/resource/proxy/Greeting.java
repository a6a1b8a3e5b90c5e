package dev.stoa.platform.resource.proxy;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What a client says first (PostgreSQL: "Message Formats", and src/include/libpq/pqcomm.h). */
sealed interface Greeting {
    /** As PostgreSQL itself has it. */
    int BYTES_MAX = 10_000;

    int HEAD_BYTES = 2 * Integer.BYTES;
    int MAJOR = 3;

    int CANCEL_CODE = 80_877_102;
    int TLS_CODE = 80_877_103;
    int GSS_CODE = 80_877_104;

    /** A process and at least four bytes of its key. */
    int CANCEL_BYTES_MIN = HEAD_BYTES + 2 * Integer.BYTES;

    /** The key of protocol 3.2 has up to 256 bytes. */
    int CANCEL_BYTES_MAX = HEAD_BYTES + Integer.BYTES + 256;

    /** Asks for TLS. */
    record AskTls() implements Greeting {}

    /** Asks for the encryption of GSSAPI. */
    record AskGss() implements Greeting {}

    /**
     * Asks for the end of what a session is doing.
     *
     * @param process the number that the session was told
     * @param packet  all of it
     */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares it.
    record Cancel(int process, byte[] key, byte[] packet) implements Greeting {}

    /**
     * Begins a session.
     *
     * @param minor  of the protocol's version 3
     * @param packet all of it
     */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares it.
    record Startup(int minor, Map<String, String> parameters, byte[] packet) implements Greeting {}

    /** What no client of PostgreSQL would say, with the SQLSTATE for it. */
    final class BadGreeting extends Exception {
        private static final long serialVersionUID = 1;

        private final String state;

        BadGreeting(String state, String message) {
            super(message, null, false, false);
            this.state = state;
        }

        String state() {
            return state;
        }
    }

    /** Takes one from the buffer, if it is there to its end. */
    static Optional<Greeting> read(ByteBuf in) throws BadGreeting {
        if (in.readableBytes() < Integer.BYTES) {
            return Optional.empty();
        }
        int length = in.getInt(in.readerIndex());
        if (length < HEAD_BYTES || length > BYTES_MAX) {
            throw new BadGreeting(
                    "08P01", "this is a PostgreSQL server, and that was no startup packet of its protocol");
        }
        if (in.readableBytes() < length) {
            return Optional.empty();
        }
        byte[] packet = new byte[length];
        in.readBytes(packet);
        return Optional.of(of(packet));
    }

    private static Greeting of(byte[] packet) throws BadGreeting {
        int code = integer(packet, Integer.BYTES);
        return switch (code) {
            case TLS_CODE -> alone(packet, new AskTls());
            case GSS_CODE -> alone(packet, new AskGss());
            case CANCEL_CODE -> cancel(packet);
            default -> startup(code, packet);
        };
    }

    private static Greeting alone(byte[] packet, Greeting question) throws BadGreeting {
        if (packet.length != HEAD_BYTES) {
            throw new BadGreeting("08P01", "invalid length of an encryption request");
        }
        return question;
    }

    private static Greeting cancel(byte[] packet) throws BadGreeting {
        if (packet.length < CANCEL_BYTES_MIN || packet.length > CANCEL_BYTES_MAX) {
            throw new BadGreeting("08P01", "invalid length of a cancel request");
        }
        int from = HEAD_BYTES + Integer.BYTES;
        byte[] key = new byte[packet.length - from];
        System.arraycopy(packet, from, key, 0, key.length);
        return new Cancel(integer(packet, HEAD_BYTES), key, packet);
    }

    private static Greeting startup(int version, byte[] packet) throws BadGreeting {
        int major = version >>> 16;
        int minor = version & 0xffff;
        if (major != MAJOR) {
            throw new BadGreeting(
                    "0A000", "unsupported frontend protocol %d.%d: version 3 is spoken here".formatted(major, minor));
        }
        return new Startup(minor, parameters(packet), packet);
    }

    /** Names and values, each ended by a zero, and a zero at the end. */
    private static Map<String, String> parameters(byte[] packet) throws BadGreeting {
        Map<String, String> parameters = new LinkedHashMap<>();
        int at = HEAD_BYTES;
        while (at < packet.length && packet[at] != 0) {
            int name = end(packet, at);
            int value = end(packet, name + 1);
            parameters.put(text(packet, at, name), text(packet, name + 1, value));
            at = value + 1;
        }
        if (at != packet.length - 1) {
            throw new BadGreeting("08P01", "invalid startup packet layout: expected terminator as last byte");
        }
        if (parameters.getOrDefault("user", "").isEmpty()) {
            throw new BadGreeting("28000", "no PostgreSQL user name specified in startup packet");
        }
        return parameters;
    }

    private static int end(byte[] packet, int from) throws BadGreeting {
        for (int i = from; i < packet.length; i++) {
            if (packet[i] == 0) {
                return i;
            }
        }
        throw new BadGreeting("08P01", "invalid startup packet layout: a text without an end");
    }

    private static String text(byte[] packet, int from, int to) {
        return new String(packet, from, to - from, StandardCharsets.UTF_8);
    }

    private static int integer(byte[] bytes, int at) {
        return ((bytes[at] & 0xff) << 24)
                | ((bytes[at + 1] & 0xff) << 16)
                | ((bytes[at + 2] & 0xff) << 8)
                | (bytes[at + 3] & 0xff);
    }
}
