package dev.stoa.platform.bucket;

import java.security.SecureRandom;
import java.util.Base64;

/** What a client signs its requests with. */
public record BucketKey(String id, String secret) {
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private static final String PREFIX = "STOA";
    private static final int ID_CHARS = 16;
    private static final int SECRET_BYTES = 30;

    /** In the form of Amazon's, which some clients insist on. */
    public static BucketKey random(SecureRandom random) {
        StringBuilder id = new StringBuilder(PREFIX);
        for (int i = 0; i < ID_CHARS; i++) {
            id.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return new BucketKey(
                id.toString(), Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
    }

    @Override
    public String toString() {
        return id;
    }
}
