package dev.stoa.staticserver;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A paragraph of {@code _headers}: a path, and below it, indented, the headers of the answers there.
 *
 * @param set    values by name; placeholders of the path count in them
 * @param remove names of headers that are not sent, written as {@code ! Name}
 */
record HeaderRule(PathPattern path, Map<String, String> set, Set<String> remove) {
    private static final Pattern HEADER = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+)\\s*:\\s*(\\S.*)");
    private static final Pattern REMOVAL = Pattern.compile("!\\s*([0-9A-Za-z_-]+)");
    private static final Pattern NAME = Pattern.compile(":([A-Za-z]\\w*)");

    /** The server alone knows them, and an app must not. */
    private static final Set<String> RESERVED = Set.of(
            "accept-ranges",
            "age",
            "allow",
            "alt-svc",
            "connection",
            "content-encoding",
            "content-length",
            "content-range",
            "date",
            "keep-alive",
            "location",
            "server",
            "status",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "basic-auth");

    static List<HeaderRule> parse(List<String> lines, Rules.Complaints complaints) {
        List<HeaderRule> rules = new ArrayList<>();
        boolean skipped = true;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank() || line.strip().startsWith("#")) {
                continue;
            }
            try {
                if (!Character.isWhitespace(line.charAt(0))) {
                    skipped = true;
                    rules.add(new HeaderRule(
                            PathPattern.parse(line.strip()), new LinkedHashMap<>(), new LinkedHashSet<>()));
                    skipped = false;
                } else if (!skipped) {
                    rules.getLast().add(line.strip());
                } else if (rules.isEmpty()) {
                    complaints.add(i + 1, "it belongs to no path: a path stands above, at the start of a line");
                }
            } catch (IllegalArgumentException e) {
                complaints.add(i + 1, String.valueOf(e.getMessage()));
            }
        }
        return rules;
    }

    private void add(String line) {
        Matcher removal = REMOVAL.matcher(line);
        if (removal.matches()) {
            remove.add(removal.group(1));
            return;
        }
        Matcher header = HEADER.matcher(line);
        if (!header.matches()) {
            throw new IllegalArgumentException("it is not of the form \"Name: value\"");
        }
        if (RESERVED.contains(header.group(1).toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException("%s is not for a site to set".formatted(header.group(1)));
        }
        if (header.group(2).chars().anyMatch(c -> c < ' ' || c > '~')) {
            throw new IllegalArgumentException("a header's value can only hold ASCII characters");
        }
        set.merge(header.group(1), header.group(2), (a, b) -> a + ", " + b);
    }

    /** The headers of all rules that fit a path; what is to be removed is not in it. */
    static Map<String, String> of(List<HeaderRule> rules, String path) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (HeaderRule rule : rules) {
            rule.path
                    .match(path)
                    .ifPresent(values -> rule.set.forEach((name, value) ->
                            headers.merge(name.toLowerCase(Locale.ROOT), fill(value, values), (a, b) -> a + ", " + b)));
        }
        removed(rules, path).forEach(headers::remove);
        return headers;
    }

    static Set<String> removed(List<HeaderRule> rules, String path) {
        Set<String> removed = new LinkedHashSet<>();
        rules.stream()
                .filter(rule -> !rule.remove.isEmpty() && rule.path.match(path).isPresent())
                .forEach(rule -> rule.remove.forEach(name -> removed.add(name.toLowerCase(Locale.ROOT))));
        return removed;
    }

    private static String fill(String value, Map<String, String> values) {
        return NAME.matcher(value)
                .replaceAll(match -> Matcher.quoteReplacement(
                        values.getOrDefault(match.group(1), match.group()).replaceAll("[^ -~]", "")));
    }
}
