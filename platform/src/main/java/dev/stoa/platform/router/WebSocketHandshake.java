package dev.stoa.platform.router;

import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The handshake of a WebSocket with an instance that speaks HTTP/2: there it is a CONNECT, and neither key nor proof goes over
 * the wire (RFC 8441, 5). The proof that a client of HTTP/1.1 waits for is made here.
 *
 * @param key that the client sent
 */
record WebSocketHandshake(String key) {
    /** RFC 6455, 1.3. */
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private static final int KEY_BYTES = 16;

    /** Null: the request asks for none. */
    static @Nullable WebSocketHandshake asked(HttpRequest request) {
        String protocol = request.headers().get(HttpHeaderNames.UPGRADE);
        if (protocol == null
                || !HttpHeaderValues.WEBSOCKET.contentEqualsIgnoreCase(protocol)
                || !request.method().equals(HttpMethod.GET)) {
            return null;
        }
        return new WebSocketHandshake(request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY, ""));
    }

    /** Whether the key is one. */
    boolean isSound() {
        try {
            return Base64.getDecoder().decode(key.trim()).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** What the instance's agreement is in HTTP/1.1. */
    HttpResponse accepted(HttpResponse agreed) {
        HttpResponse response =
                new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS, agreed.headers());
        response.headers()
                .remove(HttpHeaderNames.CONTENT_LENGTH)
                .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                .set(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT, proof());
        return response;
    }

    private String proof() {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1").digest((key.trim() + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The instance does not take WebSockets as streams. No stack: a client chooses when it happens. */
    static final class NotTaken extends Exception {
        private static final long serialVersionUID = 1L;

        NotTaken() {
            super("SETTINGS_ENABLE_CONNECT_PROTOCOL is not 1", null, false, false);
        }
    }

    /** The client's key is none. */
    static final class NoKey extends Exception {
        private static final long serialVersionUID = 1L;

        NoKey() {
            super("no Sec-WebSocket-Key", null, false, false);
        }
    }
}
