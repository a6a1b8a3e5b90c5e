package dev.stoa.api;

import java.time.Instant;

/**
 * One line of an app's log.
 *
 * @param source who said it: {@code web.1}, {@code router}, {@code stoa}
 */
public record LogLine(Instant time, String source, String text) {}
