package dev.stoa.platform.bucket;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A body in the chunks of aws-chunked, each of them signed or none, with headers behind the last.
 *
 * <p>A chunk's bytes are passed on before its signature could be checked, which stands in front of it: whoever reads must not
 * keep anything before the end was reached.
 */
final class AwsChunks extends InputStream {
    private static final int LINE_BYTES_MAX = 4096;
    private static final int TRAILERS_MAX = 16;
    private static final int HEX = 16;

    private final InputStream in;
    private final @Nullable Signature signature;
    private final boolean trailer;
    private final Map<String, String> trailers = new TreeMap<>();
    private MessageDigest hash = Digests.hash("SHA-256");
    private String before;
    private String claimed = "";
    private long left;
    private boolean inChunk;
    private boolean ended;

    /** @param signature with which the chunks have to be signed, if they have to be */
    AwsChunks(InputStream in, @Nullable Signature signature, boolean trailer) {
        this.in = in;
        this.signature = signature;
        this.trailer = trailer;
        this.before = signature == null ? "" : signature.value();
    }

    /** What came behind the last chunk, by lower-case name. */
    Map<String, String> trailers() {
        return trailers;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        while (left == 0) {
            if (ended || !nextChunk()) {
                return -1;
            }
        }
        int count = in.read(bytes, offset, (int) Math.min(length, left));
        if (count < 0) {
            throw cut();
        }
        left -= count;
        if (signature != null) {
            hash.update(bytes, offset, count);
        }
        return count;
    }

    private boolean nextChunk() throws IOException {
        if (inChunk) {
            if (!line().isEmpty()) {
                throw malformed();
            }
            checkChunk();
        }
        String head = line();
        int semicolon = head.indexOf(';');
        try {
            left = Long.parseUnsignedLong((semicolon < 0 ? head : head.substring(0, semicolon)).strip(), HEX);
        } catch (NumberFormatException e) {
            throw malformed();
        }
        if (left < 0) {
            throw malformed();
        }
        int equals = head.indexOf("chunk-signature=");
        claimed = equals < 0
                ? ""
                : head.substring(equals + "chunk-signature=".length()).strip();
        inChunk = true;
        if (left > 0) {
            return true;
        }
        checkChunk();
        readEnd();
        ended = true;
        return false;
    }

    private void checkChunk() {
        Signature signed = signature;
        if (signed == null) {
            return;
        }
        String expected = signed.next(
                "AWS4-HMAC-SHA256-PAYLOAD",
                before,
                SigningKey.sha256(""),
                HexFormat.of().formatHex(hash.digest()));
        match(expected, claimed);
        before = expected;
        hash = Digests.hash("SHA-256");
    }

    private static void match(String expected, String claimed) {
        if (!MessageDigest.isEqual(
                expected.getBytes(StandardCharsets.UTF_8), claimed.getBytes(StandardCharsets.UTF_8))) {
            throw new S3Exception(S3Code.SignatureDoesNotMatch, "The signature of a chunk of the body is wrong.");
        }
    }

    private void readEnd() throws IOException {
        StringBuilder canonical = new StringBuilder();
        Optional<String> signed = Optional.empty();
        for (int count = 0; count <= TRAILERS_MAX; count++) {
            String line = optionalLine();
            if (line.isEmpty()) {
                // The trailer's signature may stand apart, behind an empty line.
                if (trailer && signature != null && signed.isEmpty() && !trailers.isEmpty() && count <= TRAILERS_MAX) {
                    String more = optionalLine();
                    if (more.startsWith("x-amz-trailer-signature:")) {
                        signed = Optional.of(
                                more.substring(more.indexOf(':') + 1).strip());
                    }
                }
                break;
            }
            int colon = line.indexOf(':');
            if (colon < 0) {
                throw malformed();
            }
            String name = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
            String value = line.substring(colon + 1).strip();
            if (name.equals("x-amz-trailer-signature")) {
                signed = Optional.of(value);
            } else {
                trailers.put(name, value);
                canonical.append(name).append(':').append(value).append('\n');
            }
        }
        Signature by = signature;
        if (by != null && trailer) {
            match(
                    by.next("AWS4-HMAC-SHA256-TRAILER", before, SigningKey.sha256(canonical.toString())),
                    signed.orElse(""));
        }
    }

    private String line() throws IOException {
        String line = orEnd();
        if (line == null) {
            throw cut();
        }
        return line;
    }

    /** Empty also where the body is over. */
    private String optionalLine() throws IOException {
        String line = orEnd();
        return line == null ? "" : line;
    }

    private @Nullable String orEnd() throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            int c = in.read();
            if (c < 0) {
                return line.isEmpty() ? null : line.toString();
            }
            if (c == '\n') {
                int length = line.length();
                return length > 0 && line.charAt(length - 1) == '\r' ? line.substring(0, length - 1) : line.toString();
            }
            if (line.length() == LINE_BYTES_MAX) {
                throw malformed();
            }
            line.append((char) c);
        }
    }

    private static S3Exception malformed() {
        return new S3Exception(S3Code.InvalidRequest, "The body is not in the form of aws-chunked.");
    }

    private static S3Exception cut() {
        return new S3Exception(S3Code.IncompleteBody, "The body ended before its last chunk.");
    }
}
