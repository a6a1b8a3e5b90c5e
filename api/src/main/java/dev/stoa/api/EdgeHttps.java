package dev.stoa.api;

import dev.stoa.api.EdgeManifest.HttpsMode;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the table {@code [edge]} of the manifest says of HTTPS. */
final class EdgeHttps {
    static final String MODE = "https = \"redirect\"";
    static final String HSTS = "hsts = \"365d\"";

    private static final Pattern YEARS = Pattern.compile("([1-9]\\d?)\\s*y");
    private static final long DAYS_PER_YEAR = 365;

    private EdgeHttps() {}

    static Optional<HttpsMode> mode(TomlSection edge) {
        String key = "https";
        return edge.text(key, MODE).map(text -> switch (text) {
            case "redirect" -> HttpsMode.REDIRECT;
            case "optional" -> HttpsMode.OPTIONAL;
            default ->
                throw edge.problem(
                        key,
                        "%s must be \"redirect\" or \"optional\", not \"%s\"".formatted(edge.subject(key), text),
                        MODE);
        });
    }

    /** Nothing is a time, too: it takes back what browsers were told before. */
    static Optional<Duration> hsts(TomlSection edge) {
        String key = "hsts";
        return edge.text(key, HSTS)
                .map(text -> span(text)
                        .orElseThrow(() -> edge.problem(
                                key,
                                "%s must be a time such as \"30d\", \"1y\", or \"0s\" to take it back, not \"%s\""
                                        .formatted(edge.subject(key), text),
                                HSTS)));
    }

    private static Optional<Duration> span(String text) {
        Matcher years = YEARS.matcher(text.strip());
        return years.matches()
                ? Optional.of(Duration.ofDays(DAYS_PER_YEAR * Long.parseLong(years.group(1))))
                : TimeSpan.parse(text);
    }
}
