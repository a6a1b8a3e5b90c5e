package dev.stoa.platform.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/** Answers that the router gives in an app's place and that are no errors. */
final class HereAnswer {
    private HereAnswer() {}

    /** The method and the body stay what they are. */
    static FullHttpResponse movedTo(String url) {
        FullHttpResponse answer = text(HttpResponseStatus.PERMANENT_REDIRECT, url + "\n");
        answer.headers().set(HttpHeaderNames.LOCATION, url);
        return answer;
    }

    static FullHttpResponse text(String text) {
        return text(HttpResponseStatus.OK, text);
    }

    private static FullHttpResponse text(HttpResponseStatus status, String text) {
        ByteBuf body = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
        FullHttpResponse answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
        answer.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        return answer;
    }
}
