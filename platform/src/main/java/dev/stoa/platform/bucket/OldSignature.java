package dev.stoa.platform.bucket;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A URL that is signed by version 2, as boto3 and the AWS command line sign theirs unless they are told otherwise. */
final class OldSignature {
    static final String KEY = "AWSAccessKeyId";
    static final Set<String> PARAMETERS = Set.of(KEY, "Signature", "Expires");

    private static final String VALUE = "Signature";
    private static final String EXPIRES = "Expires";
    private static final String HMAC = "HmacSHA1";

    /** What of the query is signed, beside {@code response-…}: the rest says how a list is to be, or nothing. */
    private static final Set<String> SIGNED = Set.of(
            "acl",
            "cors",
            "delete",
            "lifecycle",
            "location",
            "logging",
            "notification",
            "partNumber",
            "policy",
            "requestPayment",
            "tagging",
            "torrent",
            "uploadId",
            "uploads",
            "versionId",
            "versioning",
            "versions",
            "website");

    private OldSignature() {}

    /** @throws S3Exception if it is not right */
    static Signature check(S3Request request, Signature.Keys keys, Instant now) {
        String expires = request.param(EXPIRES).orElse("");
        checkTime(expires, now);
        BucketKey key = keys.find(request.param(KEY).orElse("")).orElseThrow(Signature::unknownKey);
        String given = request.param(VALUE).orElse("");
        String expected = sign(key.secret(), canonical(request, expires));
        if (!MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8))) {
            throw Signature.wrong();
        }
        String time = SigningKey.time(now);
        String scope = SigningKey.scope(time, S3Service.REGION);
        return new Signature(key, time, scope, SigningKey.of(key.secret(), scope), given, Signature.UNSIGNED);
    }

    private static void checkTime(String expires, Instant now) {
        Instant until;
        try {
            until = Instant.ofEpochSecond(Long.parseLong(expires));
        } catch (NumberFormatException | java.time.DateTimeException e) {
            throw new S3Exception(S3Code.AccessDenied, "Expires has to be a number of seconds since 1970.");
        }
        if (now.isAfter(until)) {
            throw new S3Exception(
                    S3Code.AccessDenied, "Request has expired: the URL was valid until %s.".formatted(until));
        }
        if (until.isAfter(now.plus(Signature.VALID_MAX).plus(Signature.SKEW_MAX))) {
            throw new S3Exception(
                    S3Code.AccessDenied, "A URL is valid for at most %d days.".formatted(Signature.VALID_MAX.toDays()));
        }
    }

    private static String canonical(S3Request request, String expires) {
        String headers = new TreeMap<>(request.headers())
                .entrySet().stream()
                        .filter(header -> header.getKey().startsWith("x-amz-"))
                        .map(header -> header.getKey() + ":" + header.getValue() + "\n")
                        .collect(Collectors.joining());
        String query = request.query().stream()
                .filter(entry ->
                        SIGNED.contains(entry.getKey()) || entry.getKey().startsWith("response-"))
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> entry.getValue().isEmpty() ? entry.getKey() : entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining("&"));
        return String.join(
                        "\n",
                        request.method(),
                        request.header("content-md5").orElse(""),
                        request.header("content-type").orElse(""),
                        expires,
                        headers)
                + "/" + request.bucket()
                + (request.bucket().isEmpty() ? "" : "/")
                + Percent.encode(request.key(), false)
                + (query.isEmpty() ? "" : "?" + query);
    }

    private static String sign(String secret, String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), HMAC));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + HMAC, e);
        }
    }
}
