package dev.stoa.api;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A length of time as people write it: {@code 90s}, {@code 10m}, {@code 1h}, {@code 2d}, {@code 1w}. */
public final class TimeSpan {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})\\s*([smhdw])");

    private static final long SECONDS_PER_MINUTE = 60;
    private static final long SECONDS_PER_HOUR = 60 * SECONDS_PER_MINUTE;
    private static final long SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR;

    private TimeSpan() {}

    /** The form that {@link #parse} reads, in the largest unit that fits: {@code 90s}, {@code 10m}. */
    public static String written(Duration span) {
        long seconds = span.toSeconds();
        if (seconds > 0 && seconds % SECONDS_PER_DAY == 0) {
            return seconds / SECONDS_PER_DAY + "d";
        }
        if (seconds > 0 && seconds % SECONDS_PER_HOUR == 0) {
            return seconds / SECONDS_PER_HOUR + "h";
        }
        return seconds > 0 && seconds % SECONDS_PER_MINUTE == 0 ? seconds / SECONDS_PER_MINUTE + "m" : seconds + "s";
    }

    /** For sentences: {@code 90 s}, {@code 10 min}, {@code 2 h}. */
    public static String spoken(Duration span) {
        String written = written(span);
        String number = written.substring(0, written.length() - 1);
        return number
                + switch (written.charAt(written.length() - 1)) {
                    case 'd' -> number.equals("1") ? " day" : " days";
                    case 'h' -> " h";
                    case 'm' -> " min";
                    default -> " s";
                };
    }

    /** Empty when the text is none. */
    public static Optional<Duration> parse(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            return Optional.empty();
        }
        long count = Long.parseLong(form.group(1));
        return Optional.of(
                switch (form.group(2)) {
                    case "s" -> Duration.ofSeconds(count);
                    case "m" -> Duration.ofMinutes(count);
                    case "h" -> Duration.ofHours(count);
                    case "d" -> Duration.ofDays(count);
                    default -> Duration.ofDays(7 * count);
                });
    }
}
