package dev.stoa.platform.bucket;

import dev.stoa.platform.bucket.Stored.Blob;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The body of a request: what was announced about it is held against what came. */
final class Incoming {
    private static final int DOCUMENT_BYTES_MAX = 4 << 20;

    private final S3Request request;
    private final String payload;
    private final InputStream in;
    private final @Nullable AwsChunks chunks;
    private final MessageDigest md5 = Digests.hash("MD5");
    private final MessageDigest sha256 = Digests.hash("SHA-256");
    private final Map<Digests, Digests.Running> sums = new EnumMap<>(Digests.class);

    private String etag = "";
    private Map<String, String> checksums = Map.of();

    Incoming(S3Request request, @Nullable Signature signature) {
        this.request = request;
        String said = request.header("x-amz-content-sha256").orElse(Signature.UNSIGNED);
        this.payload =
                signature != null && !signature.payload().equals(Signature.UNSIGNED) ? signature.payload() : said;
        InputStream raw = new BufferedInputStream(request.body());
        this.chunks = switch (payload) {
            case "STREAMING-UNSIGNED-PAYLOAD-TRAILER" -> new AwsChunks(raw, null, true);
            case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" -> new AwsChunks(raw, signed(signature), false);
            case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" -> new AwsChunks(raw, signed(signature), true);
            default -> null;
        };
        if (chunks == null && payload.startsWith("STREAMING-")) {
            throw new S3Exception(S3Code.NotImplemented, "Bodies of the form %s are not taken.".formatted(payload));
        }
        this.in = chunks == null ? raw : chunks;
        request.headers().keySet().forEach(this::expect);
        request.header("x-amz-trailer").ifPresent(names -> {
            for (String name : names.split(",", -1)) {
                expect(name);
            }
        });
        request.header("x-amz-sdk-checksum-algorithm")
                .flatMap(Digests::named)
                .ifPresent(digest -> sums.putIfAbsent(digest, digest.start()));
    }

    private static Signature signed(@Nullable Signature signature) {
        if (signature == null) {
            throw new S3Exception(S3Code.AccessDenied, "The body says that it is signed, and the request is not.");
        }
        return signature;
    }

    private void expect(String header) {
        Digests.ofHeader(header).ifPresent(digest -> sums.putIfAbsent(digest, digest.start()));
    }

    /**
     * What has come.
     *
     * @param etag      its MD5
     * @param checksums by header
     */
    record Received(Blob blob, String etag, Map<String, String> checksums) {}

    /** Stores it; leaves nothing behind where something about it is wrong. */
    Received store(BlobFiles files) throws IOException {
        OptionalLong length = request.length();
        if (length.isEmpty()) {
            throw new S3Exception(S3Code.MissingContentLength, "The length of the content has to be told.");
        }
        InputStream checked = new InputStream() {
            private long seen;
            private boolean ended;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int count) throws IOException {
                if (ended) {
                    return -1;
                }
                int read = in.read(bytes, offset, count);
                seen += Math.max(0, read);
                if (seen > length.getAsLong() || (read < 0 && seen < length.getAsLong())) {
                    throw new S3Exception(
                            S3Code.IncompleteBody,
                            "%d bytes were announced, and not as many came.".formatted(length.getAsLong()));
                }
                if (read < 0) {
                    ended = true;
                    // Here, so that the file goes if they are wrong.
                    verify();
                }
                return read;
            }
        };
        Blob blob = files.write(checked, this::saw);
        return new Received(blob, etag, checksums);
    }

    private void saw(byte[] bytes, int offset, int length) {
        md5.update(bytes, offset, length);
        if (chunks == null && !payload.equals(Signature.UNSIGNED)) {
            sha256.update(bytes, offset, length);
        }
        sums.values().forEach(sum -> sum.update(bytes, offset, length));
    }

    private void verify() {
        byte[] hash = md5.digest();
        etag = HexFormat.of().formatHex(hash);
        request.header("content-md5").ifPresent(given -> {
            byte[] expected;
            try {
                expected = Base64.getDecoder().decode(given);
            } catch (IllegalArgumentException e) {
                throw new S3Exception(S3Code.InvalidDigest, "The Content-MD5 is not 16 bytes in Base64.");
            }
            if (!MessageDigest.isEqual(expected, hash)) {
                throw new S3Exception(S3Code.BadDigest, "The Content-MD5 is not that of what was received.");
            }
        });
        if (chunks == null
                && !payload.equals(Signature.UNSIGNED)
                && !payload.equalsIgnoreCase(HexFormat.of().formatHex(sha256.digest()))) {
            throw new S3Exception(
                    S3Code.XAmzContentSHA256Mismatch, "The x-amz-content-sha256 is not that of what was received.");
        }
        Map<String, String> found = new TreeMap<>();
        sums.forEach((digest, running) -> {
            String own = running.base64();
            Optional<String> said = request.header(digest.header())
                    .or(() -> Optional.ofNullable(chunks)
                            .map(body -> body.trailers().get(digest.header())));
            if (said.isPresent() && !said.get().equals(own)) {
                throw new S3Exception(
                        S3Code.BadDigest,
                        "The %s that was sent is not that of what was received.".formatted(digest.header()));
            }
            found.put(digest.header(), own);
        });
        checksums = found;
    }

    /** A body that is a document of XML. */
    Xml.Element document() throws IOException {
        byte[] bytes = in.readNBytes(DOCUMENT_BYTES_MAX + 1);
        if (bytes.length > DOCUMENT_BYTES_MAX) {
            throw new S3Exception(S3Code.MalformedXML, "The body is too long.");
        }
        saw(bytes, 0, bytes.length);
        verify();
        return Xml.parse(bytes);
    }
}
