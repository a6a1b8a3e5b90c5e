package dev.stoa.platform.resource;

import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs requests as S3 wants it (AWS Signature Version 4, in headers). */
record SignedRequest(String region, String accessKey, String secretKey) {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String HEADERS = "host;x-amz-content-sha256;x-amz-date";
    private static final int DATE_CHARS = 8;

    /** @param bodySha256 hexadecimal */
    HttpRequest.Builder sign(String method, URI uri, String bodySha256, Instant now) {
        String stamp = STAMP.format(now);
        String date = stamp.substring(0, DATE_CHARS);
        String scope = "%s/%s/s3/aws4_request".formatted(date, region);
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        String host = uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
        String canonical = String.join(
                "\n",
                method,
                uri.getRawPath(),
                query,
                "host:" + host,
                "x-amz-content-sha256:" + bodySha256,
                "x-amz-date:" + stamp,
                "",
                HEADERS,
                bodySha256);
        String toSign = String.join("\n", ALGORITHM, stamp, scope, sha256(canonical.getBytes(StandardCharsets.UTF_8)));
        byte[] key = ("AWS4" + secretKey).getBytes(StandardCharsets.UTF_8);
        for (String part : new String[] {date, region, "s3", "aws4_request"}) {
            key = hmac(key, part);
        }
        String signature = HexFormat.of().formatHex(hmac(key, toSign));
        return HttpRequest.newBuilder(uri)
                .header("x-amz-date", stamp)
                .header("x-amz-content-sha256", bodySha256)
                .header(
                        "Authorization",
                        "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s"
                                .formatted(ALGORITHM, accessKey, scope, HEADERS, signature));
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has HMAC-SHA256", e);
        }
    }

    @Override
    public String toString() {
        return "SignedRequest[%s]".formatted(accessKey);
    }
}
