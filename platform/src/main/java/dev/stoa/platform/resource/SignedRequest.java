package dev.stoa.platform.resource;

import dev.stoa.platform.bucket.SigningKey;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Instant;

/** Signs requests as S3 wants it (AWS Signature Version 4, in headers). */
record SignedRequest(String region, String accessKey, String secretKey) {
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
        return HttpRequest.newBuilder(uri)
                .header("x-amz-date", stamp)
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
