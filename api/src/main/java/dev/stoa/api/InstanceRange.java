package dev.stoa.api;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many instances of a process type may run. Between {@code min} and {@code max} it is the requests that decide.
 *
 * @param min         0: it sleeps when nobody has asked for the time {@code idle}, and the next request wakes it
 * @param max         the same as {@code min}: a fixed number
 * @param concurrency so many requests in flight are as much as one instance should have; absent: {@link #CONCURRENCY}
 * @param idle        absent: {@link #IDLE}
 */
public record InstanceRange(int min, int max, Optional<Integer> concurrency, Optional<Duration> idle) {
    /** The most instances of one process type. */
    public static final int INSTANCES_MAX = 1000;

    public static final int CONCURRENCY = 50;
    public static final int CONCURRENCY_MAX = 100_000;
    public static final Duration IDLE = Duration.ofMinutes(15);

    private static final Pattern SPAN = Pattern.compile("(\\d{1,4})\\.\\.(\\d{1,4})");

    public InstanceRange {
        if (min < 0 || max < min || max > INSTANCES_MAX) {
            throw new IllegalArgumentException("min=" + min + " max=" + max);
        }
    }

    public static InstanceRange fixed(int count) {
        return new InstanceRange(count, count, Optional.empty(), Optional.empty());
    }

    /** What {@link #span} writes, or empty. */
    public static Optional<InstanceRange> parse(String text) {
        Matcher span = SPAN.matcher(text);
        int min = span.matches()
                ? Integer.parseInt(span.group(1))
                : text.matches("\\d{1,4}") ? Integer.parseInt(text) : -1;
        int max = span.matches() ? Integer.parseInt(span.group(2)) : min;
        return min < 0 || max < min || max > INSTANCES_MAX
                ? Optional.empty()
                : Optional.of(new InstanceRange(min, max, Optional.empty(), Optional.empty()));
    }

    /** Whether the requests decide. */
    public boolean scales() {
        return max > min;
    }

    public int within(int count) {
        return Math.clamp(count, min, max);
    }

    public int concurrencyOrDefault() {
        return concurrency.orElse(CONCURRENCY);
    }

    public Duration idleOrDefault() {
        return idle.orElse(IDLE);
    }

    /** Such as {@code 0..10}, or {@code 3} for a fixed number. */
    public String span() {
        return scales() ? min + ".." + max : String.valueOf(min);
    }

    /** Such as {@code 3 (0..10)}, or {@code 3} for a fixed number. */
    public String shown(int count) {
        return scales() ? "%d (%s)".formatted(count, span()) : String.valueOf(count);
    }
}
