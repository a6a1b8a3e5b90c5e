package dev.stoa.platform.bucket;

import dev.stoa.api.Json;
import dev.stoa.platform.bucket.Stored.Blob;
import dev.stoa.platform.bucket.Stored.Item;
import dev.stoa.platform.bucket.Stored.Totals;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** The index of the objects. A commit here is what makes an object be there. */
final class ObjectStore {
    private static final String ITEM = "o.id, o.key, o.size_bytes, o.etag, o.headers, o.modified_at";

    private final Jdbi jdbi;

    ObjectStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Unless it is there; returns since when it is. */
    Instant add(Bucket bucket, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        insert into buckets (id, name, created_at) values (:id, :name, :now)
                        on conflict (id) do update set destroyed_at = null
                        returning created_at
                        """)
                .bind("id", bucket.id())
                .bind("name", bucket.name())
                .bind("now", now)
                .mapTo(Instant.class)
                .one());
    }

    void destroyed(long bucket, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("update buckets set destroyed_at = :now where id = :id")
                .bind("now", now)
                .bind("id", bucket)
                .execute());
    }

    /** The last of each name, the latest first. */
    Map<String, Instant> destroyed() {
        Map<String, Instant> destroyed = new LinkedHashMap<>();
        jdbi.useHandle(handle -> handle.createQuery("""
                        select name, max(destroyed_at) as at from buckets where destroyed_at is not null
                        group by name order by at desc
                        """)
                .map((row, context) ->
                        Map.entry(row.getString("name"), row.getTimestamp("at").toInstant()))
                .forEach(entry -> destroyed.put(entry.getKey(), entry.getValue())));
        return destroyed;
    }

    /** Forgets what was destroyed before; its files are then nobody's. */
    void purge(Instant destroyedBefore) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from buckets where destroyed_at < :before")
                .bind("before", destroyedBefore)
                .execute());
    }

    /** Gives the objects of the bucket of that name that was destroyed last to another, which has none. */
    boolean revive(String name, long into) {
        return jdbi.inTransaction(handle -> {
            Optional<Long> old =
                    handle.createQuery("""
                            select id from buckets where name = :name and destroyed_at is not null
                            order by destroyed_at desc limit 1 for update
                            """).bind("name", name).mapTo(Long.class).findOne();
            if (old.isEmpty()) {
                return false;
            }
            handle.createUpdate("update bucket_objects set bucket = :into where bucket = :old")
                    .bind("into", into)
                    .bind("old", old.get())
                    .execute();
            handle.createUpdate("""
                            update buckets set size_bytes = old.size_bytes, objects = old.objects, cors = old.cors
                            from (select * from buckets where id = :old) old where buckets.id = :into
                            """).bind("into", into).bind("old", old.get()).execute();
            handle.createUpdate("delete from buckets where id = :old")
                    .bind("old", old.get())
                    .execute();
            return true;
        });
    }

    Totals totals(long bucket) {
        return jdbi.withHandle(handle -> handle.createQuery("select objects, size_bytes from buckets where id = :id")
                .bind("id", bucket)
                .map((row, context) -> new Totals(row.getLong(1), row.getLong(2)))
                .findOne()
                .orElse(new Totals(0, 0)));
    }

    /** What it would take with its uploads on their way. */
    long bytesWithUploads(long bucket) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select (select size_bytes from buckets where id = :id)
                             + coalesce((select sum(p.size_bytes) from bucket_parts p
                                           join bucket_uploads u on u.id = p.upload where u.bucket = :id), 0)
                        """)
                .bind("id", bucket)
                .mapTo(Long.class)
                .findOne()
                .orElse(0L));
    }

    Optional<String> cors(long bucket) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select cors from buckets where id = :id and cors is not null")
                        .bind("id", bucket)
                        .mapTo(String.class)
                        .findOne());
    }

    void cors(long bucket, Optional<String> rules) {
        jdbi.useHandle(handle -> handle.createUpdate("update buckets set cors = :cors where id = :id")
                .bind("id", bucket)
                .bind("cors", rules)
                .execute());
    }

    List<String> keysEnding(long bucket, String end) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select key from bucket_objects
                        where bucket = :bucket and substring(key from greatest(1, length(key) - length(:end) + 1)) = :end
                        """)
                .bind("bucket", bucket)
                .bind("end", bytes(end))
                .map((row, context) -> new String(row.getBytes(1), StandardCharsets.UTF_8))
                .list());
    }

    Optional<Item> find(long bucket, String key) {
        return jdbi.withHandle(handle -> find(handle, bucket, key));
    }

    private static Optional<Item> find(Handle handle, long bucket, String key) {
        record Row(long id, Item item) {}
        Optional<Row> found = handle.createQuery(
                        "select %s from bucket_objects o where bucket = :bucket and key = :key".formatted(ITEM))
                .bind("bucket", bucket)
                .bind("key", bytes(key))
                .map((row, context) -> new Row(row.getLong("id"), item(row, List.of())))
                .findOne();
        return found.map(row -> new Item(
                key,
                row.item().sizeBytes(),
                row.item().etag(),
                row.item().headers(),
                row.item().modifiedAt(),
                handle.createQuery("select blob, size_bytes from bucket_blobs where object = :object order by seq")
                        .bind("object", row.id())
                        .map((blob, context) -> new Blob(blob.getString(1), blob.getLong(2)))
                        .list()));
    }

    /**
     * Puts an object in place of what was there.
     *
     * @param check  gets what is there, alone with it, and throws if that is not to be replaced
     * @param upload from which it was made, and which is then over; empty if it was not
     * @return the files of before
     */
    List<Blob> put(
            long bucket, Item item, OptionalLong quotaBytes, Consumer<Optional<Item>> check, Optional<String> upload) {
        return jdbi.inTransaction(handle -> {
            lock(handle, bucket);
            Optional<Item> before = find(handle, bucket, item.key());
            check.accept(before);
            if (upload.isPresent()
                    && handle.createUpdate("delete from bucket_uploads where id = :id")
                                    .bind("id", upload.get())
                                    .execute()
                            == 0) {
                throw new S3Exception(S3Code.NoSuchUpload, "The upload was completed or aborted meanwhile.");
            }
            before.ifPresent(old -> remove(handle, bucket, old));
            long id = handle.createQuery("""
                            insert into bucket_objects (bucket, key, size_bytes, etag, headers, modified_at)
                            values (:bucket, :key, :size, :etag, :headers, :now) returning id
                            """)
                    .bind("bucket", bucket)
                    .bind("key", bytes(item.key()))
                    .bind("size", item.sizeBytes())
                    .bind("etag", item.etag())
                    .bind("headers", Json.write(new TreeMap<>(item.headers())))
                    .bind("now", item.modifiedAt())
                    .mapTo(Long.class)
                    .one();
            insertBlobs(handle, id, item.blobs());
            long total = handle.createQuery("""
                            update buckets set size_bytes = size_bytes + :size, objects = objects + 1 where id = :id
                            returning size_bytes
                            """)
                    .bind("size", item.sizeBytes())
                    .bind("id", bucket)
                    .mapTo(Long.class)
                    .one();
            if (quotaBytes.isPresent() && total > quotaBytes.getAsLong()) {
                throw quotaExceeded(quotaBytes.getAsLong());
            }
            return before.map(Item::blobs).orElse(List.of());
        });
    }

    static S3Exception quotaExceeded(long quotaBytes) {
        return new S3Exception(
                S3Code.QuotaExceeded,
                "The bucket may hold %d bytes, and with this object it would hold more. Delete some objects, or give it a higher quota."
                        .formatted(quotaBytes));
    }

    private static void insertBlobs(Handle handle, long object, List<Blob> blobs) {
        try (var batch = handle.prepareBatch(
                "insert into bucket_blobs (object, seq, blob, size_bytes) values (:object, :seq, :blob, :size)")) {
            for (int seq = 0; seq < blobs.size(); seq++) {
                batch.bind("object", object)
                        .bind("seq", seq)
                        .bind("blob", blobs.get(seq).id())
                        .bind("size", blobs.get(seq).sizeBytes())
                        .add();
            }
            if (!blobs.isEmpty()) {
                int[] _ = batch.execute();
            }
        }
    }

    private static void remove(Handle handle, long bucket, Item old) {
        handle.createUpdate("delete from bucket_objects where bucket = :bucket and key = :key")
                .bind("bucket", bucket)
                .bind("key", bytes(old.key()))
                .execute();
        handle.createUpdate("""
                        update buckets set size_bytes = size_bytes - :size, objects = objects - 1 where id = :id
                        """)
                .bind("size", old.sizeBytes())
                .bind("id", bucket)
                .execute();
    }

    /** @return the files that it had; empty also if it was not there */
    List<Blob> delete(long bucket, String key) {
        return jdbi.inTransaction(handle -> {
            lock(handle, bucket);
            Optional<Item> before = find(handle, bucket, key);
            before.ifPresent(old -> remove(handle, bucket, old));
            return before.map(Item::blobs).orElse(List.of());
        });
    }

    /** Whoever changes the objects of a bucket is alone with them. */
    private static void lock(Handle handle, long bucket) {
        boolean there = handle.createQuery("select id from buckets where id = :id and destroyed_at is null for update")
                .bind("id", bucket)
                .mapTo(Long.class)
                .findOne()
                .isPresent();
        if (!there) {
            throw new S3Exception(S3Code.NoSuchBucket, "The bucket was destroyed meanwhile.");
        }
    }

    /** From the key on, in the order of their bytes. */
    List<Item> list(long bucket, byte[] from, int countMax) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select %s from bucket_objects o where bucket = :bucket and key >= :from order by key limit :max
                        """.formatted(ITEM))
                .bind("bucket", bucket)
                .bind("from", from)
                .bind("max", countMax)
                .map((row, context) -> item(row, List.of()))
                .list());
    }

    /** Which of these files belong to something. */
    Set<String> known(Collection<String> blobs) {
        String[] ids = blobs.toArray(new String[0]);
        return new HashSet<>(jdbi.withHandle(handle ->
                handle.createQuery("""
                        select blob from bucket_blobs where blob = any (:ids)
                        union all select blob from bucket_parts where blob = any (:ids)
                        """).bind("ids", ids).mapTo(String.class).list()));
    }

    private static Item item(ResultSet row, List<Blob> blobs) throws SQLException {
        return new Item(
                text(row.getBytes("key")),
                row.getLong("size_bytes"),
                row.getString("etag"),
                headers(row.getString("headers")),
                row.getTimestamp("modified_at").toInstant(),
                blobs);
    }

    static Map<String, String> headers(String json) {
        Map<String, String> headers = new TreeMap<>();
        Json.read(json, tools.jackson.databind.JsonNode.class)
                .properties()
                .forEach(entry -> headers.put(entry.getKey(), entry.getValue().asString()));
        return headers;
    }

    static byte[] bytes(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }
}
