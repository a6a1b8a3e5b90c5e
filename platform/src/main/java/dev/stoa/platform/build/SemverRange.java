package dev.stoa.platform.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A range of versions as npm writes it: {@code >=18 <21}, {@code 20.x || 22.x}, {@code ^20.1}, {@code 18 - 20}.
 *
 * @param alternatives of which one must hold; each is a list of bounds that must all hold
 */
record SemverRange(List<List<Bound>> alternatives) {
    private static final Pattern PARTIAL =
            Pattern.compile("v?=?v?(\\d{1,9}|[xX*])(?:\\.(\\d{1,9}|[xX*]))?(?:\\.(\\d{1,9}|[xX*]))?(?:[-+].*)?");
    private static final Pattern COMPARATOR = Pattern.compile("(>=|<=|>|<|\\^|~>?|=)?\\s*(\\S+)");
    private static final Pattern HYPHEN = Pattern.compile("(\\S+)\\s+-\\s+(\\S+)");

    /** A version of three numbers. */
    record Version(long major, long minor, long patch) implements Comparable<Version> {
        static Optional<Version> parse(String text) {
            return Partial.parse(text).map(p -> new Version(p.major(), p.minor(), p.patch()));
        }

        @Override
        public int compareTo(Version other) {
            int order = Long.compare(major, other.major);
            order = order != 0 ? order : Long.compare(minor, other.minor);
            return order != 0 ? order : Long.compare(patch, other.patch);
        }

        @Override
        public String toString() {
            return major + "." + minor + "." + patch;
        }
    }

    /** From {@code min} on, up to and without {@code end}. */
    record Bound(Version min, Version end) {
        boolean holds(Version version) {
            return version.compareTo(min) >= 0 && version.compareTo(end) < 0;
        }
    }

    private static final Version FIRST = new Version(0, 0, 0);
    private static final Version LAST = new Version(Long.MAX_VALUE, 0, 0);

    /** Of which the last numbers may be missing. */
    private record Partial(long major, long minor, long patch, int given) {
        static Optional<Partial> parse(String text) {
            Matcher matcher = PARTIAL.matcher(text);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            long[] numbers = new long[3];
            int given = 0;
            for (int i = 0; i < 3; i++) {
                String part = matcher.group(i + 1);
                if (part == null || !Character.isDigit(part.charAt(0))) {
                    break;
                }
                numbers[i] = Long.parseLong(part);
                given++;
            }
            return Optional.of(new Partial(numbers[0], numbers[1], numbers[2], given));
        }

        Version first() {
            return new Version(major, minor, patch);
        }

        /** The first version after all that it stands for. */
        Version end() {
            return switch (given) {
                case 0 -> LAST;
                case 1 -> new Version(major + 1, 0, 0);
                case 2 -> new Version(major, minor + 1, 0);
                default -> new Version(major, minor, patch + 1);
            };
        }

        Version caretEnd() {
            if (major > 0 || given < 2) {
                return given == 0 ? LAST : new Version(major + 1, 0, 0);
            }
            return minor > 0 || given < 3 ? new Version(0, minor + 1, 0) : new Version(0, 0, patch + 1);
        }

        Version tildeEnd() {
            return given < 2 ? end() : new Version(major, minor + 1, 0);
        }
    }

    /** Empty where the text is no range. */
    static Optional<SemverRange> parse(String text) {
        List<List<Bound>> alternatives = new ArrayList<>();
        for (String part : text.split("\\|\\|", -1)) {
            Optional<List<Bound>> bounds = bounds(part.strip());
            if (bounds.isEmpty()) {
                return Optional.empty();
            }
            alternatives.add(bounds.get());
        }
        return Optional.of(new SemverRange(alternatives));
    }

    boolean contains(Version version) {
        return alternatives.stream().anyMatch(bounds -> bounds.stream().allMatch(b -> b.holds(version)));
    }

    private static Optional<List<Bound>> bounds(String text) {
        Matcher hyphen = HYPHEN.matcher(text);
        if (hyphen.matches()) {
            return Partial.parse(hyphen.group(1))
                    .flatMap(from ->
                            Partial.parse(hyphen.group(2)).map(to -> List.of(new Bound(from.first(), to.end()))));
        }
        List<Bound> bounds = new ArrayList<>();
        String joined = text.replaceAll("(>=|<=|>|<|\\^|~>?|=)\\s+", "$1");
        for (String word :
                Stream.of(joined.split("[\\s,]+", -1)).filter(w -> !w.isEmpty()).toList()) {
            Matcher matcher = COMPARATOR.matcher(word);
            Optional<Partial> version = matcher.matches() ? Partial.parse(matcher.group(2)) : Optional.empty();
            if (version.isEmpty()) {
                return Optional.empty();
            }
            bounds.add(bound(matcher.group(1) == null ? "=" : matcher.group(1), version.get()));
        }
        return Optional.of(bounds);
    }

    private static Bound bound(String operator, Partial version) {
        return switch (operator) {
            case ">=" -> new Bound(version.first(), LAST);
            case ">" -> new Bound(version.end(), LAST);
            case "<" -> new Bound(FIRST, version.first());
            case "<=" -> new Bound(FIRST, version.end());
            case "^" -> new Bound(version.first(), version.caretEnd());
            case "~", "~>" -> new Bound(version.first(), version.tildeEnd());
            default -> new Bound(version.first(), version.end());
        };
    }
}
