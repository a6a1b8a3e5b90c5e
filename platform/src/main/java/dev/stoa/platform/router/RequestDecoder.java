package dev.stoa.platform.router;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Decodes one request at a time: what a client pipelines waits as bytes until {@link #next}, and reading stops. So an
 * answer is never out of turn, and what follows a request for another protocol is never read as HTTP.
 */
final class RequestDecoder extends HttpRequestDecoder {
    static final int LINE_BYTES_MAX = 8192;
    static final int HEADERS_BYTES_MAX = 64 * 1024;
    static final int CHUNK_BYTES_MAX = 64 * 1024;

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Runnable whenHttp2;
    private boolean headStarted;
    private boolean inBody;
    private boolean complete;
    private boolean broken;
    private boolean reading;
    private int wordEnd;
    private boolean sized;

    /** Nothing was decoded yet; the first bytes may be those of HTTP/2. */
    private boolean fresh = true;

    /** @param whenHttp2 takes this decoder out of the pipeline and puts another there */
    RequestDecoder(Runnable whenHttp2) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(LINE_BYTES_MAX)
                .setMaxHeaderSize(HEADERS_BYTES_MAX)
                .setMaxChunkSize(CHUNK_BYTES_MAX)
                .setStrictLineParsing(true));
        this.whenHttp2 = whenHttp2;
    }

    /** The answer is out: decode the next request, which may have come already. */
    void next(ChannelHandlerContext ctx) {
        complete = false;
        Wire.reading(ctx.channel(), true);
        if (!reading) {
            channelRead(ctx, Unpooled.EMPTY_BUFFER);
            ctx.fireChannelReadComplete();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        boolean outer = reading;
        reading = true;
        try {
            super.channelRead(ctx, message);
        } catch (Exception e) {
            ctx.fireExceptionCaught(e);
        } finally {
            reading = outer;
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        if (complete) {
            // The decoder would ask for more, since it made nothing of what came.
            ctx.fireChannelReadComplete();
        } else {
            super.channelReadComplete(ctx);
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (broken) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (complete) {
            Wire.reading(ctx.channel(), false);
            return;
        }
        if (fresh && awaitsPreface(in)) {
            return;
        }
        if (!inBody && beginsOddly(in)) {
            refuse(in, out, "a line begins with a blank or a control character");
            return;
        }
        if (!inBody && hasFoldedHeader(in)) {
            refuse(in, out, "a header goes on in a second line");
            return;
        }
        int before = in.readerIndex();
        super.decode(ctx, in, out);
        headStarted |= in.readerIndex() > before;
        if (!out.isEmpty()) {
            follow((HttpObject) out.getLast());
        }
    }

    /** Whether the bytes are, or may become, the preface of HTTP/2 (RFC 9113, 3.4): if they are, others go on from here. */
    private boolean awaitsPreface(ByteBuf in) {
        int count = Math.min(in.readableBytes(), PREFACE.length);
        for (int i = 0; i < count; i++) {
            if (in.getByte(in.readerIndex() + i) != PREFACE[i]) {
                fresh = false;
                return false;
            }
        }
        if (count == PREFACE.length) {
            fresh = false;
            whenHttp2.run();
        }
        return true;
    }

    private void follow(HttpObject decoded) {
        broken = decoded.decoderResult().isFailure();
        if (decoded instanceof LastHttpContent) {
            complete = !broken;
            inBody = false;
            headStarted = false;
            sized = false;
        } else if (decoded instanceof HttpRequest) {
            inBody = true;
        }
    }

    private void refuse(ByteBuf in, List<Object> out, String why) {
        broken = true;
        in.skipBytes(in.readableBytes());
        HttpRequest refused = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
        refused.setDecoderResult(DecoderResult.failure(ambiguous(why)));
        out.add(refused);
    }

    /** RFC 9112, 2.2: empty lines may come before a request, and nothing else; Netty skips whatever is not printed. */
    private boolean beginsOddly(ByteBuf in) {
        int from = headStarted ? in.readerIndex() : afterLineEnds(in);
        return from < in.writerIndex() && isUnprinted(in.getByte(from));
    }

    private static int afterLineEnds(ByteBuf in) {
        int from = in.readerIndex();
        while (from < in.writerIndex() && isLineEnd(in.getByte(from))) {
            from++;
        }
        return from;
    }

    private static boolean isUnprinted(byte b) {
        return ((b >= 0 && b <= ' ') || b == 0x7f) && !isLineEnd(b);
    }

    private static boolean isLineEnd(byte b) {
        return b == HttpConstants.CR || b == HttpConstants.LF;
    }

    /** RFC 9112, 5.2: such a line is either refused or joined, and Netty joins it. */
    private boolean hasFoldedHeader(ByteBuf in) {
        int from = headStarted ? in.readerIndex() : afterLineEnds(in);
        int end = in.writerIndex();
        while (true) {
            int lineEnd = in.indexOf(from, end, HttpConstants.LF);
            if (lineEnd < 0 || lineEnd + 1 >= end) {
                return false;
            }
            byte next = in.getByte(lineEnd + 1);
            if (isBlank(next)) {
                return true;
            }
            if (isLineEnd(next)) {
                return false;
            }
            from = lineEnd + 1;
        }
    }

    private static boolean isBlank(byte b) {
        return b == HttpConstants.SP || b == HttpConstants.HT;
    }

    /** RFC 9112, 3: its words are parted by one blank each; Netty takes several, and tabs. */
    @Override
    protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
        wordEnd = start + length;
        return super.splitFirstWordInitialLine(line, start, length);
    }

    @Override
    protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
        checkBlank(line, start);
        wordEnd = start + length;
        return super.splitSecondWordInitialLine(line, start, length);
    }

    /** RFC 9112, 2.3: in capitals. */
    @Override
    protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
        checkBlank(line, start);
        String version = super.splitThirdWordInitialLine(line, start, length);
        if (!version.startsWith("HTTP/")) {
            throw ambiguous("its first line does not end in the version of HTTP");
        }
        return version;
    }

    private void checkBlank(byte[] line, int start) {
        if (start != wordEnd + 1 || line[wordEnd] != HttpConstants.SP) {
            throw ambiguous("the words of its first line are not parted by one blank each");
        }
    }

    @Override
    protected AsciiString splitHeaderName(byte[] line, int start, int length) {
        AsciiString name = HeaderNames.of(line, start, length);
        if (!inBody && HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)) {
            if (sized) {
                // In HTTP/1.0 Netty takes the first.
                throw ambiguous("it has more than one Content-Length");
            }
            sized = true;
        }
        return name;
    }

    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw ambiguous("it has both a Content-Length and a Transfer-Encoding");
    }

    private static StoaException ambiguous(String why) {
        return new StoaException(ErrorCode.BAD_REQUEST, why, "");
    }
}
