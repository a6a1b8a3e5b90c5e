package dev.stoa.platform.router.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.EdgeManifest.Rate;
import java.net.InetAddress;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private static final long SECOND = 1_000_000_000L;

    /** Far from zero, and past the end of long, as System.nanoTime may be. */
    private static final long START = Long.MAX_VALUE - 5 * SECOND;

    private final RateLimit limit = new RateLimit(new Rate(10, Duration.ofSeconds(10), "ip", 3));

    private long allowed(String client, long nowNanos, int times) {
        return IntStream.range(0, times)
                .filter(i -> limit.ask(client, nowNanos).allowed())
                .count();
    }

    /** Far enough on, the clock's count begins again below zero, as it may. */
    private static long after(long nanos) {
        return START + nanos;
    }

    @Test
    void aBurstIsLetThroughAndThenOneForEachStep() {
        assertThat(allowed("a", START, 10)).isEqualTo(3);
        assertThat(allowed("a", after(SECOND - 1), 5)).isZero();
        assertThat(allowed("a", after(SECOND), 5)).isEqualTo(1);
        assertThat(allowed("a", after(3 * SECOND), 5)).isEqualTo(2);
        assertThat(allowed("a", after(100 * SECOND), 10)).isEqualTo(3);
    }

    @Test
    void clientsDoNotCountForEachOther() {
        assertThat(allowed("a", START, 10)).isEqualTo(3);
        assertThat(allowed("b", START, 10)).isEqualTo(3);
    }

    @Test
    void anOutcomeSaysWhatIsLeftAndWhenToComeAgain() {
        assertThat(limit.ask("a", START)).isEqualTo(new RateLimit.Outcome(true, 2, 0, SECOND));
        assertThat(limit.ask("a", START)).isEqualTo(new RateLimit.Outcome(true, 1, 0, 2 * SECOND));
        assertThat(limit.ask("a", START)).isEqualTo(new RateLimit.Outcome(true, 0, 0, 3 * SECOND));
        assertThat(limit.ask("a", after(SECOND / 4)))
                .isEqualTo(new RateLimit.Outcome(false, 0, SECOND * 3 / 4, SECOND * 11 / 4));
    }

    @Test
    void ofTooManyClientsTheOneThatAskedLastIsStillKnown() {
        assertThat(allowed("a", START, 10)).isEqualTo(3);
        for (int i = 0; i < 3 * RateLimit.CLIENTS_MAX; i++) {
            limit.ask("other " + i, START);
            if (i % 1000 == 0) {
                assertThat(limit.ask("a", START).allowed()).isFalse();
            }
            if (i == RateLimit.CLIENTS_MAX) {
                limit.ask("b", START);
            }
        }
        // It asked longest ago, so there was no room for it; what it may do is what a new client may.
        assertThat(limit.ask("b", START).remaining()).isEqualTo(2);
    }

    @Test
    void oneWhoHasManyIpv6AddressesIsOneClient() {
        assertThat(RateLimit.client(InetAddress.ofLiteral("2001:db8::1")))
                .isEqualTo(RateLimit.client(InetAddress.ofLiteral("2001:db8::2:3")))
                .isNotEqualTo(RateLimit.client(InetAddress.ofLiteral("2001:db8:0:1::1")));
        assertThat(RateLimit.client(InetAddress.ofLiteral("10.0.0.1"))).isEqualTo("10.0.0.1");
    }
}
