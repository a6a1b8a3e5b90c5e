package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * Which lines of an app's log are wanted.
 *
 * @param lastLines so many of the last ones that match
 * @param text      only lines that contain this, in upper or lower case
 * @param source    only lines of this source: an instance such as {@code web.1}, or all of a process type with {@code web}
 */
public record LogQuery(int lastLines, Optional<Instant> since, Optional<String> text, Optional<String> source) {
    public LogQuery {
        if (lastLines < 0) {
            throw new IllegalArgumentException("lastLines=" + lastLines);
        }
        text = text.map(wanted -> wanted.toLowerCase(Locale.ROOT));
    }

    public static LogQuery last(int lines) {
        return new LogQuery(lines, Optional.empty(), Optional.empty(), Optional.empty());
    }

    boolean matches(LogLine line) {
        return since.filter(line.time()::isBefore).isEmpty()
                && source.filter(wanted -> !isOf(line.source(), wanted)).isEmpty()
                && text.filter(wanted -> !line.text().toLowerCase(Locale.ROOT).contains(wanted))
                        .isEmpty();
    }

    private static boolean isOf(String source, String wanted) {
        return source.equals(wanted) || source.startsWith(wanted + ".");
    }
}
