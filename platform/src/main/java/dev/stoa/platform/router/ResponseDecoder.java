package dev.stoa.platform.router;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.util.AsciiString;

/** Knows whether the request was a HEAD, whose answer has no body whatever its headers say. */
final class ResponseDecoder extends HttpResponseDecoder {
    private static final int LINE_BYTES_MAX = 8192;

    private boolean head;

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
    }

    @Override
    protected AsciiString splitHeaderName(byte[] line, int start, int length) {
        return HeaderNames.of(line, start, length);
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
        return head || super.isContentAlwaysEmpty(message);
    }
}
