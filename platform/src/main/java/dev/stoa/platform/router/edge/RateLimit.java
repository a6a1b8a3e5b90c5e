package dev.stoa.platform.router.edge;

import dev.stoa.api.EdgeManifest.Rate;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often each client may ask: the generic cell rate algorithm (ITU-T I.371), which is a bucket of tokens that keeps one number
 * for each client, the moment at which its bucket will be full again. Of more clients than there is room for, the one that asked
 * longest ago is forgotten. May be used from any thread; the clients are in so many parts that threads seldom meet.
 */
public final class RateLimit {
    static final int CLIENTS_MAX = 16_384;

    private static final int PARTS = 16;

    /** Longer values of a header count as equal where they begin alike. */
    private static final int KEY_CHARS_MAX = 200;

    /** Whoever has one IPv6 address has all that begin with its first half. */
    private static final int IPV6_BYTES = 8;

    private final Rate rate;
    private final long stepNanos;
    private final Part[] parts = new Part[PARTS];

    public RateLimit(Rate rate) {
        this.rate = rate;
        this.stepNanos = Math.max(1, rate.per().toNanos() / rate.requests());
        for (int i = 0; i < PARTS; i++) {
            parts[i] = new Part();
        }
    }

    /**
     * What one request came to.
     *
     * @param remaining  so many more would be let through now
     * @param retryNanos when one would be let through that was not
     * @param resetNanos when as many would be let through as at first
     */
    public record Outcome(boolean allowed, int remaining, long retryNanos, long resetNanos) {}

    public Rate rate() {
        return rate;
    }

    /** Who is counted as one client. */
    public static String client(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address
                ? Arrays.toString(Arrays.copyOf(bytes, IPV6_BYTES))
                : address.getHostAddress();
    }

    public Outcome ask(String client, long nowNanos) {
        String key = client.length() > KEY_CHARS_MAX ? client.substring(0, KEY_CHARS_MAX) : client;
        int hash = key.hashCode() * 0x9E3779B9;
        return parts[hash >>> 28].ask(key, nowNanos);
    }

    private final class Part {
        private final Map<String, Long> fullAtNanos = new LinkedHashMap<>(16, 0.75f, true);

        synchronized Outcome ask(String client, long nowNanos) {
            Long before = fullAtNanos.get(client);
            long from = before == null || before - nowNanos < 0 ? nowNanos : before;
            long full = stepNanos * rate.burst();
            long aheadNanos = from + stepNanos - nowNanos;
            if (aheadNanos > full) {
                return new Outcome(false, 0, aheadNanos - full, from - nowNanos);
            }
            fullAtNanos.put(client, from + stepNanos);
            if (fullAtNanos.size() > CLIENTS_MAX / PARTS) {
                fullAtNanos.remove(fullAtNanos.keySet().iterator().next());
            }
            return new Outcome(true, (int) ((full - aheadNanos) / stepNanos), 0, aheadNanos);
        }
    }
}
