package dev.stoa.platform.bucket;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What makes signatures of AWS Signature Version 4, for those who send requests and for those who check them. */
public final class SigningKey {
    public static final String ALGORITHM = "AWS4-HMAC-SHA256";

    static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private static final String HMAC = "HmacSHA256";
    private static final int DATE_CHARS = 8;

    private final SecretKeySpec key;

    private SigningKey(SecretKeySpec key) {
        this.key = key;
    }

    /** As it stands in requests. */
    public static String time(Instant instant) {
        return TIME.format(instant);
    }

    /** The scope of a request to S3 at that time. */
    public static String scope(String time, String region) {
        return "%s/%s/s3/aws4_request".formatted(time.substring(0, DATE_CHARS), region);
    }

    /** @param scope date, region, service and {@code aws4_request} */
    public static SigningKey of(String secret, String scope) {
        SecretKeySpec key = hmacKey(bytes("AWS4" + secret));
        for (String part : scope.split("/", -1)) {
            key = hmacKey(hmac(key, part));
        }
        return new SigningKey(key);
    }

    /** The signature of a request of this form. */
    public String signRequest(String time, String scope, String canonical) {
        return sign(String.join("\n", ALGORITHM, time, scope, sha256(canonical)));
    }

    String sign(String text) {
        return HexFormat.of().formatHex(hmac(key, text));
    }

    public static String sha256(String text) {
        return HexFormat.of().formatHex(Digests.hash("SHA-256").digest(bytes(text)));
    }

    private static SecretKeySpec hmacKey(byte[] bytes) {
        return new SecretKeySpec(bytes, HMAC);
    }

    private static byte[] hmac(SecretKeySpec key, String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            return mac.doFinal(bytes(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + HMAC, e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
