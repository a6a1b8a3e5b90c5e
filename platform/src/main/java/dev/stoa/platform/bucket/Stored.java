package dev.stoa.platform.bucket;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What the index holds of objects, uploads and parts. */
final class Stored {
    private Stored() {}

    /** A file with bytes of an object. */
    record Blob(String id, long sizeBytes) {}

    /**
     * @param etag    without quotes
     * @param headers that answers have, by lower-case name
     * @param blobs   in order; empty in a list
     */
    record Item(
            String key,
            long sizeBytes,
            String etag,
            Map<String, String> headers,
            Instant modifiedAt,
            List<Blob> blobs) {
        Item {
            headers = Map.copyOf(headers);
            blobs = List.copyOf(blobs);
        }
    }

    record Upload(String id, String key, Map<String, String> headers, Instant startedAt) {
        Upload {
            headers = Map.copyOf(headers);
        }
    }

    /** @param checksums by header */
    record Part(int number, Blob blob, String etag, Map<String, String> checksums, Instant modifiedAt) {
        Part {
            checksums = Map.copyOf(checksums);
        }
    }

    record Totals(long objects, long bytes) {}
}
