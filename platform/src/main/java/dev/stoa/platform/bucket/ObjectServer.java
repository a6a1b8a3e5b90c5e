package dev.stoa.platform.bucket;

import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.RequestBody;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.bucket.Stored.Totals;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Serves buckets by the protocol of Amazon S3, where only the router of this machine asks.
 *
 * <p>An object is there when its row is committed; by then its bytes, and their file's name, are on the disk. Whatever ends
 * the platform before that leaves a file that nothing refers to, which the next sweep deletes.
 */
public final class ObjectServer implements AutoCloseable {
    /** The name below the platform's domain by which it is asked. */
    public static final String NAME = "s3";

    public static final String REGION = S3Service.REGION;

    /** What was destroyed can be had back for so long. */
    public static final Duration KEPT = Duration.ofDays(30);

    private static final Duration UPLOAD_MAX = Duration.ofDays(7);
    private static final Duration RETIRED_KEY_WORKS = Duration.ofHours(1);
    private static final Duration ORPHAN_AFTER = Duration.ofHours(1);
    private static final Duration SWEEP_EVERY = Duration.ofHours(1);
    private static final Duration FIRST_SWEEP_AFTER = Duration.ofMinutes(1);
    private static final int SWEPT_AT_ONCE = 500;
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final System.Logger LOG = System.getLogger(ObjectServer.class.getName());

    private final String base;
    private final BlobFiles files;
    private final ObjectStore store;
    private final UploadStore uploads;
    private final KeyStore keys;
    private final BucketDirectory directory;
    private final S3Service service;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final WebServer server;
    private volatile boolean closed;

    /**
     * @param root   where the objects' files stand
     * @param domain of the platform, such as {@code localhost}
     */
    public ObjectServer(Path root, BucketStore stores, String domain, InstantSource clock) {
        this.base = NAME + "." + domain;
        this.clock = clock;
        this.files = new BlobFiles(root);
        this.store = stores.objects();
        this.uploads = stores.uploads();
        this.keys = stores.keys();
        this.directory = new BucketDirectory(keys, clock);
        ObjectOperations objects = new ObjectOperations(store, files, clock);
        this.service = new S3Service(
                directory,
                objects,
                new MultipartOperations(store, uploads, files, objects),
                new Listing(store),
                new Cors(store),
                clock);
        this.server = WebServer.builder()
                .host("127.0.0.1")
                .port(0)
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                .connectionOptions(options -> options.tcpNoDelay(true))
                .contentEncoding(new AsItIs())
                .routing(routing -> routing.any(this::serve))
                .build();
    }

    /** Begins to serve, and to sweep. */
    public void start() {
        try {
            files.prepare();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use the folder of the buckets", e);
        }
        server.start();
        sweepAfter(FIRST_SWEEP_AFTER);
    }

    public InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", server.port());
    }

    /** The host by whose name it is asked, with the bucket in the path. */
    public String host() {
        return base;
    }

    public BucketKey newKey() {
        return BucketKey.random(random);
    }

    /** From now on it is there; {@code own} opens it. */
    public void open(Bucket bucket, BucketKey own) {
        directory.put(bucket, own, store.add(bucket, clock.instant()));
    }

    /** From now on the keys of these apps open it, and those of no others. */
    public void admit(long bucket, Set<Integer> apps) {
        directory.admit(bucket, apps);
    }

    /** From now on nobody gets in; what it holds is kept for a while. */
    public void destroy(long bucket) {
        directory.remove(bucket);
        store.destroyed(bucket, clock.instant());
    }

    /** When the buckets were destroyed that are still kept, by their names, the latest first. */
    public Map<String, Instant> destroyed() {
        return store.destroyed();
    }

    /** Gives a bucket what the one of that name had that was destroyed last; false if there was none. */
    public boolean revive(String name, long into) {
        return store.revive(name, into);
    }

    /** The key of an app, for all buckets that it has. */
    public BucketKey keyOf(int app) {
        return keys.of(app, this::newKey, clock.instant());
    }

    /** Gives an app another key; the one of before works for an hour still. */
    public void rotateKeyOf(int app) {
        Instant now = clock.instant();
        keys.rotate(app, newKey(), now, now.plus(RETIRED_KEY_WORKS));
    }

    /** Looks at every key of the bucket. */
    public List<String> keysEnding(long bucket, String end) {
        return store.keysEnding(bucket, end);
    }

    public long objects(long bucket) {
        return totals(bucket).objects();
    }

    public long bytes(long bucket) {
        return totals(bucket).bytes();
    }

    private Totals totals(long bucket) {
        return store.totals(bucket);
    }

    /** A URL that lets whoever has it do one thing with one object for a while, with these headers. */
    public static String presigned(
            String endpoint,
            String region,
            BucketKey key,
            String method,
            String bucket,
            String object,
            Map<String, String> headers,
            Duration valid,
            Instant now) {
        ObjectOperations.checkKey(object);
        return presigned(endpoint, region, key, method, bucket + "/" + object, Map.of(), headers, valid, now);
    }

    /** The same of a page of the bucket's list; {@code query} says of which, as ListObjectsV2 has it. */
    public static String presignedList(
            String endpoint,
            String region,
            BucketKey key,
            String bucket,
            Map<String, String> query,
            Duration valid,
            Instant now) {
        Map<String, String> all = new java.util.HashMap<>(query);
        all.put("list-type", "2");
        all.put("encoding-type", "url");
        return presigned(endpoint, region, key, "GET", bucket, all, Map.of(), valid, now);
    }

    private static String presigned(
            String endpoint,
            String region,
            BucketKey key,
            String method,
            String what,
            Map<String, String> query,
            Map<String, String> headers,
            Duration valid,
            Instant now) {
        java.net.URI uri = java.net.URI.create(endpoint);
        String path = uri.getPath().replaceFirst("/$", "") + "/" + what;
        return uri.getScheme() + "://" + uri.getRawAuthority() + Percent.encode(path, false) + "?"
                + Signature.presigned(key, method, uri.getRawAuthority(), path, query, headers, region, valid, now);
    }

    private void serve(ServerRequest request, ServerResponse response) throws IOException {
        String id = UUID.randomUUID().toString();
        response.header("x-amz-request-id", id);
        RequestBody body = new RequestBody(
                () -> request.content().inputStream(),
                request.headers().contains(HeaderNames.EXPECT),
                request.headers().contentLength());
        Optional<S3Request> asked = Optional.empty();
        S3Answer answer;
        boolean failed = false;
        try {
            asked = Optional.of(S3Request.of(request, body, base));
            answer = service.answer(asked.get());
        } catch (Exception e) {
            failed = true;
            answer = failure(id, request, e);
        }
        boolean head = request.prologue().method().text().equals("HEAD");
        asked.map(service::corsHeaders).orElse(Map.of()).forEach(response::header);
        answer.headers().forEach(response::header);
        response.status(answer.status());
        boolean unread = failed && hasBody(request);
        if (unread) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
        if (head || answer.length() == 0) {
            if (head && !failed) {
                response.header(HeaderNames.CONTENT_LENGTH, Long.toString(answer.length()));
            }
            response.send();
        } else {
            response.header(HeaderNames.CONTENT_LENGTH, Long.toString(answer.length()));
            try (OutputStream out = response.outputStream()) {
                answer.body().to(out);
            } catch (IOException | UncheckedIOException e) {
                throw new CloseConnectionException("the answer was cut short", e);
            }
        }
        if (unread) {
            body.discard();
            // What is left of the body must not be read as the next request.
            throw new CloseConnectionException("the request failed");
        }
    }

    /** The content itself, asked whether it is there, tells the client to send it. */
    private static boolean hasBody(ServerRequest request) {
        return request.headers().contains(HeaderNames.TRANSFER_ENCODING)
                || request.headers().contentLength().orElse(0) > 0;
    }

    private static S3Answer failure(String id, ServerRequest request, Exception e) {
        S3Exception known = known(id, e);
        Xml xml = Xml.bare("Error")
                .leaf("Code", known.code().name())
                .leaf("Message", known.text())
                .leaf("Resource", request.prologue().uriPath().rawPath())
                .leaf("RequestId", id)
                .close("Error");
        return S3Answer.of(known.code().status(), xml);
    }

    private static S3Exception known(String id, Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof S3Exception said) {
                return said;
            }
        }
        if (DiskFull.causes(e)) {
            return new S3Exception(
                    S3Code.InsufficientStorage, "The disk of the platform is full. Nothing of the object was kept.");
        }
        if (e instanceof IOException) {
            LOG.log(Level.DEBUG, "a request to a bucket was cut short", e);
            return new S3Exception(S3Code.IncompleteBody, "The body was cut short.");
        }
        LOG.log(Level.ERROR, "a request to a bucket failed reference=" + id, e);
        return new S3Exception(
                S3Code.InternalError,
                "The platform failed; its own log has more under the reference %s.".formatted(id));
    }

    private void sweepAfter(Duration delay) {
        var _ = Threads.after(delay, "bucket-sweep", () -> {
            if (closed) {
                return;
            }
            try {
                sweep();
            } catch (IOException | RuntimeException e) {
                LOG.log(Level.WARNING, "the sweep of the buckets' files failed", e);
            }
            sweepAfter(SWEEP_EVERY);
        });
    }

    /** Forgets what nobody wants any more, and deletes the files that belong to nothing. */
    void sweep() throws IOException {
        Instant now = clock.instant();
        store.purge(now.minus(KEPT));
        keys.forget(now);
        if (uploads.abortOlder(now.minus(UPLOAD_MAX)) > 0) {
            LOG.log(Level.INFO, "uploads that nobody completed in a week were dropped");
        }
        for (int shard = 0; shard < BlobFiles.shards() && !closed; shard++) {
            List<String> old = files.older(shard, now.minus(ORPHAN_AFTER));
            for (int from = 0; from < old.size(); from += SWEPT_AT_ONCE) {
                List<String> some = old.subList(from, Math.min(old.size(), from + SWEPT_AT_ONCE));
                Set<String> known = store.known(some);
                List<Stored.Blob> orphans = new ArrayList<>();
                some.stream()
                        .filter(name -> !known.contains(name))
                        .forEach(name -> orphans.add(new Stored.Blob(name, 0)));
                files.delete(orphans);
            }
        }
    }

    /** For people, in order. */
    public Map<String, String> facts(long bucket) {
        Totals totals = totals(bucket);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("objects", Long.toString(totals.objects()));
        facts.put("size", size(totals.bytes()));
        return facts;
    }

    private static String size(long bytes) {
        return bytes < 1 << 20 ? "%d KB".formatted((bytes + 1023) >> 10) : "%d MB".formatted(bytes >> 20);
    }

    @Override
    public void close() {
        closed = true;
        server.stop();
    }
}
