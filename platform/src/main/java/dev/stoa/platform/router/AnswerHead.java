package dev.stoa.platform.router;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;

/**
 * What the head of an answer means for the two connections.
 *
 * @param upstreamReusable whether the instance keeps its connection open after this answer
 * @param clientKeepAlive  whether the client's connection can stay open, since the client will see where the answer ends
 */
record AnswerHead(boolean upstreamReusable, boolean clientKeepAlive) {
    private static final int STATUS_MIN = 100;
    private static final int STATUS_MAX = 999;

    /** Whether it is an answer, and where it ends can be read in one way only. Netty has looked at the rest. */
    static boolean isSound(HttpResponse response) {
        int status = response.status().code();
        if (status < STATUS_MIN || status > STATUS_MAX) {
            return false;
        }
        HttpHeaders headers = response.headers();
        String encoding = headers.get(HttpHeaderNames.TRANSFER_ENCODING);
        return encoding == null
                || (HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(encoding)
                        && headers.getAll(HttpHeaderNames.TRANSFER_ENCODING).size() == 1);
    }

    /**
     * Makes the head ready for the client: hop-by-hop headers go, and the body is framed in a way that it understands.
     *
     * @param toHead whether the request was a HEAD
     * @param http11 whether the client speaks HTTP/1.1, and so knows chunks
     */
    static AnswerHead prepare(
            HttpResponse response, boolean toHead, boolean http11, boolean clientKeepAlive, String requestId) {
        HttpHeaders headers = response.headers();
        boolean stays = HttpUtil.isKeepAlive(response);
        boolean endsInside = true;
        int status = response.status().code();
        if (!toHead && status != 204 && status != 304) {
            boolean chunked = HttpUtil.isTransferEncodingChunked(response);
            boolean sized = headers.contains(HttpHeaderNames.CONTENT_LENGTH);
            stays &= chunked || sized;
            endsInside = sized || http11;
            if (!http11) {
                headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
            } else if (!sized && !chunked) {
                headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            }
        }
        if (isBodyless(status)) {
            endsInside = true;
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
        }
        ForwardedHeaders.removeHopByHop(headers);
        response.setProtocolVersion(HttpVersion.HTTP_1_1);
        if (!headers.contains(ForwardedHeaders.REQUEST_ID)) {
            headers.set(ForwardedHeaders.REQUEST_ID, requestId);
        }
        boolean open = clientKeepAlive && endsInside;
        markConnection(headers, http11, open);
        return new AnswerHead(stays, open);
    }

    /** Whether an answer with this status never has a body, nor a length of one (RFC 9110, 8.6 and 15.3.6). */
    static boolean isBodyless(int status) {
        return status == 204 || status == 205;
    }

    /** The same for a 100 or a 103, which has no body to speak of. */
    static void prepareInterim(HttpHeaders headers) {
        ForwardedHeaders.removeHopByHop(headers);
        headers.remove(HttpHeaderNames.CONTENT_LENGTH);
    }

    static void markConnection(HttpHeaders headers, boolean http11, boolean keepAlive) {
        if (!keepAlive) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!http11) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }
}
