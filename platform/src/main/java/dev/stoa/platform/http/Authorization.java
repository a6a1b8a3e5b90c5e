package dev.stoa.platform.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;

/** Who is let in: whoever has the token. */
final class Authorization {
    private static final String BEARER = "Bearer ";
    private static final String BASIC = "Basic ";

    private final byte[] token;

    Authorization(String token) {
        this.token = token.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * @param header     the value of the header Authorization, or nothing
     * @param bearerOnly false where the token may also be the password of HTTP Basic, of any user; browsers send that by
     *     themselves, so that it is no good for the API
     */
    boolean admits(String header, boolean bearerOnly) {
        if (startsWith(header, BEARER)) {
            return same(header.substring(BEARER.length()).getBytes(StandardCharsets.UTF_8));
        }
        return !bearerOnly && startsWith(header, BASIC) && same(password(header.substring(BASIC.length())));
    }

    private static boolean startsWith(String header, String scheme) {
        return header.regionMatches(true, 0, scheme, 0, scheme.length());
    }

    private static byte[] password(String credentials) {
        try {
            String pair = new String(Base64.getDecoder().decode(credentials.strip()), StandardCharsets.UTF_8);
            return pair.substring(pair.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private boolean same(byte[] given) {
        return MessageDigest.isEqual(given, token);
    }
}
