package dev.stoa.api;

import dev.stoa.api.EdgeManifest.HttpsMode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The table {@code [edge]} of the manifest. */
final class EdgeTable {
    static final String EXAMPLE = "[edge]";

    private static final KeyExamples EXAMPLES = KeyExamples.of("https", "https = \"redirect\"", "hsts", "hsts = \"365d\"");

    private static final Pattern YEARS = Pattern.compile("([1-9]\\d?)\\s*y");
    private static final long DAYS_PER_YEAR = 365;

    private EdgeTable() {}

    static EdgeManifest read(TomlSection top) {
        return top.section("edge", EXAMPLE).map(EdgeTable::edge).orElse(EdgeManifest.DEFAULT);
    }

    private static EdgeManifest edge(TomlSection edge) {
        edge.allowOnly(EXAMPLES.byKey(), Map.of());
        return new EdgeManifest(https(edge), hsts(edge));
    }

    private static Optional<HttpsMode> https(TomlSection edge) {
        String key = "https";
        return edge.text(key, EXAMPLES.of(key)).map(text -> switch (text) {
            case "redirect" -> HttpsMode.REDIRECT;
            case "optional" -> HttpsMode.OPTIONAL;
            default ->
                throw edge.problem(
                        key,
                        "%s must be \"redirect\" or \"optional\", not \"%s\"".formatted(edge.subject(key), text),
                        EXAMPLES.of(key));
        });
    }

    /** Nothing is a time, too: it takes back what browsers were told before. */
    private static Optional<Duration> hsts(TomlSection edge) {
        String key = "hsts";
        return edge.text(key, EXAMPLES.of(key))
                .map(text -> span(text)
                        .orElseThrow(() -> edge.problem(
                                key,
                                "%s must be a time such as \"30d\", \"1y\", or \"0s\" to take it back, not \"%s\""
                                        .formatted(edge.subject(key), text),
                                EXAMPLES.of(key))));
    }

    private static Optional<Duration> span(String text) {
        Matcher years = YEARS.matcher(text.strip());
        return years.matches()
                ? Optional.of(Duration.ofDays(DAYS_PER_YEAR * Long.parseLong(years.group(1))))
                : TimeSpan.parse(text);
    }
}
