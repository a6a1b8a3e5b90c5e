package dev.stoa.platform.engine;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * One GET over HTTP/2 without encryption, with the calling thread, of which only the status is wanted (RFC 9113). The windows
 * that every connection begins with are enough for that.
 */
final class Http2Question {
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int GOAWAY = 7;
    private static final int CONTINUATION = 9;
    private static final int END_STREAM_OR_ACK = 1;
    private static final int END_HEADERS = 4;
    private static final int PADDED = 8;
    private static final int PRIORITY = 0x20;
    private static final int PRIORITY_BYTES = 5;
    private static final int STREAM = 1;

    /** The size of a frame that nobody may exceed who was not told otherwise. */
    private static final int FRAME_BYTES_MAX = 16_384;

    private static final int HEAD_BYTES_MAX = 4 * FRAME_BYTES_MAX;

    private Http2Question() {}

    /** @return the status of the answer proper; 0: it is not HTTP/2, or the question was refused */
    static int status(OutputStream out, InputStream in, String authority, String path) throws IOException {
        ByteArrayOutputStream question = new ByteArrayOutputStream();
        question.writeBytes(PREFACE.getBytes(StandardCharsets.US_ASCII));
        frame(question, SETTINGS, 0, 0, new byte[0]);
        frame(question, HEADERS, END_HEADERS | END_STREAM_OR_ACK, STREAM, head(authority, path));
        out.write(question.toByteArray());
        try {
            return read(out, new DataInputStream(in));
        } catch (EOFException | Http2Exception e) {
            return 0;
        }
    }

    private static byte[] head(String authority, String path) throws IOException {
        Http2Headers headers = new DefaultHttp2Headers(false)
                .method("GET")
                .scheme("http")
                .authority(authority)
                .path(path)
                .add("user-agent", "Stoa-Health")
                .add("accept", "*/*");
        ByteBuf block = Unpooled.buffer();
        try {
            new DefaultHttp2HeadersEncoder().encodeHeaders(STREAM, headers, block);
        } catch (Http2Exception e) {
            throw new IOException(e);
        }
        byte[] bytes = new byte[block.readableBytes()];
        block.readBytes(bytes);
        return bytes;
    }

    private static void frame(ByteArrayOutputStream to, int type, int flags, int stream, byte[] payload) {
        to.writeBytes(new byte[] {
            (byte) (payload.length >> 16),
            (byte) (payload.length >> 8),
            (byte) payload.length,
            (byte) type,
            (byte) flags
        });
        to.writeBytes(new byte[] {(byte) (stream >> 24), (byte) (stream >> 16), (byte) (stream >> 8), (byte) stream});
        to.writeBytes(payload);
    }

    private static int read(OutputStream out, DataInputStream in) throws IOException, Http2Exception {
        DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false, HEAD_BYTES_MAX);
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        boolean settled = false;
        while (true) {
            int length = (in.readUnsignedByte() << 16) | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int stream = in.readInt() & Integer.MAX_VALUE;
            if (length > FRAME_BYTES_MAX || (!settled && type != SETTINGS)) {
                return 0;
            }
            settled = true;
            byte[] payload = in.readNBytes(length);
            if (type == SETTINGS && (flags & END_STREAM_OR_ACK) == 0) {
                ByteArrayOutputStream heard = new ByteArrayOutputStream();
                frame(heard, SETTINGS, END_STREAM_OR_ACK, 0, new byte[0]);
                out.write(heard.toByteArray());
            } else if (type == GOAWAY || type == RST_STREAM || block.size() > HEAD_BYTES_MAX) {
                return 0;
            } else if ((type == HEADERS || type == CONTINUATION) && stream == STREAM) {
                block.writeBytes(type == HEADERS ? fragment(payload, flags) : payload);
                if ((flags & END_HEADERS) != 0) {
                    int status = status(decoder, block.toByteArray());
                    block.reset();
                    if (status >= 200 || status == 0) {
                        return status;
                    }
                }
            }
        }
    }

    private static byte[] fragment(byte[] payload, int flags) throws EOFException {
        int padding = (flags & PADDED) == 0 || payload.length == 0 ? 0 : payload[0] & 0xff;
        int start = ((flags & PADDED) == 0 ? 0 : 1) + ((flags & PRIORITY) == 0 ? 0 : PRIORITY_BYTES);
        int length = payload.length - start - padding;
        if (length < 0) {
            throw new EOFException("a frame of headers with more padding than it has bytes");
        }
        byte[] fragment = new byte[length];
        System.arraycopy(payload, start, fragment, 0, length);
        return fragment;
    }

    private static int status(DefaultHttp2HeadersDecoder decoder, byte[] block) throws Http2Exception {
        CharSequence status =
                decoder.decodeHeaders(STREAM, Unpooled.wrappedBuffer(block)).status();
        return status != null && status.toString().matches("[1-9]\\d\\d") ? Integer.parseInt(status.toString()) : 0;
    }
}
