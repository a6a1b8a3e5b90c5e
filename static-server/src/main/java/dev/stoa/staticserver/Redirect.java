package dev.stoa.staticserver;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of {@code _redirects}, as Netlify and Cloudflare Pages read it: {@code /old/* /new/:splat 301}.
 *
 * @param query  parameters that must be there; a value of {@code :name} is a placeholder
 * @param to     where it leads, with placeholders
 * @param status 200 answers with the file that {@code to} names, 404 too, others send the browser there
 * @param force  whether it also counts where there is a file
 */
record Redirect(PathPattern from, Map<String, String> query, String to, int status, boolean force) {
    private static final Set<Integer> STATUSES = Set.of(200, 301, 302, 303, 307, 308, 404);
    private static final Pattern STATUS = Pattern.compile("(\\d{3})(!?)");
    private static final Pattern PARAMETER = Pattern.compile("([^=/:]+)=(.*)");
    private static final Pattern NAME = Pattern.compile(":([A-Za-z]\\w*)");
    private static final Pattern URL = Pattern.compile("https?://([^/?#]+)(.*)");
    private static final int DEFAULT_STATUS = 301;

    /** Whether the visitor sees another address afterwards. */
    boolean moves() {
        return status != 200 && status != 404;
    }

    static List<Redirect> parse(List<String> lines, Rules.Complaints complaints) {
        List<Redirect> redirects = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).replaceFirst("(^|\\s)#.*", "").strip();
            if (line.isEmpty()) {
                continue;
            }
            try {
                redirects.add(parse(line));
            } catch (IllegalArgumentException e) {
                complaints.add(i + 1, String.valueOf(e.getMessage()));
            }
        }
        return redirects;
    }

    private static Redirect parse(String line) {
        List<String> words = List.of(line.split("\\s+", -1));
        PathPattern from = PathPattern.parse(words.getFirst());
        Map<String, String> query = new LinkedHashMap<>();
        int next = 1;
        while (next < words.size() && isParameter(words.get(next))) {
            Matcher parameter = PARAMETER.matcher(words.get(next++));
            if (parameter.matches()) {
                query.put(parameter.group(1), parameter.group(2));
            }
        }
        if (next >= words.size()) {
            throw new IllegalArgumentException("it does not say where to; write it like this: /old /new 301");
        }
        String to = words.get(next++);
        int status = DEFAULT_STATUS;
        boolean force = false;
        if (next < words.size()) {
            Matcher matcher = STATUS.matcher(words.get(next));
            if (!matcher.matches() || !STATUSES.contains(Integer.parseInt(matcher.group(1)))) {
                throw new IllegalArgumentException("\"%s\" is no status: there are 200, 301, 302, 303, 307, 308 and 404"
                        .formatted(words.get(next)));
            }
            status = Integer.parseInt(matcher.group(1));
            force = !matcher.group(2).isEmpty();
            next++;
        }
        if (next < words.size()) {
            throw new IllegalArgumentException("conditions such as \"%s\" are not provided".formatted(words.get(next)));
        }
        checkTarget(words.getFirst(), to, status);
        return new Redirect(from, query, to, status, force);
    }

    private static boolean isParameter(String word) {
        return !word.startsWith("/")
                && !word.contains("://")
                && PARAMETER.matcher(word).matches();
    }

    private static void checkTarget(String text, String to, int status) {
        Matcher url = URL.matcher(to);
        if (url.matches()) {
            if (status == 200 || status == 404) {
                throw new IllegalArgumentException(
                        "with status %d it can only lead to a path of this site".formatted(status));
            }
            if (NAME.matcher(url.group(1).replaceFirst(":\\d+$", "")).find()) {
                throw new IllegalArgumentException("a placeholder cannot stand in a host name");
            }
        } else if (!to.startsWith("/") || to.startsWith("//")) {
            throw new IllegalArgumentException("\"%s\" is neither a path nor a URL".formatted(to));
        } else if (to.equals(text) && status != 200 && status != 404 && !to.contains("*")) {
            throw new IllegalArgumentException("it leads to itself");
        }
    }

    /**
     * Where this leads from a path, if the rule fits.
     *
     * @param path  decoded
     * @param query as it came, without the question mark
     */
    Optional<String> target(String path, Optional<String> query) {
        Optional<Map<String, String>> matched = from.match(path);
        if (matched.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> values = new LinkedHashMap<>(matched.get());
        Map<String, String> given = parameters(query);
        for (Map.Entry<String, String> wanted : this.query.entrySet()) {
            String value = given.get(wanted.getKey());
            Matcher name = NAME.matcher(wanted.getValue());
            if (value == null || (!name.matches() && !value.equals(wanted.getValue()))) {
                return Optional.empty();
            }
            if (name.matches()) {
                values.put(name.group(1), value);
            }
        }
        String filled = moves() ? location(values) : fill(to, values, false);
        boolean passes = moves() && this.query.isEmpty() && !filled.contains("?");
        return Optional.of(passes && query.isPresent() ? withQuery(filled, query.get()) : filled);
    }

    private static String withQuery(String location, String query) {
        int fragment = location.indexOf('#');
        return fragment < 0
                ? location + "?" + query
                : location.substring(0, fragment) + "?" + query + location.substring(fragment);
    }

    /** Nothing that a visitor writes into the path can lead to another host than the rule names. */
    private String location(Map<String, String> values) {
        Matcher url = URL.matcher(to);
        String filled = url.matches()
                ? to.substring(0, to.length() - url.group(2).length()) + "/"
                        + fill(url.group(2).replaceFirst("^/", ""), values, true)
                : "/" + fill(to, values, true).replaceFirst("^[/\\\\]+", "");
        return url.matches() && url.group(2).isEmpty() ? to : filled;
    }

    private static String fill(String text, Map<String, String> values, boolean encoded) {
        return NAME.matcher(text).replaceAll(match -> {
            String value = values.get(match.group(1));
            return Matcher.quoteReplacement(value == null ? match.group() : encoded ? encode(value) : value);
        });
    }

    /** All but letters, digits, slashes and what is safe in a path. */
    private static String encode(String value) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean safe = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "-._~/@:,+!".indexOf(c) >= 0;
            encoded.append(safe ? String.valueOf(c) : "%%%02X".formatted((int) c));
        }
        return encoded.toString();
    }

    private static Map<String, String> parameters(Optional<String> query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        query.ifPresent(text -> {
            for (String part : text.split("&", -1)) {
                int equals = part.indexOf('=');
                String name = equals < 0 ? part : part.substring(0, equals);
                parameters.putIfAbsent(decode(name), equals < 0 ? "" : decode(part.substring(equals + 1)));
            }
        });
        return parameters;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }
}
