package dev.stoa.platform.resource.proxy;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Both sides of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding. A client that proves to this side that it knows
 * its password gives away the key with which this side can log in to the server in its name, and not the password.
 */
final class Scram {
    static final String MECHANISM = "SCRAM-SHA-256";

    private static final int NONCE_BYTES = 18;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Pattern FIRST = Pattern.compile("([ny],,)(n=[^,]*,r=([\\x21-\\x2b\\x2d-\\x7e]+))");
    private static final Pattern FINAL = Pattern.compile("(c=([A-Za-z0-9+/=]+),r=([^,]+)),p=([A-Za-z0-9+/=]+)");

    private Scram() {}

    /** What the server keeps of a password: {@code SCRAM-SHA-256$4096:salt$StoredKey:ServerKey}. */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares it.
    record Verifier(String iterations, String salt, byte[] storedKey, byte[] serverKey) {
        private static final Pattern FORM = Pattern.compile("SCRAM-SHA-256\\$(\\d+):([^$]+)\\$([^:]+):(.+)");

        static Optional<Verifier> parse(String text) {
            Matcher form = FORM.matcher(text);
            return form.matches()
                    ? Optional.of(new Verifier(
                            form.group(1),
                            form.group(2),
                            Base64.getDecoder().decode(form.group(3)),
                            Base64.getDecoder().decode(form.group(4))))
                    : Optional.empty();
        }
    }

    /** The side that is asked to let somebody in. */
    static final class Doorkeeper {
        private final Verifier verifier;
        private String opening = "";
        private String header = "";
        private String nonce = "";
        private String challenge = "";

        Doorkeeper(Verifier verifier) {
            this.verifier = verifier;
        }

        /** Empty if it is none of a client that can come in here. */
        Optional<String> challenge(String first) {
            Matcher form = FIRST.matcher(first);
            if (!form.matches()) {
                return Optional.empty();
            }
            header = form.group(1);
            opening = form.group(2);
            nonce = form.group(3) + freshNonce();
            challenge = "r=%s,s=%s,i=%s".formatted(nonce, verifier.salt(), verifier.iterations());
            return Optional.of(challenge);
        }

        /**
         * @param key   of the client
         * @param proof that this side knows the verifier
         */
        @SuppressWarnings("ArrayRecordComponent") // Nobody compares it.
        record Welcome(byte[] key, String proof) {}

        /** Empty if the password is wrong. */
        Optional<Welcome> welcome(String last) {
            Matcher form = FINAL.matcher(last);
            if (!form.matches()
                    || !form.group(2).equals(base64(header.getBytes(StandardCharsets.US_ASCII)))
                    || !form.group(3).equals(nonce)) {
                return Optional.empty();
            }
            String all = opening + "," + challenge + "," + form.group(1);
            byte[] key = decoded(form.group(4));
            byte[] signature = hmac(verifier.storedKey(), all);
            if (key.length != signature.length) {
                return Optional.empty();
            }
            byte[] clientKey = xor(key, signature);
            if (!MessageDigest.isEqual(sha256(clientKey), verifier.storedKey())) {
                return Optional.empty();
            }
            return Optional.of(new Welcome(clientKey, "v=" + base64(hmac(verifier.serverKey(), all))));
        }
    }

    /** The side that asks, with the key of a client that came in before. */
    static final class Guest {
        private final byte[] key;
        private final String opening = "n=,r=" + freshNonce();

        Guest(byte[] key) {
            this.key = key;
        }

        String first() {
            return "n,," + opening;
        }

        String last(String challenge) {
            String nonce = challenge.replaceFirst("^r=([^,]*),.*$", "$1");
            String bare = "c=biws,r=" + nonce;
            byte[] signature = hmac(sha256(key), opening + "," + challenge + "," + bare);
            return bare + ",p=" + base64(xor(key, signature));
        }
    }

    private static String freshNonce() {
        byte[] bytes = new byte[NONCE_BYTES];
        RANDOM.nextBytes(bytes);
        return base64(bytes);
    }

    private static byte[] decoded(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] xor(byte[] one, byte[] other) {
        byte[] both = one.clone();
        for (int i = 0; i < both.length; i++) {
            both[i] ^= other[i];
        }
        return both;
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no SHA-256", e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no HmacSHA256", e);
        }
    }
}
