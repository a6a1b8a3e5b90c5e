package dev.stoa.platform.bucket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.base.Sql;
import dev.stoa.platform.resource.PostgresBinaries;
import dev.stoa.platform.resource.PostgresCluster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectAttributes;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/** With the AWS SDK for Java, as apps have it, and with requests that no SDK makes. */
class ObjectServerTest {
    private static final Bucket PHOTOS = new Bucket(1, "photos", false, OptionalLong.empty(), List.of());
    private static final Bucket SMALL = new Bucket(2, "small", false, OptionalLong.of(1000), List.of());
    private static final Bucket OPEN =
            new Bucket(3, "open", true, OptionalLong.empty(), List.of("https://shop.example.com"));

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static Path root;
    private static PostgresCluster cluster;
    private static Sql sql;
    private static ObjectServer server;
    private static BucketKey key;
    private static S3Client s3;
    private static volatile Instant now = Instant.EPOCH;

    @BeforeAll
    static void start(@TempDir Path temp) throws IOException {
        now = Instant.now();
        root = temp.resolve("objects");
        cluster = PostgresCluster.open(
                temp.resolve("postgres"), PostgresBinaries.unpacked(Path.of("target/postgres-binaries")));
        sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password());
        sql.jdbi().useHandle(handle -> handle.execute("insert into apps (name, created_at) values ('shop', now())"));
        server = new ObjectServer(
                root, new BucketStore(sql.jdbi(), Secrets.open(temp.resolve("key"))), "localhost", () -> now);
        server.start();
        key = server.keyOf(1);
        for (Bucket bucket : List.of(PHOTOS, SMALL, OPEN)) {
            server.open(bucket, server.newKey());
            server.admit(bucket.id(), Set.of(1));
        }
        s3 = client(key);
    }

    @AfterAll
    static void end() {
        server.close();
        sql.close();
        cluster.close();
    }

    private static String endpoint() {
        return "http://127.0.0.1:" + server.address().getPort();
    }

    private static S3Client client(BucketKey key) {
        return S3Client.builder()
                .endpointOverride(URI.create(endpoint()))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .httpClient(UrlConnectionHttpClient.create())
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create(key.id(), key.secret())))
                .build();
    }

    private static void put(String bucket, String object, String text) {
        s3.putObject(request -> request.bucket(bucket).key(object), RequestBody.fromString(text));
    }

    private static String text(String bucket, String object) {
        return s3.getObjectAsBytes(request -> request.bucket(bucket).key(object))
                .asUtf8String();
    }

    private static String code(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        S3Exception error = org.assertj.core.api.Assertions.catchThrowableOfType(S3Exception.class, call);
        return error.awsErrorDetails().errorCode();
    }

    private static HttpResponse<String> send(String method, String url, String... headers) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url)).method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String presigned(String method, String object, Instant at) {
        return ObjectServer.presigned(
                endpoint(), ObjectServer.REGION, key, method, "photos", object, Map.of(), Duration.ofMinutes(10), at);
    }

    @Test
    void anObjectComesBackWithWhatWasSaidOfIt() throws IOException {
        s3.putObject(
                request -> request.bucket("photos")
                        .key("a/cat ü+.jpg")
                        .contentType("image/jpeg")
                        .cacheControl("max-age=60")
                        .metadata(Map.of("by", "me")),
                RequestBody.fromString("0123456789"));

        try (ResponseInputStream<GetObjectResponse> got = s3.getObject(
                request -> request.bucket("photos").key("a/cat ü+.jpg").range("bytes=2-4"))) {
            assertThat(new String(got.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("234");
            assertThat(got.response().contentRange()).isEqualTo("bytes 2-4/10");
            assertThat(got.response().contentType()).isEqualTo("image/jpeg");
            assertThat(got.response().cacheControl()).isEqualTo("max-age=60");
            assertThat(got.response().metadata()).containsEntry("by", "me");
        }
        assertThat(s3.headObject(request -> request.bucket("photos").key("a/cat ü+.jpg"))
                        .contentLength())
                .isEqualTo(10);
    }

    @Test
    void everyChecksumThatTheSdkSendsIsCheckedAndKept() {
        for (ChecksumAlgorithm algorithm :
                List.of(ChecksumAlgorithm.CRC32, ChecksumAlgorithm.SHA1, ChecksumAlgorithm.SHA256)) {
            s3.putObject(
                    request -> request.bucket("photos").key("sum").checksumAlgorithm(algorithm),
                    RequestBody.fromString("hello"));
            // The SDK compares what it gets with the checksum that it is told.
            assertThat(s3.getObjectAsBytes(request ->
                                    request.bucket("photos").key("sum").checksumMode(ChecksumMode.ENABLED))
                            .asUtf8String())
                    .isEqualTo("hello");
        }
        byte[] check = "123456789".getBytes(StandardCharsets.US_ASCII);
        Digests.Running crc = Digests.CRC64NVME.start();
        crc.update(check, 0, check.length);
        assertThat(crc.bytes()).asHexString().isEqualTo("AE8B14860A799888");
        assertThat(code(() -> s3.putObject(
                        request -> request.bucket("photos").key("wrong").checksumCRC32("AAAAAA=="),
                        RequestBody.fromString("hello"))))
                .isEqualTo("BadDigest");
        assertThatThrownBy(() -> text("photos", "wrong")).isInstanceOf(NoSuchKeyException.class);
    }

    @Test
    void anObjectOfPartsIsOneThatIsCopiedWithoutItsBytes() {
        String upload = s3.createMultipartUpload(
                        request -> request.bucket("photos").key("film"))
                .uploadId();
        List<CompletedPart> parts = new ArrayList<>();
        for (int number = 1; number <= 2; number++) {
            int part = number;
            byte[] bytes = new byte[number == 1 ? 5 << 20 : 10];
            bytes[0] = (byte) number;
            var put = s3.uploadPart(
                    request -> request.bucket("photos")
                            .key("film")
                            .uploadId(upload)
                            .partNumber(part),
                    RequestBody.fromBytes(bytes));
            parts.add(CompletedPart.builder()
                    .partNumber(part)
                    .eTag(put.eTag())
                    .checksumCRC32(put.checksumCRC32())
                    .build());
        }
        assertThat(s3.listParts(request -> request.bucket("photos").key("film").uploadId(upload))
                        .parts())
                .hasSize(2);
        assertThat(s3.completeMultipartUpload(request -> request.bucket("photos")
                                .key("film")
                                .uploadId(upload)
                                .multipartUpload(all -> all.parts(parts)))
                        .eTag())
                .endsWith("-2\"");

        s3.copyObject(request -> request.sourceBucket("photos")
                .sourceKey("film")
                .destinationBucket("photos")
                .destinationKey("copy"));
        s3.deleteObject(request -> request.bucket("photos").key("film"));

        assertThat(s3.getObjectAsBytes(
                                request -> request.bucket("photos").key("copy").range("bytes=5242880-5242880"))
                        .asByteArray())
                .containsExactly(2);
        assertThat(code(() -> s3.listParts(
                        request -> request.bucket("photos").key("film").uploadId(upload))))
                .isEqualTo("NoSuchUpload");
    }

    @Test
    void keysAreBytesAndNeverPaths() {
        List<String> keys = List.of(
                "keys/../../../etc/passwd",
                "keys/x//y",
                "keys/.",
                "keys/..",
                "keys/tab\tline\n",
                "keys/\u0001",
                "keys/%2F?&#;=+",
                "keys/" + "k".repeat(1019));
        keys.forEach(each -> put("photos", each, each));

        assertThat(keys).allSatisfy(each -> assertThat(text("photos", each)).isEqualTo(each));
        assertThat(s3.listObjectsV2(request ->
                                request.bucket("photos").prefix("keys/").encodingType(EncodingType.URL))
                        .contents())
                .extracting(S3Object::key)
                .containsExactlyElementsOf(keys.stream().sorted().toList());
        assertThat(code(() -> put("photos", "k".repeat(1025), ""))).isEqualTo("KeyTooLongError");
    }

    @Test
    void aListComesInPagesInTheOrderOfTheKeys() {
        IntStream.range(0, 25).forEach(i -> put("photos", "pages/%02d/x".formatted(i), ""));

        List<String> seen = new ArrayList<>();
        for (ListObjectsV2Response page : s3.listObjectsV2Paginator(
                request -> request.bucket("photos").prefix("pages/").maxKeys(10))) {
            page.contents().forEach(object -> seen.add(object.key()));
        }
        assertThat(seen).hasSize(25).isSorted();
        assertThat(s3.listObjectsV2(request -> request.bucket("photos")
                                .prefix("pages/")
                                .delimiter("/")
                                .maxKeys(3)
                                .startAfter("pages/04/"))
                        .commonPrefixes())
                .extracting(each -> each.prefix())
                .containsExactly("pages/05/", "pages/06/", "pages/07/");
        s3.deleteObjects(request -> request.bucket("photos")
                .delete(all -> all.objects(seen.stream()
                        .map(each -> ObjectIdentifier.builder().key(each).build())
                        .toList())));
        assertThat(s3.listObjectsV2(request -> request.bucket("photos").prefix("pages/"))
                        .keyCount())
                .isZero();
    }

    @Test
    void aUrlWorksForItsTimeForItsObjectAndAsItWasSigned() throws Exception {
        put("photos", "private", "secret");
        String url = presigned("GET", "private", now);

        assertThat(send("GET", url).body()).isEqualTo("secret");
        assertThat(send("GET", url.replace("private?", "other?")).body()).contains("SignatureDoesNotMatch");
        assertThat(send("GET", url.replace("Expires=600", "Expires=6000")).body())
                .contains("SignatureDoesNotMatch");
        assertThat(send("DELETE", url).body()).contains("SignatureDoesNotMatch");
        HttpResponse<String> stale = send("GET", presigned("GET", "private", now.minusSeconds(601)));
        assertThat(stale.statusCode()).isEqualTo(403);
        assertThat(stale.body()).contains("AccessDenied", "Request has expired");
        assertThat(send("GET", presigned("GET", "private", now.plusSeconds(3600)))
                        .body())
                .contains("not yet valid");
        assertThat(send("GET", endpoint() + "/photos/private").body()).contains("AccessDenied");
    }

    @Test
    void whoHasNoRightGetsNothing() {
        BucketKey other = server.newKey();
        server.open(new Bucket(9, "theirs", false, OptionalLong.empty(), List.of()), other);
        server.admit(9, Set.of());

        assertThat(code(() -> s3.listObjectsV2(request -> request.bucket("theirs"))))
                .isEqualTo("AccessDenied");
        assertThat(code(() -> client(other).listObjectsV2(request -> request.bucket("photos"))))
                .isEqualTo("AccessDenied");
        assertThat(client(other).listBuckets().buckets()).singleElement().satisfies(bucket -> {
            assertThat(bucket.name()).isEqualTo("theirs");
            assertThat(bucket.creationDate()).isEqualTo(now.truncatedTo(ChronoUnit.MILLIS));
        });
        assertThat(code(() -> client(new BucketKey(key.id(), "wrong")).listBuckets()))
                .isEqualTo("SignatureDoesNotMatch");
        assertThat(code(() -> client(server.newKey()).listBuckets())).isEqualTo("InvalidAccessKeyId");
        assertThat(code(() -> s3.listObjectsV2(request -> request.bucket("nowhere"))))
                .isEqualTo("NoSuchBucket");
        assertThat(code(() -> s3.createBucket(request -> request.bucket("nowhere"))))
                .isEqualTo("AccessDenied");
        now = now.plus(Duration.ofMinutes(20));
        try {
            assertThat(code(() -> s3.listBuckets())).isEqualTo("RequestTimeTooSkewed");
        } finally {
            now = now.minus(Duration.ofMinutes(20));
        }
    }

    @Test
    void aKeyOfBeforeWorksForAnHourStill() {
        sql.jdbi().useHandle(handle -> handle.execute("insert into apps (name, created_at) values ('turn', now())"));
        int app = sql.jdbi()
                .withHandle(handle -> handle.createQuery("select id from apps where name = 'turn'")
                        .mapTo(Integer.class)
                        .one());
        BucketKey before = server.keyOf(app);

        server.rotateKeyOf(app);

        assertThat(server.keyOf(app)).isNotEqualTo(before);
        assertThat(client(before).listBuckets().buckets()).isEmpty();
        assertThat(client(server.keyOf(app)).listBuckets().buckets()).isEmpty();
        sql.jdbi()
                .useHandle(handle -> handle.execute(
                        "update bucket_keys set retired_at = now() - interval '1 day' where retired_at is not null"));
        assertThat(code(() -> client(before).listBuckets())).isEqualTo("InvalidAccessKeyId");
    }

    @Test
    void aBucketTakesNoMoreThanItsQuota() {
        put("small", "one", "x".repeat(600));

        assertThat(code(() -> put("small", "two", "x".repeat(600)))).isEqualTo("QuotaExceeded");
        s3.deleteObject(request -> request.bucket("small").key("one"));
        put("small", "two", "x".repeat(600));
        assertThat(server.bytes(SMALL.id())).isEqualTo(600);
    }

    @Test
    void anObjectIsOnlyReplacedWhereTheConditionHolds() {
        put("photos", "once", "first");

        assertThat(code(() -> s3.putObject(
                        request -> request.bucket("photos").key("once").ifNoneMatch("*"), RequestBody.fromString("2"))))
                .isEqualTo("PreconditionFailed");
        assertThat(text("photos", "once")).isEqualTo("first");
    }

    @Test
    void aRefusedUploadIsAnsweredBeforeItIsSentWhereTheClientAsksAndAfterItElsewhere() throws Exception {
        long bytes = 32L << 20;
        for (boolean asks : List.of(true, false)) {
            try (Socket socket = new Socket("127.0.0.1", server.address().getPort())) {
                OutputStream out = socket.getOutputStream();
                out.write("PUT /photos/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n"
                        .formatted(bytes, asks ? "Expect: 100-continue\r\n" : "")
                        .getBytes(StandardCharsets.US_ASCII));
                for (long sent = 0; !asks && sent < bytes; sent += 1 << 20) {
                    out.write(new byte[1 << 20]);
                }
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .startsWith("HTTP/1.1 403")
                        .contains("<Code>AccessDenied</Code>");
            }
        }
    }

    @Test
    void keysAreFoundByTheirEnds() {
        put("photos", "ends/with/this.json", "x");
        put("photos", "ends/with/this.json/not", "x");
        put("photos", "n", "x");
        assertThat(server.keysEnding(PHOTOS.id(), "this.json")).containsExactly("ends/with/this.json");
        assertThat(server.keysEnding(SMALL.id(), "this.json")).isEmpty();
    }

    @Test
    void aUrlThatIsSignedByVersion2WorksAsAnyOther() throws Exception {
        // Made by botocore, for this key, and this time.
        BucketKey known = new BucketKey("STOAKEY", "geheim");
        S3Request request = new S3Request(
                "GET",
                "photos.s3.localhost:8080",
                "/a b/\u00fc.txt",
                "photos",
                "a b/\u00fc.txt",
                List.of(
                        Map.entry("response-content-type", "text/q"),
                        Map.entry("foo", "1"),
                        Map.entry("AWSAccessKeyId", "STOAKEY"),
                        Map.entry("Signature", "tufttgiFJIOZ8kFy9u8bq6NnSK0="),
                        Map.entry("Expires", "1000000000")),
                Map.of("host", "photos.s3.localhost:8080"),
                new ByteArrayInputStream(new byte[0]));
        Signature.Keys keys = id -> Optional.of(known).filter(each -> each.id().equals(id));
        Instant until = Instant.ofEpochSecond(1_000_000_000);
        assertThat(Signature.check(request, keys, until).key()).isEqualTo(known);
        assertThatThrownBy(() -> Signature.check(request, keys, until.plusSeconds(1)))
                .hasMessageContaining("expired");
        assertThatThrownBy(() -> Signature.check(request, keys, until.minus(Duration.ofDays(8))))
                .hasMessageContaining("at most 7 days");
        S3Request changed = new S3Request(
                "PUT",
                request.host(),
                request.path(),
                "photos",
                request.key(),
                request.query(),
                request.headers(),
                request.body());
        assertThatThrownBy(() -> Signature.check(changed, keys, until)).hasMessageContaining("not the one");
        assertThatThrownBy(() -> Signature.check(request, id -> Optional.empty(), until))
                .hasMessageContaining("not known here");
        assertThat(send("GET", endpoint() + "/photos/x?AWSAccessKeyId=%s&Signature=x&Expires=soon".formatted(key.id()))
                        .statusCode())
                .isEqualTo(403);
    }

    @Test
    void whatIsToldOfAnObjectIsWhatWasAskedFor() {
        put("photos", "attributes", "twelve bytes");
        var told = s3.getObjectAttributes(request -> request.bucket("photos")
                .key("attributes")
                .objectAttributes(ObjectAttributes.OBJECT_SIZE, ObjectAttributes.CHECKSUM));
        assertThat(told.objectSize()).isEqualTo(12);
        assertThat(told.checksum().checksumCRC32()).isNotEmpty();
        assertThat(told.eTag()).isNull();
    }

    @Test
    void whatIsPublicIsReadByEverybodyAndWrittenByNobody() throws Exception {
        put("open", "logo.svg", "<svg/>");
        String url = endpoint() + "/open/logo.svg";

        HttpResponse<String> got = send("GET", url, "Origin", "https://shop.example.com");
        assertThat(got.body()).isEqualTo("<svg/>");
        assertThat(got.headers().firstValue("Access-Control-Allow-Origin")).contains("https://shop.example.com");
        assertThat(send("GET", url, "Origin", "https://evil.example.com")
                        .headers()
                        .firstValue("Access-Control-Allow-Origin"))
                .isEmpty();
        assertThat(send("PUT", url).body()).contains("AccessDenied");
        assertThat(send("GET", endpoint() + "/open/").body()).contains("AccessDenied");
        assertThat(send("OPTIONS", url, "Origin", "https://shop.example.com", "Access-Control-Request-Method", "PUT")
                        .statusCode())
                .isEqualTo(200);
        assertThat(send("OPTIONS", url, "Origin", "https://evil.example.com", "Access-Control-Request-Method", "PUT")
                        .statusCode())
                .isEqualTo(403);
    }

    @Test
    void aBodyThatIsCutShortLeavesNothing() throws Exception {
        long before = files();
        var request = new S3Request(
                "PUT",
                "",
                "/photos/cut",
                "photos",
                "cut",
                List.of(),
                Map.of("content-length", "100"),
                new ByteArrayInputStream(new byte[50]));

        assertThatThrownBy(() -> new Incoming(request, null).store(new BlobFiles(root)))
                .hasMessageContaining("100 bytes were announced");
        assertThat(files()).isEqualTo(before);
    }

    @Test
    void aFullDiskLeavesNothingAndIsSaidAsItIs() throws Exception {
        Path disk = Files.createTempDirectory("small-disk");
        org.junit.jupiter.api.Assumptions.assumeTrue(
                new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString())
                                .start()
                                .waitFor()
                        == 0,
                "only root can mount a small disk");
        try (ObjectServer full = new ObjectServer(
                disk, new BucketStore(sql.jdbi(), Secrets.open(root.resolveSibling("key"))), "localhost", () -> now)) {
            full.start();
            full.open(new Bucket(9, "full", false, OptionalLong.empty(), List.of()), full.newKey());
            full.admit(9, Set.of(1));
            S3Client client = S3Client.builder()
                    .endpointOverride(
                            URI.create("http://127.0.0.1:" + full.address().getPort()))
                    .region(Region.US_EAST_1)
                    .forcePathStyle(true)
                    .httpClient(UrlConnectionHttpClient.create())
                    .overrideConfiguration(override ->
                            override.retryStrategy(software.amazon.awssdk.awscore.retry.AwsRetryStrategy.doNotRetry()))
                    .credentialsProvider(
                            StaticCredentialsProvider.create(AwsBasicCredentials.create(key.id(), key.secret())))
                    .build();
            assertThat(code(() -> client.putObject(
                            request -> request.bucket("full").key("large"), RequestBody.fromBytes(new byte[2 << 20]))))
                    .isEqualTo("InsufficientStorage");
            try (Stream<Path> all = Files.walk(disk)) {
                assertThat(all.filter(Files::isRegularFile)).isEmpty();
            }
            client.putObject(request -> request.bucket("full").key("tiny"), RequestBody.fromString("fits"));
            assertThat(client.getObjectAsBytes(request -> request.bucket("full").key("tiny"))
                            .asUtf8String())
                    .isEqualTo("fits");
            client.deleteObject(request -> request.bucket("full").key("tiny"));
        } finally {
            new ProcessBuilder("umount", disk.toString()).start().waitFor();
        }
    }

    /** The SDK signs chunks and their trailer over plain HTTP; a byte that is changed on its way is one too many. */
    @Test
    void signedChunksWithATrailerAreCheckedToTheirLastByte() throws Exception {
        String scope = SigningKey.scope("20261121T120000Z", "us-east-1");
        Signature seed =
                new Signature(key, "20261121T120000Z", scope, SigningKey.of(key.secret(), scope), "5eed", "STREAMING");
        String hash = SigningKey.sha256("hello");
        String first = seed.next("AWS4-HMAC-SHA256-PAYLOAD", "5eed", SigningKey.sha256(""), hash);
        String last = seed.next("AWS4-HMAC-SHA256-PAYLOAD", first, SigningKey.sha256(""), SigningKey.sha256(""));
        String trailer =
                seed.next("AWS4-HMAC-SHA256-TRAILER", last, SigningKey.sha256("x-amz-checksum-crc32:NhCmhg==\n"));
        String body =
                "5;chunk-signature=%s\r\nhello\r\n0;chunk-signature=%s\r\nx-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:%s\r\n\r\n"
                        .formatted(first, last, trailer);

        AwsChunks chunks = new AwsChunks(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)), seed, true);
        assertThat(new String(chunks.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("hello");
        assertThat(chunks.trailers()).containsEntry("x-amz-checksum-crc32", "NhCmhg==");
        for (String changed : List.of(
                body.replace("hello", "hallo"),
                body.replace("NhCmhg==", "NhCmhQ=="),
                body.replace("x-amz-trailer-signature:" + trailer, "x-amz-trailer-signature:" + last),
                body.replace("x-amz-trailer-signature:" + trailer + "\r\n", ""),
                body.replace("0;chunk-signature=" + last, "0;chunk-signature=" + first))) {
            assertThatThrownBy(() -> new AwsChunks(
                                    new ByteArrayInputStream(changed.getBytes(StandardCharsets.UTF_8)), seed, true)
                            .readAllBytes())
                    .as(changed)
                    .isInstanceOf(dev.stoa.platform.bucket.S3Exception.class);
        }
    }

    private static long files() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile).count();
        }
    }

    @Test
    void filesThatBelongToNothingAreSweptAndOthersStay() throws Exception {
        put("photos", "kept", "kept");
        Path orphan = Files.writeString(root.resolve("c0").resolve("c0ffee00"), "left by a platform that was killed");
        Files.setLastModifiedTime(orphan, FileTime.from(now.minus(Duration.ofDays(1))));

        server.sweep();
        assertThat(orphan).exists();
        now = now.plus(Duration.ofHours(2));
        try {
            server.sweep();
        } finally {
            now = now.minus(Duration.ofHours(2));
        }

        assertThat(orphan).doesNotExist();
        assertThat(text("photos", "kept")).isEqualTo("kept");
    }

    @Test
    void whatWasDestroyedCanBeHadBack() {
        Bucket lost = new Bucket(11, "lost", false, OptionalLong.empty(), List.of());
        server.open(lost, server.newKey());
        server.admit(11, Set.of(1));
        put("lost", "diary", "dear");
        server.destroy(11);
        assertThat(code(() -> text("lost", "diary"))).isEqualTo("NoSuchBucket");

        server.open(new Bucket(12, "found", false, OptionalLong.empty(), List.of()), server.newKey());
        server.admit(12, Set.of(1));

        assertThat(server.revive("lost", 12)).isTrue();
        assertThat(server.revive("lost", 12)).isFalse();
        assertThat(text("found", "diary")).isEqualTo("dear");
    }
}
