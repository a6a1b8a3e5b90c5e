package dev.stoa.platform.bucket;

import dev.stoa.platform.bucket.Stored.Blob;
import dev.stoa.platform.bucket.Stored.Item;
import dev.stoa.platform.bucket.Stored.Part;
import dev.stoa.platform.bucket.Stored.Upload;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Objects that come in parts. The parts' files become the object's, so that nothing is copied when it is complete. */
final class MultipartOperations {
    static final int PARTS_MAX = 10_000;
    private static final long PART_BYTES_MIN = 5L << 20;
    private static final int PAGE_MAX = 1000;
    private static final int ID_BYTES = 18;
    private static final String ALGORITHM = "x-amz-checksum-algorithm";
    private static final String TYPE = "x-amz-checksum-type";

    private final ObjectStore objects;
    private final UploadStore uploads;
    private final BlobFiles files;
    private final ObjectOperations single;
    private final SecureRandom random = new SecureRandom();

    MultipartOperations(ObjectStore objects, UploadStore uploads, BlobFiles files, ObjectOperations single) {
        this.objects = objects;
        this.uploads = uploads;
        this.files = files;
        this.single = single;
    }

    S3Answer create(Bucket bucket, S3Request request) {
        ObjectOperations.checkKey(request.key());
        ObjectOperations.refuseUnknown(request);
        Map<String, String> headers = ObjectOperations.described(request);
        request.header(ALGORITHM).ifPresent(name -> {
            Digests digest = Digests.named(name)
                    .orElseThrow(() -> new S3Exception(
                            S3Code.InvalidRequest, "There is no checksum algorithm \"%s\".".formatted(name)));
            headers.put(ALGORITHM, digest.name());
            headers.put(TYPE, request.header(TYPE).orElse(digest == Digests.CRC64NVME ? "FULL_OBJECT" : "COMPOSITE"));
        });
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        Upload upload = new Upload(
                Base64.getUrlEncoder().withoutPadding().encodeToString(id), request.key(), headers, single.now());
        uploads.start(bucket.id(), upload);
        S3Answer answer = S3Answer.of(Xml.root("InitiateMultipartUploadResult")
                .leaf("Bucket", bucket.name())
                .leaf("Key", request.key())
                .leaf("UploadId", upload.id())
                .close("InitiateMultipartUploadResult"));
        for (String name : List.of(ALGORITHM, TYPE)) {
            String value = headers.get(name);
            answer = value == null ? answer : answer.with(name, value);
        }
        return answer;
    }

    private Upload upload(Bucket bucket, S3Request request) {
        return uploads.require(
                bucket.id(), request.key(), request.param("uploadId").orElse(""));
    }

    private static int number(S3Request request) {
        int number = request.number("partNumber", 0, PARTS_MAX + 1);
        if (number < 1 || number > PARTS_MAX) {
            throw new S3Exception(S3Code.InvalidArgument, "Part numbers go from 1 to 10000.");
        }
        return number;
    }

    S3Answer put(Bucket bucket, S3Request request, @Nullable Signature signature) throws IOException {
        int number = number(request);
        Upload upload = upload(bucket, request);
        single.checkRoom(bucket, request);
        Incoming.Received received = new Incoming(request, signature).store(files);
        Part part = new Part(number, received.blob(), received.etag(), received.checksums(), single.now());
        add(upload, part);
        return S3Answer.empty(S3Answer.OK)
                .with("ETag", ObjectOperations.quoted(part.etag()))
                .with(received.checksums());
    }

    private void add(Upload upload, Part part) throws IOException {
        Optional<Blob> before;
        try {
            before = uploads.put(upload.id(), part);
        } catch (S3Exception e) {
            files.delete(List.of(part.blob()));
            throw e;
        }
        single.deleteLater(before.stream().toList());
    }

    /** Of a range that is not all of the source, the bytes are copied. */
    S3Answer copy(Bucket from, String source, Bucket into, S3Request request) throws IOException {
        int number = number(request);
        Upload upload = upload(into, request);
        Item item = single.source(from, source, request);
        ObjectOperations.Range range = request.header("x-amz-copy-source-range")
                .map(text -> ObjectOperations.range(text, item.sizeBytes()))
                .orElse(new ObjectOperations.Range(0, item.sizeBytes(), false));
        if (into.quotaBytes().isPresent()
                && range.length() > into.quotaBytes().getAsLong() - objects.bytesWithUploads(into.id())) {
            throw ObjectStore.quotaExceeded(into.quotaBytes().getAsLong());
        }
        Digests.Running[] sum = new Digests.Running[1];
        Optional<Digests> digest =
                Optional.ofNullable(upload.headers().get(ALGORITHM)).flatMap(Digests::named);
        digest.ifPresent(each -> sum[0] = each.start());
        var md5 = Digests.hash("MD5");
        Blob blob;
        try (InputStream bytes = new Slice(files, item.blobs(), range)) {
            blob = files.write(bytes, (buffer, offset, length) -> {
                md5.update(buffer, offset, length);
                digest.ifPresent(each -> sum[0].update(buffer, offset, length));
            });
        }
        Map<String, String> checksums =
                digest.map(each -> Map.of(each.header(), sum[0].base64())).orElse(Map.of());
        Part part = new Part(number, blob, HexFormat.of().formatHex(md5.digest()), checksums, single.now());
        add(upload, part);
        return S3Answer.of(Xml.root("CopyPartResult")
                .leaf("LastModified", part.modifiedAt())
                .leaf("ETag", ObjectOperations.quoted(part.etag()))
                .close("CopyPartResult"));
    }

    S3Answer complete(Bucket bucket, S3Request request, Xml.Element wanted) throws IOException {
        Upload upload = upload(bucket, request);
        List<Part> parts = chosen(upload, wanted.all("Part"));
        List<Part> unused = new ArrayList<>(uploads.parts(upload.id(), 0, PARTS_MAX));
        unused.removeAll(parts);
        var md5 = Digests.hash("MD5");
        parts.forEach(part -> md5.update(HexFormat.of().parseHex(part.etag())));
        String etag = HexFormat.of().formatHex(md5.digest()) + "-" + parts.size();
        Map<String, String> headers = new TreeMap<>(upload.headers());
        headers.remove(ALGORITHM);
        Optional<Map.Entry<String, String>> checksum = checksum(upload, parts, request);
        checksum.ifPresent(entry -> headers.put(entry.getKey(), entry.getValue()));
        Item item = new Item(
                request.key(),
                parts.stream().mapToLong(part -> part.blob().sizeBytes()).sum(),
                etag,
                headers,
                single.now(),
                parts.stream().map(Part::blob).toList());
        single.commit(bucket, item, ObjectOperations.conditions(request), Optional.of(upload.id()));
        single.deleteLater(unused.stream().map(Part::blob).toList());
        Xml xml = Xml.root("CompleteMultipartUploadResult")
                .leaf("Location", "http://" + request.host() + Percent.encode(request.path(), false))
                .leaf("Bucket", bucket.name())
                .leaf("Key", request.key())
                .leaf("ETag", ObjectOperations.quoted(etag));
        checksum.flatMap(entry ->
                        Digests.ofHeader(entry.getKey()).map(digest -> Map.entry(digest.element(), entry.getValue())))
                .ifPresent(entry -> xml.leaf(entry.getKey(), entry.getValue()));
        Optional.ofNullable(headers.get(TYPE)).ifPresent(type -> xml.leaf("ChecksumType", type));
        return S3Answer.of(xml.close("CompleteMultipartUploadResult"));
    }

    private List<Part> chosen(Upload upload, List<Xml.Element> wanted) {
        if (wanted.isEmpty() || wanted.size() > PARTS_MAX) {
            throw new S3Exception(S3Code.MalformedXML, "An upload is completed with 1 to 10000 parts.");
        }
        Map<Integer, Part> present = new HashMap<>();
        uploads.parts(upload.id(), 0, PARTS_MAX).forEach(part -> present.put(part.number(), part));
        List<Part> chosen = new ArrayList<>();
        int last = 0;
        for (Xml.Element element : wanted) {
            int number;
            try {
                number = Integer.parseInt(element.text("PartNumber").orElse("").strip());
            } catch (NumberFormatException e) {
                throw new S3Exception(S3Code.MalformedXML, "A part has no number.");
            }
            if (number <= last) {
                throw new S3Exception(S3Code.InvalidPartOrder, "The parts are not in ascending order.");
            }
            last = number;
            Part part = present.get(number);
            String etag = element.text("ETag").orElse("").replace("\"", "").strip();
            if (part == null || !part.etag().equals(etag)) {
                throw new S3Exception(
                        S3Code.InvalidPart,
                        "Part %d was not uploaded, or its entity tag is another one.".formatted(number));
            }
            for (Digests digest : Digests.all()) {
                Optional<String> said = element.text(digest.element());
                String own = part.checksums().get(digest.header());
                if (said.isPresent() && own != null && !own.equals(said.get())) {
                    throw new S3Exception(S3Code.InvalidPart, "Part %d has another checksum.".formatted(number));
                }
            }
            if (!chosen.isEmpty() && chosen.getLast().blob().sizeBytes() < PART_BYTES_MIN) {
                throw new S3Exception(S3Code.EntityTooSmall, "Every part but the last has to have at least 5 MB.");
            }
            chosen.add(part);
        }
        return chosen;
    }

    /** Of the parts' checksums, or of all bytes, as it was asked for at the start. */
    private Optional<Map.Entry<String, String>> checksum(Upload upload, List<Part> parts, S3Request request)
            throws IOException {
        Optional<Digests> digest =
                Optional.ofNullable(upload.headers().get(ALGORITHM)).flatMap(Digests::named);
        if (digest.isEmpty()) {
            return Optional.empty();
        }
        Digests.Running sum = digest.get().start();
        String header = digest.get().header();
        String value;
        if ("FULL_OBJECT".equals(upload.headers().get(TYPE))) {
            List<Blob> blobs = parts.stream().map(Part::blob).toList();
            long length = blobs.stream().mapToLong(Blob::sizeBytes).sum();
            files.read(blobs, 0, length, new OutputStream() {
                @Override
                public void write(int b) {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int count) {
                    sum.update(bytes, offset, count);
                }
            });
            value = sum.base64();
        } else {
            for (Part part : parts) {
                String own = part.checksums().get(header);
                if (own == null) {
                    return Optional.empty();
                }
                byte[] bytes = Base64.getDecoder().decode(own);
                sum.update(bytes, 0, bytes.length);
            }
            value = sum.base64() + "-" + parts.size();
        }
        Optional<String> said = request.header(header);
        if (said.isPresent() && !said.get().replaceFirst("-\\d+$", "").equals(value.replaceFirst("-\\d+$", ""))) {
            throw new S3Exception(S3Code.BadDigest, "The %s that was sent is not that of the parts.".formatted(header));
        }
        return Optional.of(Map.entry(header, value));
    }

    S3Answer abort(Bucket bucket, S3Request request) {
        Upload upload = upload(bucket, request);
        List<Blob> blobs = uploads.parts(upload.id(), 0, PARTS_MAX).stream()
                .map(Part::blob)
                .toList();
        uploads.abort(upload.id());
        single.deleteLater(blobs);
        return S3Answer.empty(S3Answer.NO_CONTENT);
    }

    S3Answer listParts(Bucket bucket, S3Request request) {
        Upload upload = upload(bucket, request);
        int max = request.number("max-parts", PAGE_MAX, PAGE_MAX);
        int marker = request.number("part-number-marker", 0, PARTS_MAX);
        List<Part> parts = uploads.parts(upload.id(), marker, max + 1);
        boolean more = parts.size() > max;
        List<Part> page = more ? parts.subList(0, max) : parts;
        Xml xml = Xml.root("ListPartsResult")
                .leaf("Bucket", bucket.name())
                .leaf("Key", request.key())
                .leaf("UploadId", upload.id())
                .leaf("StorageClass", "STANDARD")
                .leaf("PartNumberMarker", marker)
                .leaf(
                        "NextPartNumberMarker",
                        page.isEmpty() ? marker : page.getLast().number())
                .leaf("MaxParts", max)
                .leaf("IsTruncated", more);
        for (Part part : page) {
            xml.open("Part")
                    .leaf("PartNumber", part.number())
                    .leaf("LastModified", part.modifiedAt())
                    .leaf("ETag", ObjectOperations.quoted(part.etag()))
                    .leaf("Size", part.blob().sizeBytes());
            part.checksums()
                    .forEach((header, value) ->
                            Digests.ofHeader(header).ifPresent(digest -> xml.leaf(digest.element(), value)));
            xml.close("Part");
        }
        return S3Answer.of(xml.close("ListPartsResult"));
    }

    S3Answer listUploads(Bucket bucket, S3Request request) {
        int max = request.number("max-uploads", PAGE_MAX, PAGE_MAX);
        String prefix = request.param("prefix").orElse("");
        String keyMarker = request.param("key-marker").orElse("");
        // Without an id, what goes on is behind all uploads of that key.
        String idMarker = request.param("upload-id-marker").orElse(keyMarker.isEmpty() ? "" : "\uffff");
        List<Upload> found = uploads.list(bucket.id(), prefix, keyMarker, idMarker, max + 1);
        boolean more = found.size() > max;
        List<Upload> page = more ? found.subList(0, max) : found;
        Xml xml = Xml.root("ListMultipartUploadsResult")
                .leaf("Bucket", bucket.name())
                .leaf("KeyMarker", keyMarker)
                .leaf("Prefix", prefix)
                .leaf("MaxUploads", max)
                .leaf("IsTruncated", more);
        if (more && !page.isEmpty()) {
            xml.leaf("NextKeyMarker", page.getLast().key())
                    .leaf("NextUploadIdMarker", page.getLast().id());
        }
        for (Upload upload : page) {
            xml.open("Upload")
                    .leaf("Key", upload.key())
                    .leaf("UploadId", upload.id())
                    .leaf("StorageClass", "STANDARD")
                    .leaf("Initiated", upload.startedAt())
                    .close("Upload");
        }
        return S3Answer.of(xml.close("ListMultipartUploadsResult"));
    }
}
