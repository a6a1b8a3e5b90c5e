package dev.stoa.api;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A path with places for what may differ: {@code /blog/:year/*}. {@code :name} stands for one segment that is not empty, and
 * {@code *} or {@code *name} at the end for all that follows, even nothing; without a name of its own it is {@code splat}.
 * Paths are compared as they came, with nothing decoded.
 */
public final class PathPattern {
    private static final String SPLAT = "splat";
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern PLACE = Pattern.compile(":(" + NAME + ")");

    private final List<String> segments;
    private final String prefix;
    private final String rest;

    private PathPattern(List<String> segments, String prefix, String rest) {
        this.segments = segments;
        this.prefix = prefix;
        this.rest = rest;
    }

    /** @throws IllegalArgumentException with what is wrong, as the rest of a sentence about it */
    public static PathPattern parse(String text) {
        if (!text.startsWith("/") || text.startsWith("//") || text.contains("?") || text.contains("#")) {
            throw new IllegalArgumentException("must be a path that starts with one /, without ? and #");
        }
        if (!isPlain(text)) {
            throw new IllegalArgumentException("must be as it stands in a URL: escaped, with no spaces");
        }
        List<String> segments = new ArrayList<>(List.of(text.substring(1).split("/", -1)));
        String rest = "";
        if (segments.getLast().startsWith("*")) {
            String named = segments.removeLast().substring(1);
            rest = named.isEmpty() ? SPLAT : name(named);
        }
        Map<String, Boolean> names = new HashMap<>(Map.of(rest, true));
        for (String segment : segments) {
            if (segment.contains("*")) {
                throw new IllegalArgumentException("may have a * only as its last segment");
            }
            if (segment.startsWith(":") && names.put(name(segment.substring(1)), true) != null) {
                throw new IllegalArgumentException("has two places of the name " + segment);
            }
        }
        int place = text.indexOf("/:");
        int end = place >= 0 ? place + 1 : rest.isEmpty() ? text.length() : text.lastIndexOf('/');
        return new PathPattern(List.copyOf(segments), text.substring(0, end), rest);
    }

    private static String name(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "has a place named \"%s\", and a name has letters, digits and _, no digit first".formatted(name));
        }
        return name;
    }

    private static boolean isPlain(String text) {
        return text.chars().allMatch(c -> c > ' ' && c < 127 && "\"<>\\^`{|}".indexOf(c) < 0);
    }

    /** What stands at the places of the pattern, by name; empty where the path does not fit. */
    public Optional<Map<String, String>> match(String path) {
        if (!path.startsWith("/") || !path.startsWith(prefix)) {
            return Optional.empty();
        }
        Map<String, String> found = new HashMap<>();
        int at = 0;
        for (String segment : segments) {
            if (at >= path.length()) {
                return Optional.empty();
            }
            int slash = path.indexOf('/', at + 1);
            int end = slash < 0 ? path.length() : slash;
            String value = path.substring(at + 1, end);
            if (segment.startsWith(":")) {
                if (value.isEmpty()) {
                    return Optional.empty();
                }
                found.put(segment.substring(1), value);
            } else if (!segment.equals(value)) {
                return Optional.empty();
            }
            at = end;
        }
        if (!rest.isEmpty()) {
            found.put(rest, at >= path.length() ? "" : path.substring(at + 1));
            return Optional.of(found);
        }
        return at >= path.length() ? Optional.of(found) : Optional.empty();
    }

    /** The names of the places in a target that the pattern does not have. */
    List<String> unknown(String target) {
        return PLACE.matcher(target)
                .results()
                .map(place -> place.group(1))
                .filter(name -> !name.equals(rest) && !segments.contains(":" + name))
                .toList();
    }

    /**
     * The target with what was found in its places. A path stays a path of the same host, whatever was found: it never begins
     * with two slashes, which a browser would take for another host.
     */
    public static String fill(String target, Map<String, String> found) {
        String filled = PLACE.matcher(target)
                .replaceAll(place -> Matcher.quoteReplacement(found.getOrDefault(place.group(1), place.group())));
        String safe = escaped(filled);
        if (!safe.startsWith("/")) {
            return safe;
        }
        int slashes = 1;
        while (slashes < safe.length() && safe.charAt(slashes) == '/') {
            slashes++;
        }
        return safe.substring(slashes - 1);
    }

    /** Where the places of a target begin; its length if it has none. */
    static int firstPlace(String target) {
        Matcher place = PLACE.matcher(target);
        return place.find() ? place.start() : target.length();
    }

    /** A backslash is a slash to browsers, and what is no letter of a URL has no place in a header. */
    private static String escaped(String url) {
        if (isPlain(url)) {
            return url;
        }
        StringBuilder escaped = new StringBuilder(url.length() + 16);
        for (int i = 0; i < url.length(); i++) {
            char c = url.charAt(i);
            if (isPlain(String.valueOf(c))) {
                escaped.append(c);
            } else {
                // What comes off the wire has one byte in each char.
                escaped.append("%%%02X".formatted(c & 0xff));
            }
        }
        return escaped.toString();
    }
}
