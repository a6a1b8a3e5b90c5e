package dev.stoa.staticserver;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A path of a rule: {@code :name} stands for one segment, and {@code *} at its end for all that follows, which is called
 * {@code splat}. A slash at the end makes no difference.
 */
record PathPattern(List<String> segments, boolean open) {
    static final String SPLAT = "splat";

    private static final Pattern NAME = Pattern.compile(":([A-Za-z]\\w*)");

    /** @throws IllegalArgumentException with a reason for people */
    static PathPattern parse(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("\"" + text + "\" is no path of this site: it must begin with a slash");
        }
        List<String> segments = split(text);
        boolean open = !segments.isEmpty() && segments.getLast().equals("*");
        List<String> fixed = open ? segments.subList(0, segments.size() - 1) : segments;
        if (fixed.stream().anyMatch(segment -> segment.contains("*"))) {
            throw new IllegalArgumentException("\"*\" can only stand at the end of a path, after a slash");
        }
        return new PathPattern(List.copyOf(fixed), open);
    }

    /** What the placeholders stand for in a path that fits. */
    Optional<Map<String, String>> match(String path) {
        List<String> given = split(path);
        if (given.size() < segments.size() || (!open && given.size() > segments.size())) {
            return Optional.empty();
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < segments.size(); i++) {
            Matcher name = NAME.matcher(segments.get(i));
            if (name.matches()) {
                values.put(name.group(1), given.get(i));
            } else if (!segments.get(i).equals(given.get(i))) {
                return Optional.empty();
            }
        }
        if (open) {
            String rest = String.join("/", given.subList(segments.size(), given.size()));
            values.put(SPLAT, !rest.isEmpty() && path.endsWith("/") ? rest + "/" : rest);
        }
        return Optional.of(values);
    }

    private static List<String> split(String path) {
        return new ArrayList<>(
                Stream.of(path.split("/", -1)).filter(s -> !s.isEmpty()).toList());
    }
}
