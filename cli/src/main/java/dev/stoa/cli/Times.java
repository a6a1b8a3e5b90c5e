package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.api.TimeSpan;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** Times as people write and read them. */
final class Times {
    private static final DateTimeFormatter TO_THE_MILLISECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Times() {}

    /** A moment such as {@code 2026-11-21T10:00:00.123Z}. */
    static String exact(Instant time) {
        return TO_THE_MILLISECOND.format(time);
    }

    /** Reads {@code 90s}, {@code 10m}, {@code 1h}, {@code 2d}, {@code 1w} (so long before now), or an ISO 8601 moment. */
    static Instant since(String text, Instant now) {
        Optional<Duration> age = TimeSpan.parse(text);
        try {
            return age.isPresent() ? now.minus(age.get()) : Instant.parse(text.strip());
        } catch (DateTimeException | ArithmeticException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" is not a time for --since".formatted(text),
                    "it looks like 90s, 10m, 1h, 2d, or 2026-11-21T10:00:00Z",
                    e);
        }
    }

    /** How long ago: {@code 42s}, {@code 5m}, {@code 3h}, {@code 12d}. */
    static String ago(Instant time, Instant now) {
        Duration age = Duration.between(time, now);
        if (age.toSeconds() < 60) {
            return Math.max(0, age.toSeconds()) + "s";
        }
        if (age.toMinutes() < 60) {
            return age.toMinutes() + "m";
        }
        return age.toHours() < 48 ? age.toHours() + "h" : age.toDays() + "d";
    }
}
