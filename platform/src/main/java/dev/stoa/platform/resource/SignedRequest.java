package dev.stoa.platform.resource;

import dev.stoa.platform.bucket.SigningKey;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.util.regex.Pattern;

/** Signs requests as S3 wants it (AWS Signature Version 4, in headers). */
record SignedRequest(String region, String accessKey, String secretKey) {
    private static final String LOCALHOST = ".localhost";
    private static final String HEADERS = "host;x-amz-content-sha256;x-amz-date";

    /** @param bodySha256 hexadecimal */
    HttpRequest.Builder sign(String method, URI uri, String bodySha256, Instant now) {
        String stamp = SigningKey.time(now);
        String scope = SigningKey.scope(stamp, region);
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
        String signature = SigningKey.of(secretKey, scope).signRequest(stamp, scope, canonical);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (uri.getHost().endsWith(LOCALHOST)) {
            // Such names are this machine's own, which not every resolver knows.
            request = HttpRequest.newBuilder(
                            URI.create(uri.toString().replaceFirst(Pattern.quote(uri.getHost()), "127.0.0.1")))
                    .header("Host", host);
        }
        return request.header("x-amz-date", stamp)
                .header("x-amz-content-sha256", bodySha256)
                .header(
                        "Authorization",
                        "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s"
                                .formatted(SigningKey.ALGORITHM, accessKey, scope, HEADERS, signature));
    }

    @Override
    public String toString() {
        return "SignedRequest[%s]".formatted(accessKey);
    }
}
