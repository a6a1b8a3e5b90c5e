package dev.stoa.platform.bucket;

import dev.stoa.platform.base.Threads;
import dev.stoa.platform.bucket.Stored.Blob;
import dev.stoa.platform.bucket.Stored.Item;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is done with one object, or with some of them. */
final class ObjectOperations {
    static final int KEY_BYTES_MAX = 1024;
    static final long OBJECT_BYTES_MAX = 5L << 30;
    private static final int DELETED_AT_ONCE_MAX = 1000;
    private static final int METADATA_BYTES_MAX = 2048;
    private static final String META = "x-amz-meta-";

    /** A client that has begun to read an object that is replaced meanwhile still gets the one of before. */
    private static final Duration DELETE_LATER = Duration.ofMinutes(1);

    /** What is kept of the headers with which an object came, and said with it again. */
    private static final Set<String> KEPT = Set.of(
            "content-type",
            "content-encoding",
            "content-disposition",
            "content-language",
            "cache-control",
            "expires",
            "x-amz-website-redirect-location");

    private static final Set<String> OVERRIDES = Set.of(
            "content-type", "content-encoding", "content-disposition", "content-language", "cache-control", "expires");

    private static final System.Logger LOG = System.getLogger(ObjectOperations.class.getName());

    private final ObjectStore store;
    private final BlobFiles files;
    private final InstantSource clock;

    ObjectOperations(ObjectStore store, BlobFiles files, InstantSource clock) {
        this.store = store;
        this.files = files;
        this.clock = clock;
    }

    static void checkKey(String key) {
        if (ObjectStore.bytes(key).length > KEY_BYTES_MAX) {
            throw new S3Exception(S3Code.KeyTooLongError, "Your key is too long: a key has at most 1024 bytes.");
        }
    }

    /** Refuses what would be forgotten silently. */
    static void refuseUnknown(S3Request request) {
        for (String name : request.headers().keySet()) {
            boolean encrypts = name.startsWith("x-amz-server-side-encryption");
            boolean grants = name.startsWith("x-amz-grant-")
                    || (name.equals("x-amz-acl")
                            && !Set.of("private", "bucket-owner-full-control")
                                    .contains(request.headers().get(name)));
            boolean locks = name.startsWith("x-amz-object-lock-") || name.equals("x-amz-tagging");
            if (encrypts || grants || locks) {
                throw new S3Exception(
                        S3Code.NotImplemented, "The header %s asks for what buckets here do not do.".formatted(name));
            }
        }
    }

    static Map<String, String> described(S3Request request) {
        Map<String, String> headers = new TreeMap<>();
        headers.put("content-type", "binary/octet-stream");
        int metadata = 0;
        for (Map.Entry<String, String> header : request.headers().entrySet()) {
            String name = header.getKey();
            String value = header.getValue();
            if (name.startsWith(META)) {
                metadata += name.length() - META.length() + value.getBytes(StandardCharsets.UTF_8).length;
                headers.put(name, value);
            } else if (name.equals("content-encoding")) {
                // How it came, which is not how it is.
                String rest = value.replaceAll("\\s*aws-chunked\\s*,?\\s*", "").strip();
                if (!rest.isEmpty()) {
                    headers.put(name, rest);
                }
            } else if (KEPT.contains(name) && !value.isEmpty()) {
                headers.put(name, value);
            }
        }
        if (metadata > METADATA_BYTES_MAX) {
            throw new S3Exception(S3Code.MetadataTooLarge, "The metadata has more than 2048 bytes.");
        }
        return headers;
    }

    void checkRoom(Bucket bucket, S3Request request) {
        long length = request.length().orElse(0);
        if (length > OBJECT_BYTES_MAX) {
            throw new S3Exception(
                    S3Code.EntityTooLarge, "An object or a part has at most 5 GB; larger ones come in parts.");
        }
        if (bucket.quotaBytes().isPresent()
                && length > bucket.quotaBytes().getAsLong() - store.bytesWithUploads(bucket.id())) {
            throw ObjectStore.quotaExceeded(bucket.quotaBytes().getAsLong());
        }
    }

    S3Answer put(Bucket bucket, S3Request request, @Nullable Signature signature) throws IOException {
        checkKey(request.key());
        refuseUnknown(request);
        checkRoom(bucket, request);
        Map<String, String> headers = described(request);
        Incoming.Received received = new Incoming(request, signature).store(files);
        headers.putAll(received.checksums());
        if (!received.checksums().isEmpty()) {
            headers.put("x-amz-checksum-type", "FULL_OBJECT");
        }
        Item item = new Item(
                request.key(), received.blob().sizeBytes(), received.etag(), headers, now(), List.of(received.blob()));
        commit(bucket, item, conditions(request), Optional.empty());
        return S3Answer.empty(S3Answer.OK).with("ETag", quoted(item.etag())).with(received.checksums());
    }

    /** Makes it be there; its files go if that fails, and those of before if not. */
    void commit(Bucket bucket, Item item, Consumer<Optional<Item>> check, Optional<String> upload) {
        List<Blob> before;
        try {
            before = store.put(bucket.id(), item, bucket.quotaBytes(), check, upload);
        } catch (S3Exception e) {
            // After any other error nobody knows whether it is there: the sweep does.
            if (upload.isEmpty()) {
                deleteNow(item.blobs());
            }
            throw e;
        }
        deleteLater(before);
    }

    void deleteLater(List<Blob> blobs) {
        if (!blobs.isEmpty()) {
            var _ = Threads.after(DELETE_LATER, "bucket-delete", () -> deleteNow(blobs));
        }
    }

    private void deleteNow(List<Blob> blobs) {
        try {
            files.delete(blobs);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "a file of a bucket stays until the next sweep", e);
        }
    }

    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    static Consumer<Optional<Item>> conditions(S3Request request) {
        return before -> {
            request.header("if-none-match").ifPresent(given -> {
                if (before.isPresent() && matches(given, before.get().etag())) {
                    throw failedCondition("If-None-Match");
                }
            });
            request.header("if-match").ifPresent(given -> {
                if (before.isEmpty()) {
                    throw noSuchKey();
                }
                if (!matches(given, before.get().etag())) {
                    throw failedCondition("If-Match");
                }
            });
        };
    }

    private static boolean matches(String given, String etag) {
        for (String each : given.split(",", -1)) {
            String tag = each.strip().replaceFirst("^W/", "").replace("\"", "");
            if (tag.equals("*") || tag.equals(etag)) {
                return true;
            }
        }
        return false;
    }

    private static S3Exception failedCondition(String header) {
        return new S3Exception(
                S3Code.PreconditionFailed, "At least one of the conditions of the request does not hold: " + header);
    }

    static S3Exception noSuchKey() {
        return new S3Exception(S3Code.NoSuchKey, "The specified key does not exist.");
    }

    static String quoted(String etag) {
        return "\"" + etag + "\"";
    }

    S3Answer get(Bucket bucket, S3Request request, boolean signed) {
        checkKey(request.key());
        Item item = store.find(bucket.id(), request.key()).orElseThrow(ObjectOperations::noSuchKey);
        if (notModified(request, item)) {
            return S3Answer.empty(S3Answer.NOT_MODIFIED).with(validators(item));
        }
        Range range = range(request, item);
        Map<String, String> headers = new LinkedHashMap<>(validators(item));
        headers.put("Accept-Ranges", "bytes");
        boolean sums = !range.partial()
                && request.header("x-amz-checksum-mode")
                        .filter("ENABLED"::equalsIgnoreCase)
                        .isPresent();
        item.headers().forEach((name, value) -> {
            if (sums || !name.startsWith(Digests.HEADER)) {
                headers.put(name, value);
            }
        });
        for (String name : OVERRIDES) {
            request.param("response-" + name).ifPresent(value -> {
                if (!signed) {
                    throw new S3Exception(
                            S3Code.InvalidRequest, "Only signed requests may say how the answer's headers are to be.");
                }
                headers.put(name, value.replaceAll("\\p{Cntrl}", " "));
            });
        }
        if (range.partial()) {
            headers.put(
                    "Content-Range",
                    "bytes %d-%d/%d".formatted(range.from(), range.from() + range.length() - 1, item.sizeBytes()));
        }
        if (request.has("partNumber")) {
            headers.put("x-amz-mp-parts-count", Integer.toString(item.blobs().size()));
        }
        return new S3Answer(
                range.partial() ? S3Answer.PARTIAL : S3Answer.OK,
                headers,
                range.length(),
                out -> files.read(item.blobs(), range.from(), range.length(), out));
    }

    /** What the header {@code x-amz-object-attributes} names, as far as objects here have it. */
    S3Answer attributes(Bucket bucket, S3Request request) {
        checkKey(request.key());
        Item item = store.find(bucket.id(), request.key()).orElseThrow(ObjectOperations::noSuchKey);
        List<String> wanted = Stream.of(
                        request.header("x-amz-object-attributes").orElse("").split(",", -1))
                .map(String::strip)
                .toList();
        Xml xml = Xml.root("GetObjectAttributesResponse");
        if (wanted.contains("ETag")) {
            xml.leaf("ETag", item.etag());
        }
        if (wanted.contains("Checksum")) {
            xml.open("Checksum");
            item.headers()
                    .forEach((name, value) ->
                            Digests.ofHeader(name).ifPresent(digest -> xml.leaf("Checksum" + digest.name(), value)));
            xml.close("Checksum");
        }
        if (wanted.contains("ObjectParts") && item.etag().contains("-")) {
            xml.open("ObjectParts").leaf("PartsCount", item.blobs().size()).close("ObjectParts");
        }
        if (wanted.contains("StorageClass")) {
            xml.leaf("StorageClass", "STANDARD");
        }
        if (wanted.contains("ObjectSize")) {
            xml.leaf("ObjectSize", item.sizeBytes());
        }
        return S3Answer.of(xml.close("GetObjectAttributesResponse"))
                .with("Last-Modified", validators(item).getOrDefault("Last-Modified", ""));
    }

    private static Map<String, String> validators(Item item) {
        return Map.of(
                "ETag",
                quoted(item.etag()),
                "Last-Modified",
                DateTimeFormatter.RFC_1123_DATE_TIME.format(item.modifiedAt().atZone(ZoneOffset.UTC)));
    }

    private static boolean notModified(S3Request request, Item item) {
        Optional<String> match = request.header("if-match");
        Instant modified = item.modifiedAt().truncatedTo(ChronoUnit.SECONDS);
        if (match.isPresent() && !matches(match.get(), item.etag())) {
            throw failedCondition("If-Match");
        }
        if (match.isEmpty()
                && time(request, "if-unmodified-since")
                        .filter(modified::isAfter)
                        .isPresent()) {
            throw failedCondition("If-Unmodified-Since");
        }
        Optional<String> none = request.header("if-none-match");
        return none.isPresent()
                ? matches(none.get(), item.etag())
                : time(request, "if-modified-since")
                        .filter(since -> !modified.isAfter(since))
                        .isPresent();
    }

    private static Optional<Instant> time(S3Request request, String header) {
        try {
            return request.header(header)
                    .map(value -> ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    record Range(long from, long length, boolean partial) {}

    private static Range range(S3Request request, Item item) {
        long size = item.sizeBytes();
        if (request.has("partNumber")) {
            int part = request.number("partNumber", 1, Integer.MAX_VALUE);
            if (part < 1 || part > Math.max(1, item.blobs().size())) {
                throw new S3Exception(S3Code.InvalidRange, "The object has no part of that number.");
            }
            long from = item.blobs().stream()
                    .limit(part - 1L)
                    .mapToLong(Blob::sizeBytes)
                    .sum();
            long length = item.blobs().get(part - 1).sizeBytes();
            return new Range(from, length, length > 0);
        }
        Optional<String> given = request.header("range");
        return given.isEmpty() ? new Range(0, size, false) : range(given.get(), size);
    }

    /** One that is not of this form says nothing, as HTTP has it. */
    static Range range(String header, long size) {
        var form =
                java.util.regex.Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})").matcher(header.strip());
        if (!form.matches() || (form.group(1).isEmpty() && form.group(2).isEmpty())) {
            return new Range(0, size, false);
        }
        long from;
        long last = size - 1;
        if (form.group(1).isEmpty()) {
            long count = Long.parseLong(form.group(2));
            from = count == 0 ? size : Math.max(0, size - count);
        } else {
            from = Long.parseLong(form.group(1));
            if (!form.group(2).isEmpty()) {
                long end = Long.parseLong(form.group(2));
                if (end < from) {
                    return new Range(0, size, false);
                }
                last = Math.min(last, end);
            }
        }
        if (from >= size) {
            throw new S3Exception(
                    S3Code.InvalidRange, "The range is beyond the object, which has %d bytes.".formatted(size));
        }
        return new Range(from, last - from + 1, true);
    }

    S3Answer delete(Bucket bucket, S3Request request) {
        checkKey(request.key());
        deleteLater(store.delete(bucket.id(), request.key()));
        return S3Answer.empty(S3Answer.NO_CONTENT);
    }

    S3Answer deleteMany(Bucket bucket, Xml.Element wanted) {
        List<Xml.Element> objects = wanted.all("Object");
        if (objects.isEmpty() || objects.size() > DELETED_AT_ONCE_MAX) {
            throw new S3Exception(S3Code.MalformedXML, "Between 1 and 1000 objects are deleted at once.");
        }
        boolean quiet = wanted.text("Quiet").filter("true"::equalsIgnoreCase).isPresent();
        Xml xml = Xml.root("DeleteResult");
        for (Xml.Element object : objects) {
            String key = object.text("Key").orElse("");
            try {
                checkKey(key);
                deleteLater(store.delete(bucket.id(), key));
                if (!quiet) {
                    xml.open("Deleted").leaf("Key", key).close("Deleted");
                }
            } catch (S3Exception e) {
                xml.open("Error")
                        .leaf("Key", key)
                        .leaf("Code", e.code().name())
                        .leaf("Message", e.text())
                        .close("Error");
            }
        }
        return S3Answer.of(xml.close("DeleteResult"));
    }

    /** @param from where the source is */
    S3Answer copy(Bucket from, String source, Bucket into, S3Request request) throws IOException {
        checkKey(request.key());
        refuseUnknown(request);
        Item item = source(from, source, request);
        boolean replace = request.header("x-amz-metadata-directive")
                .filter("REPLACE"::equalsIgnoreCase)
                .isPresent();
        if (from.id() == into.id() && source.equals(request.key()) && !replace) {
            throw new S3Exception(
                    S3Code.InvalidRequest,
                    "This copy request is illegal because it is trying to copy an object to itself without changing"
                            + " its metadata.");
        }
        Map<String, String> headers = new TreeMap<>(replace ? described(request) : item.headers());
        if (replace) {
            item.headers().forEach((name, value) -> {
                if (name.startsWith(Digests.HEADER)) {
                    headers.put(name, value);
                }
            });
        }
        List<Blob> twins = new java.util.ArrayList<>();
        try {
            for (Blob blob : item.blobs()) {
                twins.add(files.twin(blob));
            }
        } catch (NoSuchFileException e) {
            deleteNow(twins);
            throw noSuchKey();
        } catch (IOException | RuntimeException e) {
            deleteNow(twins);
            throw e;
        }
        Item copy = new Item(request.key(), item.sizeBytes(), item.etag(), headers, now(), twins);
        commit(into, copy, conditions(request), Optional.empty());
        return S3Answer.of(Xml.root("CopyObjectResult")
                .leaf("LastModified", copy.modifiedAt())
                .leaf("ETag", quoted(copy.etag()))
                .close("CopyObjectResult"));
    }

    Item source(Bucket from, String key, S3Request request) {
        Item item = store.find(from.id(), key).orElseThrow(ObjectOperations::noSuchKey);
        Optional<String> match = request.header("x-amz-copy-source-if-match");
        Optional<String> none = request.header("x-amz-copy-source-if-none-match");
        if ((match.isPresent() && !matches(match.get(), item.etag()))
                || (none.isPresent() && matches(none.get(), item.etag()))) {
            throw failedCondition("x-amz-copy-source-if");
        }
        return item;
    }
}
