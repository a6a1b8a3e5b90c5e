package dev.stoa.api;

import dev.stoa.api.EdgeManifest.Redirect;
import dev.stoa.api.EdgeManifest.Rewrite;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The tables {@code [[edge.redirects]]} and {@code [[edge.rewrites]]} of the manifest. */
final class EdgePaths {
    static final String REDIRECT = "[[edge.redirects]]   from = \"/old/*\"   to = \"/new/:splat\"";
    static final String REWRITE = "[[edge.rewrites]]   from = \"/docs/*\"   to = \"/pages/docs/:splat\"";

    private static final int RULES_MAX = 500;

    /** Browsers give up after so many. */
    private static final int HOPS_MAX = 20;

    private static final int MOVED_PERMANENTLY = 301;
    private static final Set<Integer> STATUSES = new TreeSet<>(Set.of(301, 302, 303, 307, 308));

    /** The name of the host has no place in it, so that nobody chooses whereto but the file. */
    private static final Pattern ELSEWHERE = Pattern.compile(
            "https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/.*)?|https?://\\[[0-9a-fA-F:.]+\\](:[0-9]{1,5})?(/.*)?");

    private static final Pattern PLAIN = Pattern.compile("[\\x21-\\x7e&&[^\"<>\\\\^`{|}]]+");

    private EdgePaths() {}

    static List<Redirect> redirects(TomlSection edge) {
        List<TomlSection> tables = tables(edge, "redirects", REDIRECT, Set.of("from", "to", "status"));
        List<Redirect> redirects = new ArrayList<>();
        for (TomlSection table : tables) {
            PathPattern from = from(table, REDIRECT);
            String to = to(table, from, true, REDIRECT);
            redirects.add(new Redirect(
                    table.text("from", REDIRECT).orElseThrow(),
                    to,
                    status(table).orElse(MOVED_PERMANENTLY)));
        }
        List<PathPattern> patterns =
                redirects.stream().map(Redirect::from).map(PathPattern::parse).toList();
        for (int i = 0; i < tables.size(); i++) {
            refuseLoop(redirects, patterns, i, tables.get(i));
        }
        return redirects;
    }

    static List<Rewrite> rewrites(TomlSection edge) {
        List<Rewrite> rewrites = new ArrayList<>();
        for (TomlSection table : tables(edge, "rewrites", REWRITE, Set.of("from", "to"))) {
            PathPattern from = from(table, REWRITE);
            rewrites.add(new Rewrite(table.text("from", REWRITE).orElseThrow(), to(table, from, false, REWRITE)));
        }
        return rewrites;
    }

    private static List<TomlSection> tables(TomlSection edge, String key, String example, Set<String> keys) {
        List<TomlSection> tables = edge.tables(key, example);
        if (tables.size() > RULES_MAX) {
            throw edge.problem(
                    key,
                    "%s has more than %d entries".formatted(edge.subject(key), RULES_MAX),
                    "let patterns such as /old/* stand for several, or the app answer them");
        }
        Map<String, String> examples = new HashMap<>();
        new TreeSet<>(keys).forEach(known -> examples.put(known, example));
        tables.forEach(table -> table.allowOnly(examples, Map.of()));
        return tables;
    }

    private static PathPattern from(TomlSection table, String example) {
        String from = table.text("from", example).orElseThrow(() -> table.missing("from", example));
        try {
            return PathPattern.parse(from);
        } catch (IllegalArgumentException e) {
            throw table.problem("from", "%s %s".formatted(table.subject("from"), e.getMessage()), example);
        }
    }

    private static String to(TomlSection table, PathPattern from, boolean elsewhere, String example) {
        String to = table.text("to", example).orElseThrow(() -> table.missing("to", example));
        boolean path = to.startsWith("/") && !to.startsWith("//");
        boolean url = elsewhere
                && ELSEWHERE
                        .matcher(to.substring(0, Math.max(PathPattern.firstPlace(to), 0)))
                        .matches()
                && (to.indexOf('/', "https://".length()) >= 0 || PathPattern.firstPlace(to) == to.length());
        if (!(path || url) || !PLAIN.matcher(to).matches() || to.contains("*")) {
            throw table.problem(
                    "to",
                    "%s must be a path that starts with one /%s, as it stands in a URL"
                            .formatted(table.subject("to"), elsewhere ? ", or a URL of a host" : ""),
                    example);
        }
        List<String> unknown = from.unknown(to);
        if (!unknown.isEmpty()) {
            throw table.problem(
                    "to",
                    "%s has :%s, and \"from\" has no such place".formatted(table.subject("to"), unknown.getFirst()),
                    "what * stands for is :splat;   " + example);
        }
        return to;
    }

    private static Optional<Integer> status(TomlSection table) {
        String key = "status";
        return table.value(key).map(value -> switch (value) {
            case Long number when STATUSES.contains(Math.toIntExact(Math.clamp(number, 0, 999))) -> number.intValue();
            case Long number ->
                throw table.problem(
                        key,
                        "%s must be 301, 302, 303, 307 or 308, not %d".formatted(table.subject(key), number),
                        "status = 302");
            default -> throw table.wrongType(key, "a whole number", "status = 302");
        });
    }

    /** Goes where a browser would go, with something in each place; what does not come to an end is a loop. */
    private static void refuseLoop(List<Redirect> redirects, List<PathPattern> patterns, int first, TomlSection table) {
        for (String sample : List.of("x", "x/y")) {
            String path = redirects
                    .get(first)
                    .from()
                    .replaceAll("\\*[A-Za-z0-9_]*$", sample)
                    .replaceAll(":[A-Za-z0-9_]+", "x");
            int hops = 0;
            for (Optional<String> next = Optional.of(path);
                    next.isPresent();
                    next = next(redirects, patterns, next.get())) {
                if (hops++ > HOPS_MAX) {
                    throw table.problem(
                            "to",
                            "%s leads in a circle: what is asked for at %s never arrives"
                                    .formatted(
                                            table.subject("to"),
                                            redirects.get(first).from()),
                            "let it lead to a path that no \"from\" fits");
                }
            }
        }
    }

    private static Optional<String> next(List<Redirect> redirects, List<PathPattern> patterns, String path) {
        for (int i = 0; i < redirects.size(); i++) {
            Optional<Map<String, String>> found = patterns.get(i).match(path);
            if (found.isPresent()) {
                String to = PathPattern.fill(redirects.get(i).to(), found.get()).replaceFirst("[?#].*$", "");
                return to.startsWith("/") ? Optional.of(to) : Optional.empty();
            }
        }
        return Optional.empty();
    }
}
