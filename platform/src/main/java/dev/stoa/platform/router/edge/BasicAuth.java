package dev.stoa.platform.router.edge;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;

/**
 * One user and one password for a whole app (RFC 7617). The password is kept and compared as a digest, which takes the same time
 * whatever was sent.
 */
public final class BasicAuth {
    private static final String SCHEME = "Basic ";

    /** Longer ones are nobody's. */
    private static final int CREDENTIALS_CHARS_MAX = 2000;

    private BasicAuth() {}

    /** What is kept of a user and a password. */
    public static String login(String user, String password) {
        return HexFormat.of().formatHex(digest((user + ":" + password).getBytes(StandardCharsets.UTF_8)));
    }

    /** @param authorization the header's value; empty where there is none */
    public static boolean matches(String login, String authorization) {
        if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                || authorization.length() > CREDENTIALS_CHARS_MAX) {
            return false;
        }
        try {
            byte[] sent = Base64.getDecoder()
                    .decode(authorization.substring(SCHEME.length()).trim());
            return MessageDigest.isEqual(digest(sent), HexFormat.of().parseHex(login));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
