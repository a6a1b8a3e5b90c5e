package dev.stoa.platform.router.edge;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/** The directives of Cache-Control (RFC 9111, 5.2), of a request or an answer. */
record CacheControl(Map<String, String> directives) {
    private static final long SECONDS_MAX = Integer.MAX_VALUE;

    static CacheControl parse(List<String> values) {
        Map<String, String> directives = new HashMap<>();
        for (String value : values) {
            int at = 0;
            while (at < value.length()) {
                int end = end(value, at);
                String directive = value.substring(at, end);
                int equals = directive.indexOf('=');
                String name = (equals < 0 ? directive : directive.substring(0, equals))
                        .trim()
                        .toLowerCase(Locale.ROOT);
                String argument = equals < 0
                        ? ""
                        : unquoted(directive.substring(equals + 1).trim());
                if (!name.isEmpty()) {
                    directives.merge(name, argument, CacheControl::stricter);
                }
                at = end + 1;
            }
        }
        return new CacheControl(directives);
    }

    /** Of a directive that is there twice, the one that keeps less. */
    private static String stricter(String one, String other) {
        return seconds(one) <= seconds(other) ? one : other;
    }

    /** A comma inside of quotes is no end. */
    private static int end(String value, int from) {
        boolean quoted = false;
        for (int i = from; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                return i;
            }
        }
        return value.length();
    }

    private static String unquoted(String text) {
        return text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"")
                ? text.substring(1, text.length() - 1)
                : text;
    }

    boolean has(String name) {
        return directives.containsKey(name);
    }

    /** The argument in seconds; one that is none counts as zero, so that nothing is kept for too long. */
    OptionalLong secondsOf(String name) {
        String argument = directives.get(name);
        return argument == null ? OptionalLong.empty() : OptionalLong.of(seconds(argument));
    }

    private static long seconds(String argument) {
        if (argument.isEmpty() || !argument.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0;
        }
        return argument.length() > 10 ? SECONDS_MAX : Math.min(SECONDS_MAX, Long.parseLong(argument));
    }
}
