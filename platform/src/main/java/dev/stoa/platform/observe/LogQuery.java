package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import java.time.Instant;
import java.util.Optional;

/**
 * Which lines of an app's log.
 *
 * @param lines  so many of the last that match
 * @param since  only from this moment on
 * @param text   only those with this text
 * @param source only those of this source ({@code web.1}) or process type ({@code web})
 */
public record LogQuery(int lines, Optional<Instant> since, Optional<String> text, Optional<String> source) {
    boolean matches(LogLine line) {
        return since.map(from -> !line.time().isBefore(from)).orElse(true)
                && text.map(line.text()::contains).orElse(true)
                && source.map(wanted ->
                                line.source().equals(wanted) || line.source().startsWith(wanted + "."))
                        .orElse(true);
    }
}
