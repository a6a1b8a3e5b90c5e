package dev.stoa.platform.bucket;

/** The errors of S3, by the names that its clients know. */
enum S3Code {
    AccessDenied(403),
    AuthorizationHeaderMalformed(400),
    AuthorizationQueryParametersError(400),
    BadDigest(400),
    BucketAlreadyExists(409),
    BucketAlreadyOwnedByYou(409),
    BucketNotEmpty(409),
    EntityTooLarge(400),
    EntityTooSmall(400),
    IncompleteBody(400),
    InsufficientStorage(507),
    InternalError(500),
    InvalidAccessKeyId(403),
    InvalidArgument(400),
    InvalidDigest(400),
    InvalidPart(400),
    InvalidPartOrder(400),
    InvalidRange(416),
    InvalidRequest(400),
    InvalidURI(400),
    KeyTooLongError(400),
    MalformedXML(400),
    MetadataTooLarge(400),
    MethodNotAllowed(405),
    MissingContentLength(411),
    NoSuchBucket(404),
    NoSuchCORSConfiguration(404),
    NoSuchBucketPolicy(404),
    NoSuchKey(404),
    NoSuchUpload(404),
    NotImplemented(501),
    PreconditionFailed(412),
    QuotaExceeded(403),
    RequestTimeTooSkewed(403),
    ServiceUnavailable(503),
    SignatureDoesNotMatch(403),
    XAmzContentSHA256Mismatch(400);

    private final int status;

    S3Code(int status) {
        this.status = status;
    }

    int status() {
        return status;
    }
}
