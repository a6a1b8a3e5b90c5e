package dev.stoa.platform.bucket;

import java.util.List;
import java.util.OptionalLong;

/**
 * A bucket as it is served.
 *
 * @param id         of the resource, never used again
 * @param publicRead whether everybody may read its objects
 * @param quotaBytes what its objects may have together
 * @param origins    of the web pages that may speak to it, such as {@code https://shop.example.com}; {@code *} for all
 */
public record Bucket(long id, String name, boolean publicRead, OptionalLong quotaBytes, List<String> origins) {
    public Bucket {
        origins = List.copyOf(origins);
    }
}
