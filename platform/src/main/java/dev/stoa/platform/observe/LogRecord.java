package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * A line of a log file: microseconds, source, instance, offset and text, with tabs between them. Backslashes and line ends
 * in the text are escaped, so that a record is a line and a line without its end is a record that was not finished.
 *
 * @param source    empty for a record that only carries the offset
 * @param instance  whose output it is; empty for what the platform says
 * @param endOffset the offset in the instance's output file after the line
 */
record LogRecord(Instant time, String source, String instance, long endOffset, String text) {
    private static final int HEADER_FIELDS = 4;

    static LogRecord of(LogLine line) {
        return new LogRecord(line.time(), line.source(), "", 0, line.text());
    }

    static LogRecord offset(Instant time, String instance, long endOffset) {
        return new LogRecord(time, "", instance, endOffset, "");
    }

    boolean isLine() {
        return !source.isEmpty();
    }

    LogLine line() {
        return new LogLine(time, source, text);
    }

    void appendTo(StringBuilder out) {
        out.append(ChronoUnit.MICROS.between(Instant.EPOCH, time)).append('\t');
        out.append(source)
                .append('\t')
                .append(instance)
                .append('\t')
                .append(endOffset)
                .append('\t');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                default -> out.append(c);
            }
        }
        out.append('\n');
    }

    /** Empty if the bytes are no record, as after a disk lost some. */
    static Optional<LogRecord> parse(byte[] bytes, int from, int to) {
        return parse(bytes, from, to, true);
    }

    /** The record without its text. */
    static Optional<LogRecord> parseHeader(byte[] bytes, int from, int to) {
        return parse(bytes, from, to, false);
    }

    private static Optional<LogRecord> parse(byte[] bytes, int from, int to, boolean withText) {
        String[] fields = new String[HEADER_FIELDS];
        int start = from;
        for (int field = 0; field < HEADER_FIELDS; field++) {
            int tab = start;
            while (tab < to && bytes[tab] != '\t') {
                tab++;
            }
            if (tab == to) {
                return Optional.empty();
            }
            fields[field] = new String(bytes, start, tab - start, StandardCharsets.UTF_8);
            start = tab + 1;
        }
        try {
            return Optional.of(new LogRecord(
                    Instant.EPOCH.plus(Long.parseLong(fields[0]), ChronoUnit.MICROS),
                    fields[1],
                    fields[2],
                    Long.parseLong(fields[3]),
                    withText ? unescaped(new String(bytes, start, to - start, StandardCharsets.UTF_8)) : ""));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static String unescaped(String text) {
        int backslash = text.indexOf('\\');
        if (backslash < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                i++;
                out.append(text.charAt(i) == 'n' ? '\n' : text.charAt(i));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
