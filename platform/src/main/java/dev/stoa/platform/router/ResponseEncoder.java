package dev.stoa.platform.router;

import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/** Knows whether the request was a HEAD, whose answer has no body whatever its headers say. */
final class ResponseEncoder extends HttpResponseEncoder {
    private boolean head;

    void expectAnswer(boolean toHead) {
        head = toHead;
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
        return head || super.isContentAlwaysEmpty(response);
    }
}
