package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Adds nothing for the end of a request that has nothing at its end, so that its head goes out by itself in one plain write.
 * Writes the target byte for byte as the client sent it, where Netty would write it as UTF-8 once more.
 */
final class RequestEncoder extends HttpRequestEncoder {
    private static final byte[] LINE_END = " HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII);

    private final List<Object> atTheEnd = new ArrayList<>(1);

    @SuppressWarnings("ReferenceEquality") // These two are themselves.
    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
        if (message != LastHttpContent.EMPTY_LAST_CONTENT || !promise.isVoid()) {
            super.write(ctx, message, promise);
            return;
        }
        encode(ctx, message, atTheEnd);
        for (Object part : atTheEnd) {
            if (part != Unpooled.EMPTY_BUFFER) {
                Wire.write(ctx, part);
            }
        }
        atTheEnd.clear();
    }

    @Override
    protected void encodeInitialLine(ByteBuf out, HttpRequest request) {
        ByteBufUtil.copy(request.method().asciiName(), out);
        out.writeByte(HttpConstants.SP);
        out.writeCharSequence(request.uri(), StandardCharsets.ISO_8859_1);
        out.writeBytes(LINE_END);
    }
}
