package dev.stoa.platform.bucket;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A signature of version 4, in the header or, presigned, in the query.
 *
 * @param signing the key that it was made with, for the signatures of what follows
 * @param payload what it says of the body: its SHA-256, or that there is none or there are several
 */
record Signature(BucketKey key, String time, String scope, SigningKey signing, String value, String payload) {
    static final String UNSIGNED = "UNSIGNED-PAYLOAD";
    static final Duration SKEW_MAX = Duration.ofMinutes(15);
    static final Duration VALID_MAX = Duration.ofDays(7);

    private static final String SIGNATURE = "X-Amz-Signature";

    /** Whom a request says that it is from. */
    @FunctionalInterface
    interface Keys {
        Optional<BucketKey> find(String id);
    }

    private record Claim(String id, String scope, String date, List<String> headers, String signature, String time) {}

    static boolean isIn(S3Request request) {
        return request.header("authorization").isPresent()
                || request.has("X-Amz-Algorithm")
                || request.has(SIGNATURE)
                || request.has(OldSignature.KEY);
    }

    /** @throws S3Exception if it is not right */
    static Signature check(S3Request request, Keys keys, Instant now) {
        boolean presigned = request.header("authorization").isEmpty();
        if (presigned && request.has(OldSignature.KEY)) {
            return OldSignature.check(request, keys, now);
        }
        Claim claim = presigned ? inQuery(request) : inHeader(request);
        Instant signedAt = time(claim.time(), presigned);
        checkTime(request, signedAt, presigned, now);
        BucketKey key = keys.find(claim.id()).orElseThrow(Signature::unknownKey);
        if (!claim.headers().contains("host")) {
            throw new S3Exception(S3Code.AccessDenied, "The header host has to be signed.");
        }
        for (String name : request.headers().keySet()) {
            boolean counts = name.startsWith("x-amz-") && !(presigned && name.equals("x-amz-content-sha256"));
            if (counts && !claim.headers().contains(name)) {
                throw new S3Exception(
                        S3Code.AccessDenied, "There were headers in the request that were not signed: " + name);
            }
        }
        String payload = presigned
                ? UNSIGNED
                : request.header("x-amz-content-sha256")
                        .orElseThrow(() ->
                                new S3Exception(S3Code.InvalidRequest, "The header x-amz-content-sha256 is missing."));
        SigningKey signing = SigningKey.of(key.secret(), claim.scope());
        String expected = signing.signRequest(claim.time(), claim.scope(), canonical(request, claim, payload));
        if (!MessageDigest.isEqual(bytes(expected), bytes(claim.signature()))) {
            throw wrong();
        }
        return new Signature(key, claim.time(), claim.scope(), signing, claim.signature(), payload);
    }

    static S3Exception unknownKey() {
        return new S3Exception(
                S3Code.InvalidAccessKeyId, "The access key id that the request names is not known here.");
    }

    static S3Exception wrong() {
        return new S3Exception(
                S3Code.SignatureDoesNotMatch,
                "The signature is not the one that the request gives with this key. Either the secret is wrong,"
                        + " or the request was changed on its way.");
    }

    private static Claim inHeader(S3Request request) {
        String header = request.header("authorization").orElse("");
        if (!header.startsWith(SigningKey.ALGORITHM + " ")) {
            throw new S3Exception(
                    S3Code.InvalidRequest,
                    "This kind of authorization is not known here. Please use AWS4-HMAC-SHA256.");
        }
        Map<String, String> parts = new HashMap<>();
        for (String part : header.substring(SigningKey.ALGORITHM.length()).split(",", -1)) {
            String[] pair = part.strip().split("=", 2);
            if (pair.length == 2) {
                parts.put(pair[0], pair[1]);
            }
        }
        return claim(
                parts.getOrDefault("Credential", ""),
                parts.getOrDefault("SignedHeaders", ""),
                parts.getOrDefault("Signature", ""),
                request.header("x-amz-date").orElse(""),
                S3Code.AuthorizationHeaderMalformed);
    }

    private static Claim inQuery(S3Request request) {
        if (!request.param("X-Amz-Algorithm").equals(Optional.of(SigningKey.ALGORITHM))) {
            throw new S3Exception(
                    S3Code.AuthorizationQueryParametersError, "X-Amz-Algorithm has to be AWS4-HMAC-SHA256.");
        }
        return claim(
                request.param("X-Amz-Credential").orElse(""),
                request.param("X-Amz-SignedHeaders").orElse(""),
                request.param(SIGNATURE).orElse(""),
                request.param("X-Amz-Date").orElse(""),
                S3Code.AuthorizationQueryParametersError);
    }

    private static Claim claim(String credential, String headers, String signature, String time, S3Code otherwise) {
        String[] parts = credential.split("/", -1);
        if (parts.length != 5 || !parts[3].equals("s3") || !parts[4].equals("aws4_request") || signature.isEmpty()) {
            throw new S3Exception(
                    otherwise,
                    "The credential has to be KEY/DATE/REGION/s3/aws4_request, and there has to be a signature.");
        }
        if (!time.startsWith(parts[1]) || parts[1].isEmpty()) {
            throw new S3Exception(otherwise, "The date of the credential is not that of the request.");
        }
        return new Claim(
                parts[0],
                String.join("/", parts[1], parts[2], parts[3], parts[4]),
                parts[1],
                List.of(headers.toLowerCase(Locale.ROOT).split(";", -1)),
                signature,
                time);
    }

    private static Instant time(String text, boolean presigned) {
        try {
            return Instant.from(SigningKey.TIME.parse(text));
        } catch (DateTimeException e) {
            throw new S3Exception(
                    presigned ? S3Code.AuthorizationQueryParametersError : S3Code.AccessDenied,
                    "X-Amz-Date has to be a time such as 20260131T120000Z.");
        }
    }

    private static void checkTime(S3Request request, Instant signedAt, boolean presigned, Instant now) {
        if (!presigned) {
            if (Duration.between(signedAt, now).abs().compareTo(SKEW_MAX) > 0) {
                throw new S3Exception(
                        S3Code.RequestTimeTooSkewed,
                        "The time of the request, %s, is more than 15 minutes from the time here, %s."
                                .formatted(signedAt, now));
            }
            return;
        }
        long seconds;
        try {
            seconds = Long.parseLong(request.param("X-Amz-Expires").orElse(""));
        } catch (NumberFormatException e) {
            seconds = 0;
        }
        if (seconds < 1 || seconds > VALID_MAX.toSeconds()) {
            throw new S3Exception(
                    S3Code.AuthorizationQueryParametersError,
                    "X-Amz-Expires has to be a number of seconds from 1 to " + VALID_MAX.toSeconds() + ".");
        }
        if (now.isAfter(signedAt.plusSeconds(seconds))) {
            throw new S3Exception(
                    S3Code.AccessDenied,
                    "Request has expired: the URL was valid until %s.".formatted(signedAt.plusSeconds(seconds)));
        }
        if (signedAt.isAfter(now.plus(SKEW_MAX))) {
            throw new S3Exception(
                    S3Code.AccessDenied, "Request is not yet valid: it was signed for %s.".formatted(signedAt));
        }
    }

    private static String canonical(S3Request request, Claim claim, String payload) {
        String query = request.query().stream()
                .filter(entry -> !entry.getKey().equals(SIGNATURE))
                .map(entry -> Map.entry(Percent.encode(entry.getKey(), true), Percent.encode(entry.getValue(), true)))
                .sorted(Map.Entry.<String, String>comparingByKey()
                        .thenComparing(Map.Entry.comparingByValue(Comparator.naturalOrder())))
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining("&"));
        String headers = claim.headers().stream()
                .map(name ->
                        name + ":" + request.header(name).orElse("").strip().replaceAll(" +", " ") + "\n")
                .collect(Collectors.joining());
        return String.join(
                "\n",
                request.method(),
                Percent.encode(request.path(), false),
                query,
                headers,
                String.join(";", claim.headers()),
                payload);
    }

    /**
     * The URL's query that lets whoever has it do one thing for a while.
     *
     * @param headers with which it is to be done, by lower-case name
     */
    static String presigned(
            BucketKey key,
            String method,
            String host,
            String path,
            Map<String, String> query,
            Map<String, String> headers,
            String region,
            Duration valid,
            Instant now) {
        String time = SigningKey.time(now);
        String scope = SigningKey.scope(time, region);
        Map<String, String> signed = new TreeMap<>(headers);
        signed.put("host", host);
        Map<String, String> all = new HashMap<>(query);
        all.put("X-Amz-Algorithm", SigningKey.ALGORITHM);
        all.put("X-Amz-Credential", key.id() + "/" + scope);
        all.put("X-Amz-Date", time);
        all.put("X-Amz-Expires", Long.toString(valid.toSeconds()));
        all.put("X-Amz-SignedHeaders", String.join(";", signed.keySet()));
        S3Request request = new S3Request(
                method, host, path, "", "", List.copyOf(all.entrySet()), signed, java.io.InputStream.nullInputStream());
        Claim claim = new Claim(key.id(), scope, time.substring(0, 8), List.copyOf(signed.keySet()), "", time);
        String signature =
                SigningKey.of(key.secret(), scope).signRequest(time, scope, canonical(request, claim, UNSIGNED));
        return all.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(entry ->
                                Percent.encode(entry.getKey(), true) + "=" + Percent.encode(entry.getValue(), true))
                        .collect(Collectors.joining("&"))
                + "&" + SIGNATURE + "=" + signature;
    }

    /** Of one more piece of the body, or of its trailer. */
    String next(String kind, String before, String... hashes) {
        return signing.sign(String.join("\n", kind, time, scope, before) + "\n" + String.join("\n", hashes));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
