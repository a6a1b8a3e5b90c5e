package dev.stoa.platform.bucket;

import dev.stoa.platform.base.Secrets;
import org.jdbi.v3.core.Jdbi;

/** All that the platform remembers of buckets, beside the files. */
public final class BucketStore {
    private final ObjectStore objects;
    private final UploadStore uploads;
    private final KeyStore keys;

    public BucketStore(Jdbi jdbi, Secrets secrets) {
        this.objects = new ObjectStore(jdbi);
        this.uploads = new UploadStore(jdbi);
        this.keys = new KeyStore(jdbi, secrets);
    }

    ObjectStore objects() {
        return objects;
    }

    UploadStore uploads() {
        return uploads;
    }

    KeyStore keys() {
        return keys;
    }
}
