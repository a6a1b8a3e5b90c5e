package dev.stoa.platform.bucket;

import dev.stoa.platform.bucket.Stored.Item;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;

/** Pages of what is in a bucket, each read from the index by itself. */
final class Listing {
    static final int KEYS_MAX = 1000;

    /** What stands for one prefix may be a million keys: they are jumped over, not read. */
    private static final int READ_AHEAD_MAX = 1000;

    private final ObjectStore store;

    Listing(ObjectStore store) {
        this.store = store;
    }

    /**
     * @param last  what the last line of the page is; empty if it has none
     * @param next  a token that says from where the next page goes on; empty if there is none
     */
    record Page(List<Item> items, List<String> prefixes, String last, String next) {
        Page {
            items = List.copyOf(items);
            prefixes = List.copyOf(prefixes);
        }

        boolean truncated() {
            return !next.isEmpty();
        }
    }

    /** @param from the first key that may be in it */
    Page page(long bucket, String prefix, String delimiter, byte[] from, int max) {
        byte[] prefixBytes = ObjectStore.bytes(prefix);
        byte[] at = Arrays.compareUnsigned(from, prefixBytes) > 0 ? from : prefixBytes;
        List<Item> items = new ArrayList<>();
        List<String> prefixes = new ArrayList<>();
        String last = "";
        if (max == 0) {
            return new Page(items, prefixes, last, "");
        }
        while (true) {
            int wanted = Math.min(READ_AHEAD_MAX, max - items.size() - prefixes.size() + 1);
            List<Item> read = store.list(bucket, at, wanted);
            boolean jumped = false;
            for (Item item : read) {
                if (!item.key().startsWith(prefix)) {
                    return new Page(items, prefixes, last, "");
                }
                if (items.size() + prefixes.size() == max) {
                    return new Page(items, prefixes, last, token(at));
                }
                int end = delimiter.isEmpty() ? -1 : item.key().indexOf(delimiter, prefix.length());
                if (end >= 0) {
                    last = item.key().substring(0, end + delimiter.length());
                    prefixes.add(last);
                    at = after(last, true);
                    jumped = true;
                    break;
                }
                items.add(item);
                last = item.key();
                at = after(last, false);
            }
            if (!jumped && read.size() < wanted) {
                return new Page(items, prefixes, last, "");
            }
        }
    }

    private static String token(byte[] from) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(from);
    }

    /** The first key behind that one, or behind all that begin with it. UTF-8 has no byte 0xff, so the last can be one more. */
    static byte[] after(String key, boolean all) {
        byte[] bytes = ObjectStore.bytes(key);
        if (bytes.length == 0) {
            return bytes;
        }
        if (!all) {
            return Arrays.copyOf(bytes, bytes.length + 1);
        }
        bytes[bytes.length - 1]++;
        return bytes;
    }

    S3Answer answer(Bucket bucket, S3Request request) {
        boolean second = request.param("list-type").equals(java.util.Optional.of("2"));
        String prefix = request.param("prefix").orElse("");
        String delimiter = request.param("delimiter").orElse("");
        int max = request.number("max-keys", KEYS_MAX, KEYS_MAX);
        String marker = request.param(second ? "start-after" : "marker").orElse("");
        Page page = page(bucket.id(), prefix, delimiter, from(request, second, prefix, delimiter, marker), max);
        UnaryOperator<String> shown =
                request.param("encoding-type").isPresent() ? key -> Percent.encode(key, false) : key -> key;
        Xml xml = Xml.root("ListBucketResult").leaf("Name", bucket.name()).leaf("Prefix", shown.apply(prefix));
        if (second) {
            xml.leaf("KeyCount", page.items().size() + page.prefixes().size());
            request.param("continuation-token").ifPresent(token -> xml.leaf("ContinuationToken", token));
            if (page.truncated()) {
                xml.leaf("NextContinuationToken", page.next());
            }
            request.param("start-after").ifPresent(given -> xml.leaf("StartAfter", shown.apply(given)));
        } else {
            xml.leaf("Marker", shown.apply(marker));
            if (page.truncated()) {
                xml.leaf("NextMarker", shown.apply(page.last()));
            }
        }
        xml.leaf("MaxKeys", max);
        request.param("delimiter").ifPresent(given -> xml.leaf("Delimiter", shown.apply(given)));
        request.param("encoding-type").ifPresent(given -> xml.leaf("EncodingType", given));
        xml.leaf("IsTruncated", page.truncated());
        for (Item item : page.items()) {
            xml.open("Contents")
                    .leaf("Key", shown.apply(item.key()))
                    .leaf("LastModified", item.modifiedAt())
                    .leaf("ETag", "\"" + item.etag() + "\"")
                    .leaf("Size", item.sizeBytes())
                    .leaf("StorageClass", "STANDARD")
                    .close("Contents");
        }
        for (String each : page.prefixes()) {
            xml.open("CommonPrefixes").leaf("Prefix", shown.apply(each)).close("CommonPrefixes");
        }
        return S3Answer.of(xml.close("ListBucketResult"));
    }

    private static byte[] from(S3Request request, boolean second, String prefix, String delimiter, String marker) {
        if (second && request.has("continuation-token")) {
            try {
                return Base64.getUrlDecoder()
                        .decode(request.param("continuation-token").orElse("").getBytes(StandardCharsets.US_ASCII));
            } catch (IllegalArgumentException e) {
                throw new S3Exception(S3Code.InvalidArgument, "The continuation token is not one of this list's.");
            }
        }
        int end = delimiter.isEmpty() || !marker.startsWith(prefix) ? -1 : marker.indexOf(delimiter, prefix.length());
        return after(marker, end >= 0 && end + delimiter.length() == marker.length());
    }
}
