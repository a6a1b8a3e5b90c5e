package dev.stoa.platform.control;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Takes the values of config vars out of text that leaves the app: an app may well print its own secrets. */
final class Redaction {
    /** Shorter values, such as {@code 1} or {@code true}, are no secrets, and would garble every line. */
    private static final int SECRET_CHARS_MIN = 6;

    private final List<Map.Entry<String, String>> secrets;

    Redaction(Map<String, String> config) {
        // A value of several lines, such as a private key, is said line by line.
        this.secrets = config.entrySet().stream()
                .flatMap(entry -> entry.getValue().lines().map(line -> Map.entry(entry.getKey(), line.strip())))
                .filter(entry -> entry.getValue().length() >= SECRET_CHARS_MIN)
                .sorted(Comparator.comparingInt(entry -> -entry.getValue().length()))
                .toList();
    }

    String apply(String text) {
        String redacted = text;
        for (Map.Entry<String, String> secret : secrets) {
            redacted = redacted.replace(secret.getValue(), "[" + secret.getKey() + "]");
        }
        return redacted;
    }
}
