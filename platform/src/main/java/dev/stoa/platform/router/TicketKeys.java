package dev.stoa.platform.router;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys of session tickets (RFC 5077, RFC 8446 4.6.1), with which clients come back without a whole handshake. A host's
 * keys are derived from a secret of the process, so that a ticket of one host is of no use at another, and one outlives a
 * renewed certificate. Those of the period before still open tickets; whoever gets hold of the memory reads two periods of
 * resumed sessions at most.
 */
final class TicketKeys {
    private static final int SECRET_BYTES = 32;
    private static final String MAC = "HmacSHA512";

    private final SecureRandom random = new SecureRandom();
    private byte[] present = secret();
    private byte[] before = secret();

    synchronized void rotate() {
        before = present;
        present = secret();
    }

    /** The first seals, both open. */
    synchronized OpenSslSessionTicketKey[] of(String host) {
        return new OpenSslSessionTicketKey[] {key(present, host), key(before, host)};
    }

    private byte[] secret() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return secret;
    }

    private static OpenSslSessionTicketKey key(byte[] secret, String host) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(secret, MAC));
            byte[] bytes = mac.doFinal(host.getBytes(StandardCharsets.UTF_8));
            int hmacAt = OpenSslSessionTicketKey.NAME_SIZE;
            int aesAt = hmacAt + OpenSslSessionTicketKey.HMAC_KEY_SIZE;
            return new OpenSslSessionTicketKey(
                    Arrays.copyOfRange(bytes, 0, hmacAt),
                    Arrays.copyOfRange(bytes, hmacAt, aesAt),
                    Arrays.copyOfRange(bytes, aesAt, aesAt + OpenSslSessionTicketKey.AES_KEY_SIZE));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + MAC, e);
        }
    }
}
