package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.util.AsciiString;
import java.util.List;

/**
 * Knows whether the request was a HEAD, whose answer has no body whatever its headers say, and whether there is a request at all:
 * what comes without one would be read as the answer to the next.
 */
final class ResponseDecoder extends HttpResponseDecoder {
    private static final int LINE_BYTES_MAX = 8192;

    private boolean head;
    private boolean resting;
    private boolean sized;

    ResponseDecoder() {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(LINE_BYTES_MAX)
                .setMaxHeaderSize(RequestDecoder.HEADERS_BYTES_MAX)
                .setMaxChunkSize(RequestDecoder.CHUNK_BYTES_MAX)
                // Small programs that print their answer end a line in a line feed; what leaves here is proper.
                .setStrictLineParsing(false));
    }

    void expectAnswer(boolean toHead) {
        head = toHead;
        resting = false;
        sized = false;
    }

    /** Expects nothing from here on. Whether nothing was left over, either. */
    boolean rest() {
        resting = true;
        return actualReadableBytes() == 0;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (resting) {
            in.skipBytes(in.readableBytes());
            Wire.close(ctx.channel());
        } else {
            super.decode(ctx, in, out);
        }
    }

    @Override
    protected AsciiString splitHeaderName(byte[] line, int start, int length) {
        AsciiString name = HeaderNames.of(line, start, length);
        if (HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)) {
            if (sized) {
                // In HTTP/1.0 Netty takes the first.
                throw new IllegalArgumentException("more than one Content-Length");
            }
            sized = true;
        }
        return name;
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
        // The head is over: the next one, or trailers, may have a length of their own.
        sized = false;
        // Netty would read on behind a 101 without a Sec-WebSocket-Accept, as a draft of WebSockets had it.
        return head
                || (message instanceof HttpResponse response
                        && response.status().codeClass() == HttpStatusClass.INFORMATIONAL)
                || super.isContentAlwaysEmpty(message);
    }
}
