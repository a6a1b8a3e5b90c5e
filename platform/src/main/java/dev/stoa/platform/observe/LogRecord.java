package dev.stoa.platform.observe;

import dev.stoa.api.LogLine;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * A log line as it stands in a segment: microseconds, source, instance, end offset and text, with tabs between them.
 *
 * @param instance  whose output it is; {@code -} for a line that the platform says
 * @param endOffset of the line in the instance's raw output, from which its collection goes on
 */
record LogRecord(LogLine line, String instance, long endOffset) {
    static final String NO_INSTANCE = "-";

    private static final int FIELDS = 5;

    String written() {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, line.time());
        return micros + "\t" + line.source() + "\t" + instance + "\t" + endOffset + "\t" + escaped(line.text()) + "\n";
    }

    /** Nothing for what is no record, such as the rest of one that a power cut left. */
    static Optional<LogRecord> parsed(String written) {
        String[] fields = written.split("\t", FIELDS);
        if (fields.length < FIELDS) {
            return Optional.empty();
        }
        try {
            Instant time = Instant.EPOCH.plus(Long.parseLong(fields[0]), ChronoUnit.MICROS);
            LogLine line = new LogLine(time, fields[1], unescaped(fields[4]));
            return Optional.of(new LogRecord(line, fields[2], Long.parseLong(fields[3])));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    private static String unescaped(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                char escape = text.charAt(++i);
                plain.append(
                        switch (escape) {
                            case 'n' -> '\n';
                            case 'r' -> '\r';
                            default -> escape;
                        });
            } else {
                plain.append(c);
            }
        }
        return plain.toString();
    }
}
