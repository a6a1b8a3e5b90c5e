package dev.stoa.platform.bucket;

/** An answer of S3 other than a good one. Its code is not the platform's but the protocol's. */
final class S3Exception extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final S3Code code;

    S3Exception(S3Code code, String message) {
        super(message);
        this.code = code;
    }

    S3Code code() {
        return code;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
