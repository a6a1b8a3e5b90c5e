package dev.stoa.platform.router;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The cookie that keeps a client with its instance. It holds a mark: a digest of the instance's id, which is random. So it
 * tells nothing of names and addresses, is good after a restart of the platform, and is not taken for that of a successor.
 */
final class Sticky {
    static final String COOKIE = "stoa_instance";

    private static final int MARK_BYTES = 16;

    private Sticky() {}

    static String mark(Upstream upstream) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(("stoa instance " + upstream.id()).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, MARK_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The value of a Set-Cookie header. It lasts as long as the client's session, as the instance may go at any time. */
    static String cookie(String mark, boolean secure) {
        return COOKIE + "=" + mark + "; Path=/; HttpOnly; SameSite=Lax" + (secure ? "; Secure" : "");
    }

    /** The mark that a request brings; empty: none. */
    static String markIn(HttpHeaders headers) {
        String cookies = headers.get(HttpHeaderNames.COOKIE);
        if (cookies == null) {
            return "";
        }
        int from = 0;
        while (from < cookies.length()) {
            int semicolon = cookies.indexOf(';', from);
            int end = semicolon < 0 ? cookies.length() : semicolon;
            while (from < end && cookies.charAt(from) == ' ') {
                from++;
            }
            int value = from + COOKIE.length() + 1;
            if (cookies.startsWith(COOKIE, from) && value <= end && cookies.charAt(value - 1) == '=') {
                return cookies.substring(value, end).strip();
            }
            from = end + 1;
        }
        return "";
    }
}
