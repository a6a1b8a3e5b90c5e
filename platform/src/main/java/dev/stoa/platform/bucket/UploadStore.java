package dev.stoa.platform.bucket;

import dev.stoa.api.Json;
import dev.stoa.platform.bucket.Stored.Blob;
import dev.stoa.platform.bucket.Stored.Part;
import dev.stoa.platform.bucket.Stored.Upload;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Jdbi;

/** Objects that come in parts, until they are complete. */
final class UploadStore {
    private final Jdbi jdbi;

    UploadStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    void start(long bucket, Upload upload) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into bucket_uploads (id, bucket, key, headers, started_at)
                        values (:id, :bucket, :key, :headers, :now)
                        """)
                .bind("id", upload.id())
                .bind("bucket", bucket)
                .bind("key", ObjectStore.bytes(upload.key()))
                .bind("headers", Json.write(new TreeMap<>(upload.headers())))
                .bind("now", upload.startedAt())
                .execute());
    }

    Upload require(long bucket, String key, String id) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select * from bucket_uploads where id = :id and bucket = :bucket and key = :key
                        """)
                        .bind("id", id)
                        .bind("bucket", bucket)
                        .bind("key", ObjectStore.bytes(key))
                        .map((row, context) -> new Upload(
                                id,
                                key,
                                ObjectStore.headers(row.getString("headers")),
                                row.getTimestamp("started_at").toInstant()))
                        .findOne())
                .orElseThrow(UploadStore::noSuchUpload);
    }

    private static S3Exception noSuchUpload() {
        return new S3Exception(
                S3Code.NoSuchUpload, "There is no such upload: its id is wrong, or it was completed or aborted.");
    }

    /** @return the file of the part of that number before */
    Optional<Blob> put(String upload, Part part) {
        return jdbi.inTransaction(handle -> {
            if (handle.createQuery("select id from bucket_uploads where id = :id for share")
                    .bind("id", upload)
                    .mapTo(String.class)
                    .findOne()
                    .isEmpty()) {
                throw noSuchUpload();
            }
            Optional<Blob> before = handle.createQuery("""
                            delete from bucket_parts where upload = :upload and number = :number returning blob, size_bytes
                            """)
                    .bind("upload", upload)
                    .bind("number", part.number())
                    .map((row, context) -> new Blob(row.getString(1), row.getLong(2)))
                    .findOne();
            handle.createUpdate("""
                            insert into bucket_parts (upload, number, blob, size_bytes, etag, checksums, modified_at)
                            values (:upload, :number, :blob, :size, :etag, :checksums, :now)
                            """)
                    .bind("upload", upload)
                    .bind("number", part.number())
                    .bind("blob", part.blob().id())
                    .bind("size", part.blob().sizeBytes())
                    .bind("etag", part.etag())
                    .bind("checksums", Json.write(new TreeMap<>(part.checksums())))
                    .bind("now", part.modifiedAt())
                    .execute();
            return before;
        });
    }

    List<Part> parts(String upload, int after, int countMax) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select * from bucket_parts where upload = :upload and number > :after order by number limit :max
                        """)
                .bind("upload", upload)
                .bind("after", after)
                .bind("max", countMax)
                .map((row, context) -> new Part(
                        row.getInt("number"),
                        new Blob(row.getString("blob"), row.getLong("size_bytes")),
                        row.getString("etag"),
                        ObjectStore.headers(row.getString("checksums")),
                        row.getTimestamp("modified_at").toInstant()))
                .list());
    }

    /** In the order of their keys, after that one. */
    List<Upload> list(long bucket, String prefix, String keyMarker, String idMarker, int countMax) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select * from bucket_uploads
                        where bucket = :bucket and substring(key from 1 for length(:prefix)) = :prefix
                          and (key, id) > (:key, :id)
                        order by key, id limit :max
                        """)
                .bind("bucket", bucket)
                .bind("prefix", ObjectStore.bytes(prefix))
                .bind("key", ObjectStore.bytes(keyMarker))
                .bind("id", idMarker)
                .bind("max", countMax)
                .map((row, context) -> new Upload(
                        row.getString("id"),
                        ObjectStore.text(row.getBytes("key")),
                        ObjectStore.headers(row.getString("headers")),
                        row.getTimestamp("started_at").toInstant()))
                .list());
    }

    /** Its parts go with it. */
    void abort(String upload) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from bucket_uploads where id = :id")
                .bind("id", upload)
                .execute());
    }

    int abortOlder(Instant than) {
        return jdbi.withHandle(handle -> handle.createUpdate("delete from bucket_uploads where started_at < :than")
                .bind("than", than)
                .execute());
    }
}
