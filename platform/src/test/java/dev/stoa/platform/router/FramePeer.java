package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One side of an HTTP/2 connection, frame by frame: nothing is sent that the test did not ask for, however wrong it is. */
final class FramePeer implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PUSH_PROMISE = 5;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;

    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private final Conversation wire;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false, 1 << 20);
    private final Map<Integer, Answer> answers = new LinkedHashMap<>();
    private boolean granting = true;

    /** A frame; the end of the connection is one of type -1. */
    static final class Frame {
        private final int type;
        private final int flags;
        private final int stream;
        private final byte[] payload;

        Frame(int type, int flags, int stream, byte[] payload) {
            this.type = type;
            this.flags = flags;
            this.stream = stream;
            this.payload = payload;
        }

        int type() {
            return type;
        }

        int stream() {
            return stream;
        }

        byte[] payload() {
            return payload;
        }

        boolean has(int flag) {
            return (flags & flag) != 0;
        }

        int number(int at) {
            return ByteBuffer.wrap(payload).getInt(at);
        }

        @Override
        public String toString() {
            return "frame type=" + type + " flags=" + flags + " stream=" + stream + " " + payload.length + " bytes";
        }
    }

    /** What came on one stream. */
    static final class Answer {
        final List<Map<String, String>> heads = new ArrayList<>();
        final ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean ended;
        int reset = -1;

        /** The last head that is not interim; trailers come after it. */
        Map<String, String> head() {
            return heads.stream()
                    .filter(head -> !head.getOrDefault(":status", "1").startsWith("1"))
                    .findFirst()
                    .orElse(Map.of());
        }

        String status() {
            return head().getOrDefault(":status", "");
        }

        Map<String, String> trailers() {
            Map<String, String> last = heads.getLast();
            return last.containsKey(":status") ? Map.of() : last;
        }

        String text() {
            return body.toString(StandardCharsets.ISO_8859_1);
        }

        /** How it ended: a status, or the code of a reset. */
        String outcome() {
            return reset >= 0 ? "reset " + reset : status();
        }
    }

    FramePeer(int port) {
        this(port, new byte[0]);
    }

    /** @param settings the payload of the first frame */
    FramePeer(int port, byte[] settings) {
        this(Conversation.with(port));
        wire.write(PREFACE);
        frame(SETTINGS, 0, 0, settings);
    }

    private FramePeer(Conversation wire) {
        this.wire = wire;
    }

    /** The server's side of a connection. */
    static FramePeer serving(Conversation client, byte[] settings) {
        FramePeer peer = new FramePeer(client);
        if (!client.read(PREFACE.length()).equals(PREFACE)) {
            throw new AssertionError("no preface came");
        }
        return peer.frame(SETTINGS, 0, 0, settings);
    }

    static byte[] setting(int id, int value) {
        return ByteBuffer.allocate(6).putShort((short) id).putInt(value).array();
    }

    /** Does not grant more window when data comes. */
    FramePeer stingy() {
        granting = false;
        return this;
    }

    FramePeer raw(byte[] bytes) {
        wire.write(bytes);
        return this;
    }

    static byte[] bytes(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    FramePeer frame(int type, int flags, int stream, byte[] payload) {
        return raw(bytes(type, flags, stream, payload));
    }

    /** Header fields as literals, which can say anything. */
    static byte[] block(String... namesAndValues) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            block.write(0);
            literal(block, namesAndValues[i]);
            literal(block, namesAndValues[i + 1]);
        }
        return block.toByteArray();
    }

    private static void literal(ByteArrayOutputStream block, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < 127) {
            block.write(bytes.length);
        } else {
            block.write(127);
            int rest = bytes.length - 127;
            while (rest >= 128) {
                block.write(rest % 128 + 128);
                rest /= 128;
            }
            block.write(rest);
        }
        block.writeBytes(bytes);
    }

    FramePeer headers(int stream, boolean end, String... namesAndValues) {
        return frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, block(namesAndValues));
    }

    FramePeer get(int stream, String host, String path) {
        return headers(stream, true, ":method", "GET", ":scheme", "http", ":authority", host, ":path", path);
    }

    FramePeer post(int stream, String host, String path, String... more) {
        String[] all = new String[8 + more.length];
        String[] first = {":method", "POST", ":scheme", "http", ":authority", host, ":path", path};
        System.arraycopy(first, 0, all, 0, 8);
        System.arraycopy(more, 0, all, 8, more.length);
        return headers(stream, false, all);
    }

    FramePeer data(int stream, String text, boolean end) {
        return frame(DATA, end ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    FramePeer window(int stream, int bytes) {
        return frame(WINDOW_UPDATE, 0, stream, number(bytes));
    }

    FramePeer reset(int stream, int code) {
        return frame(RST_STREAM, 0, stream, number(code));
    }

    FramePeer ping(long data) {
        return frame(PING, 0, 0, ByteBuffer.allocate(8).putLong(data).array());
    }

    static byte[] number(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }

    /** The next frame, settings and acknowledgements included. */
    Frame next() {
        int first = wire.readByte();
        byte[] rest = first < 0 ? new byte[0] : read(8);
        int length = rest.length < 8 ? 0 : (first << 16) | ((rest[0] & 0xff) << 8) | (rest[1] & 0xff);
        byte[] payload = read(length);
        if (rest.length < 8 || payload.length < length) {
            return new Frame(-1, 0, 0, new byte[0]);
        }
        Frame frame = new Frame(rest[2], rest[3], ByteBuffer.wrap(rest).getInt(4), payload);
        follow(frame);
        return frame;
    }

    private byte[] read(int count) {
        try {
            return wire.read(count).getBytes(StandardCharsets.ISO_8859_1);
        } catch (UncheckedIOException e) {
            return new byte[0];
        }
    }

    private void follow(Frame frame) {
        try {
            take(frame);
        } catch (UncheckedIOException e) {
            // The other side hung up; what it said before may still be read.
        }
    }

    private void take(Frame frame) {
        Answer answer = answers.computeIfAbsent(frame.stream, id -> new Answer());
        switch (frame.type) {
            case HEADERS -> {
                answer.heads.add(decoded(frame.payload));
                answer.ended |= frame.has(END_STREAM);
            }
            case DATA -> {
                answer.body.writeBytes(frame.payload);
                answer.ended |= frame.has(END_STREAM);
                if (granting && frame.payload.length > 0) {
                    window(0, frame.payload.length);
                    if (!answer.ended) {
                        window(frame.stream, frame.payload.length);
                    }
                }
            }
            case RST_STREAM -> answer.reset = answer.reset < 0 ? frame.number(0) : answer.reset;
            case SETTINGS -> {
                if (!frame.has(ACK)) {
                    frame(SETTINGS, ACK, 0, new byte[0]);
                }
            }
            default -> {
                // The test looks at it.
            }
        }
    }

    private Map<String, String> decoded(byte[] block) {
        Map<String, String> fields = new LinkedHashMap<>();
        ByteBuf in = Unpooled.wrappedBuffer(block);
        try {
            Http2Headers headers = decoder.decodeHeaders(1, in);
            headers.forEach(field ->
                    fields.merge(field.getKey().toString(), field.getValue().toString(), (a, b) -> a + " | " + b));
            return fields;
        } catch (Http2Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Reads until a frame of the type comes; the end of the connection is one of type -1. */
    Frame await(int type) {
        while (true) {
            Frame frame = next();
            if (frame.type == type || frame.type == -1) {
                return frame;
            }
        }
    }

    Answer heard(int stream) {
        return answers.computeIfAbsent(stream, id -> new Answer());
    }

    /** Reads until the stream has ended, or the connection has. */
    Answer answer(int stream) {
        Answer answer = heard(stream);
        while (!answer.ended && answer.reset < 0 && next().type >= 0) {
            // It is followed.
        }
        return answer;
    }

    /** Reads until the head of the answer is there. */
    Answer head(int stream) {
        Answer answer = heard(stream);
        while (answer.head().isEmpty() && answer.reset < 0 && next().type >= 0) {
            // It is followed.
        }
        return answer;
    }

    /** Reads to the end of the connection, and says the code of the GOAWAY before it; -1: there was none. */
    int goneWith() {
        int code = -1;
        for (Frame frame = next(); frame.type >= 0; frame = next()) {
            if (frame.type == GOAWAY) {
                code = frame.number(4);
            }
        }
        return code;
    }

    @Override
    public void close() {
        wire.close();
    }
}
