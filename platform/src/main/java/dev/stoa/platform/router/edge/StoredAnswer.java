package dev.stoa.platform.router.edge;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;

/**
 * An answer that is kept.
 *
 * @param headers    those that belong to the answer, not to its way
 * @param body       lives as long as the answer is in its cache; whoever sends it has a reference of its own
 * @param coding     the coding that the client had to like for this one; empty: any will do
 * @param vary       the headers of the request that it depends on, and what they were
 * @param etag       as the app said it, which may differ from what the client gets; empty: none
 * @param life       how long it is fresh, in seconds
 * @param spare      for how long after that it may stand in, in seconds
 * @param ageSeconds how old it was when it came
 * @param cameNanos  when that was
 */
record StoredAnswer(
        int status,
        List<Map.Entry<String, String>> headers,
        ByteBuf body,
        String coding,
        Map<String, String> vary,
        String etag,
        String lastModified,
        long life,
        Spare spare,
        long ageSeconds,
        long cameNanos,
        boolean alwaysAsk) {
    private static final long OVERHEAD_BYTES = 600;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /**
     * How long an answer that is no longer fresh may be given all the same (RFC 5861), in seconds.
     *
     * @param whileAsking the app is asked meanwhile
     * @param onError     the app was asked, and failed
     */
    record Spare(long whileAsking, long onError) {
        static final Spare NONE = new Spare(0, 0);
    }

    StoredAnswer {
        headers = List.copyOf(headers);
        vary = Map.copyOf(vary);
    }

    long sizeBytes() {
        long bytes = OVERHEAD_BYTES + body.capacity();
        for (Map.Entry<String, String> header : headers) {
            bytes += (long) header.getKey().length() + header.getValue().length();
        }
        return bytes;
    }

    boolean fits(HttpHeaders request, String chosen) {
        if (!coding.isEmpty() && !coding.equals(chosen)) {
            return false;
        }
        for (Map.Entry<String, String> header : vary.entrySet()) {
            if (!header.getValue().equals(value(request, header.getKey()))) {
                return false;
            }
        }
        return true;
    }

    /** What a request says under a name, in one line. */
    static String value(HttpHeaders request, String name) {
        List<String> values = request.getAll(name);
        return values.isEmpty() ? "" : String.join(",", values).replace(" ", "");
    }

    long age(long nowNanos) {
        return ageSeconds + Math.max(0, (nowNanos - cameNanos) / NANOS_PER_SECOND);
    }

    long freshSeconds(long nowNanos) {
        return life - age(nowNanos);
    }

    boolean standsInWhileAsking(long nowNanos) {
        return !alwaysAsk && freshSeconds(nowNanos) + spare.whileAsking > 0;
    }

    boolean standsInOnError(long nowNanos) {
        return !alwaysAsk && freshSeconds(nowNanos) + spare.onError > 0;
    }

    boolean canBeAskedFor() {
        return !etag.isEmpty() || !lastModified.isEmpty();
    }

    String header(String name) {
        for (Map.Entry<String, String> header : headers) {
            if (header.getKey().equalsIgnoreCase(name)) {
                return header.getValue();
            }
        }
        return "";
    }
}
