package dev.stoa.platform.bucket;

import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lets in who may come in, and takes each request to what does it. */
final class S3Service {
    static final String REGION = "us-east-1";

    /** What may stand in the query of a request for a bucket or an object without making it another request. */
    private static final Set<String> PLAIN = Set.of(
            "list-type",
            "prefix",
            "delimiter",
            "marker",
            "max-keys",
            "encoding-type",
            "continuation-token",
            "start-after",
            "fetch-owner",
            "partNumber",
            "versionId",
            "x-id",
            "x-amz-checksum-mode");

    private final BucketDirectory directory;
    private final ObjectOperations objects;
    private final MultipartOperations multipart;
    private final Listing listing;
    private final Cors cors;
    private final InstantSource clock;

    S3Service(
            BucketDirectory directory,
            ObjectOperations objects,
            MultipartOperations multipart,
            Listing listing,
            Cors cors,
            InstantSource clock) {
        this.directory = directory;
        this.objects = objects;
        this.multipart = multipart;
        this.listing = listing;
        this.cors = cors;
        this.clock = clock;
    }

    /** What a browser is told beside the answer, whatever that is. */
    Map<String, String> corsHeaders(S3Request request) {
        return directory
                .find(request.bucket())
                .map(bucket -> cors.headers(bucket, request))
                .orElse(Map.of());
    }

    S3Answer answer(S3Request request) throws IOException {
        if (request.method().equals("OPTIONS")) {
            if (corsHeaders(request).isEmpty()) {
                throw new S3Exception(
                        S3Code.AccessDenied, "CORSResponse: this bucket does not let that page make this request.");
            }
            return S3Answer.empty(S3Answer.OK);
        }
        @Nullable
        Signature signature =
                Signature.isIn(request) ? Signature.check(request, id -> directory.key(id), clock.instant()) : null;
        if (request.bucket().isEmpty()) {
            return service(request, signature);
        }
        Optional<Bucket> found = directory.find(request.bucket());
        if (found.isEmpty()
                && signature != null
                && request.method().equals("PUT")
                && request.key().isEmpty()) {
            throw new S3Exception(
                    S3Code.AccessDenied,
                    "Buckets are made by the platform: stoa bucket create %s".formatted(request.bucket()));
        }
        Bucket bucket = found.orElseThrow(
                () -> new S3Exception(S3Code.NoSuchBucket, "The specified bucket does not exist: " + request.bucket()));
        if (signature == null) {
            boolean reads = request.method().equals("GET") || request.method().equals("HEAD");
            if (!bucket.publicRead()
                    || !reads
                    || request.key().isEmpty()
                    || other(request).isPresent()) {
                throw new S3Exception(S3Code.AccessDenied, "Access Denied: the request is not signed.");
            }
            return objects.get(bucket, request, false);
        }
        admit(signature, bucket);
        return request.key().isEmpty() ? bucket(bucket, request, signature) : object(bucket, request, signature);
    }

    private void admit(Signature signature, Bucket bucket) {
        if (!directory.admits(signature.key().id(), bucket)) {
            throw new S3Exception(
                    S3Code.AccessDenied, "Access Denied: this key is not for the bucket " + bucket.name() + ".");
        }
    }

    private S3Answer service(S3Request request, @Nullable Signature signature) {
        if (signature == null) {
            throw new S3Exception(S3Code.AccessDenied, "Access Denied: the request is not signed.");
        }
        if (!request.method().equals("GET")) {
            throw notAllowed();
        }
        Xml xml = Xml.root("ListAllMyBucketsResult");
        owner(xml, signature).open("Buckets");
        for (BucketDirectory.Entry entry : directory.of(signature.key().id())) {
            xml.open("Bucket")
                    .leaf("Name", entry.bucket().name())
                    .leaf("CreationDate", entry.createdAt())
                    .close("Bucket");
        }
        return S3Answer.of(xml.close("Buckets").close("ListAllMyBucketsResult"));
    }

    private static Xml owner(Xml xml, Signature signature) {
        return xml.open("Owner")
                .leaf("ID", signature.key().id())
                .leaf("DisplayName", signature.key().id())
                .close("Owner");
    }

    /** The word in the query that makes it a request of its own. */
    private static Optional<String> other(S3Request request) {
        return request.query().stream()
                .map(Map.Entry::getKey)
                .filter(name -> !PLAIN.contains(name)
                        && !OldSignature.PARAMETERS.contains(name)
                        && !name.startsWith("response-")
                        && !name.startsWith("X-Amz-")
                        && !name.startsWith("x-amz-"))
                .findFirst();
    }

    private S3Answer bucket(Bucket bucket, S3Request request, Signature signature) throws IOException {
        String what = request.method() + " " + other(request).orElse("");
        return switch (what) {
            case "GET " -> listing.answer(bucket, request);
            case "HEAD " -> S3Answer.empty(S3Answer.OK).with("x-amz-bucket-region", REGION);
            case "PUT " -> S3Answer.empty(S3Answer.OK).with("Location", "/" + bucket.name());
            case "DELETE " ->
                throw new S3Exception(
                        S3Code.AccessDenied,
                        "Buckets are destroyed by the platform: stoa bucket destroy " + bucket.name());
            case "POST delete" -> objects.deleteMany(bucket, new Incoming(request, signature).document());
            case "GET uploads" -> multipart.listUploads(bucket, request);
            case "GET cors" -> cors.show(bucket);
            case "PUT cors" -> cors.put(bucket, new Incoming(request, signature).document());
            case "DELETE cors" -> cors.delete(bucket);
            // An empty one means us-east-1.
            case "GET location" -> S3Answer.of(Xml.root("LocationConstraint").close("LocationConstraint"));
            case "GET versioning" ->
                S3Answer.of(Xml.root("VersioningConfiguration").close("VersioningConfiguration"));
            case "GET acl" -> acl(signature);
            case "GET policy" -> throw new S3Exception(S3Code.NoSuchBucketPolicy, "The bucket policy does not exist.");
            default -> throw notImplemented(what);
        };
    }

    private S3Answer object(Bucket bucket, S3Request request, Signature signature) throws IOException {
        String other = request.has("uploadId") ? "uploadId" : other(request).orElse("");
        String what = request.method() + " " + other;
        return switch (what) {
            case "GET ", "HEAD " -> objects.get(bucket, request, true);
            case "PUT " ->
                request.header("x-amz-copy-source").isPresent()
                        ? copy(bucket, request, signature, false)
                        : objects.put(bucket, request, signature);
            case "DELETE " -> objects.delete(bucket, request);
            case "POST uploads" -> multipart.create(bucket, request);
            case "PUT uploadId" ->
                request.header("x-amz-copy-source").isPresent()
                        ? copy(bucket, request, signature, true)
                        : multipart.put(bucket, request, signature);
            case "POST uploadId" -> multipart.complete(bucket, request, new Incoming(request, signature).document());
            case "DELETE uploadId" -> multipart.abort(bucket, request);
            case "GET uploadId" -> multipart.listParts(bucket, request);
            case "GET acl" -> acl(signature);
            case "GET attributes" -> objects.attributes(bucket, request);
            case "GET tagging" ->
                S3Answer.of(Xml.root("Tagging").open("TagSet").close("TagSet").close("Tagging"));
            default -> throw notImplemented(what);
        };
    }

    private S3Answer copy(Bucket into, S3Request request, Signature signature, boolean part) throws IOException {
        String given = request.header("x-amz-copy-source").orElse("").replaceFirst("\\?versionId=.*$", "");
        String source = Percent.decode(given, false).replaceFirst("^/", "");
        int slash = source.indexOf('/');
        if (slash < 1 || slash == source.length() - 1) {
            throw new S3Exception(S3Code.InvalidArgument, "The header x-amz-copy-source has to be BUCKET/KEY.");
        }
        Bucket from = directory
                .find(source.substring(0, slash))
                .orElseThrow(() -> new S3Exception(S3Code.NoSuchBucket, "The bucket of the source does not exist."));
        admit(signature, from);
        String key = source.substring(slash + 1);
        if (part) {
            return multipart.copy(from, key, into, request);
        }
        return objects.copy(from, key, into, request);
    }

    private static S3Answer acl(Signature signature) {
        Xml xml = owner(Xml.root("AccessControlPolicy"), signature)
                .open("AccessControlList")
                .close("AccessControlList")
                .close("AccessControlPolicy");
        return S3Answer.of(xml);
    }

    private static S3Exception notAllowed() {
        return new S3Exception(S3Code.MethodNotAllowed, "The specified method is not allowed against this resource.");
    }

    private static S3Exception notImplemented(String what) {
        return List.of("GET", "HEAD", "PUT", "POST", "DELETE").contains(what.replaceFirst(" .*", ""))
                ? new S3Exception(
                        S3Code.NotImplemented,
                        "A request of the form \"%s\" asks for what buckets here do not do.".formatted(what.strip()))
                : notAllowed();
    }
}
