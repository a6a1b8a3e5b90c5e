package dev.stoa.platform.source.git;

import java.time.Duration;

/**
 * What a fetch may take.
 *
 * @param timeMax      from the start to the end
 * @param silenceMax   without a byte from the server
 * @param bytesMax     on this machine's disk
 * @param freeBytesMin must be left there
 */
public record FetchLimits(Duration timeMax, Duration silenceMax, long bytesMax, long freeBytesMin) {
    public static final FetchLimits DEFAULT =
            new FetchLimits(Duration.ofMinutes(15), Duration.ofSeconds(60), 2L << 30, 200L << 20);

    public FetchLimits {
        if (timeMax.isNegative() || silenceMax.toSeconds() < 1 || bytesMax < 1 || freeBytesMin < 0) {
            throw new IllegalArgumentException("a limit must be positive");
        }
    }
}
