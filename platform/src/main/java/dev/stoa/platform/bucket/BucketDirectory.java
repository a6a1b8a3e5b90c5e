package dev.stoa.platform.bucket;

import dev.stoa.platform.bucket.KeyStore.Owned;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The buckets that there are, and whose keys open which. */
final class BucketDirectory {
    private final KeyStore keys;
    private final InstantSource clock;
    private final Map<String, Entry> byName = new ConcurrentHashMap<>();
    private final Map<Long, Set<Integer>> apps = new ConcurrentHashMap<>();

    /** @param own the key of the bucket itself, which no app has */
    record Entry(Bucket bucket, BucketKey own, Instant createdAt) {}

    BucketDirectory(KeyStore keys, InstantSource clock) {
        this.keys = keys;
        this.clock = clock;
    }

    void put(Bucket bucket, BucketKey own, Instant createdAt) {
        byName.put(bucket.name(), new Entry(bucket, own, createdAt));
    }

    void remove(long id) {
        byName.values().removeIf(entry -> entry.bucket().id() == id);
        apps.remove(id);
    }

    void admit(long id, Set<Integer> tenants) {
        apps.put(id, Set.copyOf(tenants));
    }

    Optional<Bucket> find(String name) {
        return Optional.ofNullable(byName.get(name)).map(Entry::bucket);
    }

    Optional<BucketKey> key(String id) {
        return byName.values().stream()
                .map(Entry::own)
                .filter(own -> own.id().equals(id))
                .findFirst()
                .or(() -> keys.find(id, clock.instant()).map(Owned::key));
    }

    boolean admits(String id, Bucket bucket) {
        Entry entry = byName.get(bucket.name());
        if (entry != null && entry.own().id().equals(id)) {
            return true;
        }
        Set<Integer> tenants = apps.getOrDefault(bucket.id(), Set.of());
        return keys.find(id, clock.instant())
                .filter(owned -> tenants.contains(owned.app()))
                .isPresent();
    }

    /** Those that this key opens, in the order of their names. */
    List<Entry> of(String id) {
        return byName.values().stream()
                .filter(entry -> admits(id, entry.bucket()))
                .sorted(Comparator.comparing(entry -> entry.bucket().name()))
                .toList();
    }
}
