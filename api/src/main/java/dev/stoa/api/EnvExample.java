package dev.stoa.api;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file in which an app documents its config vars. Its values are examples, so only the names count; and as it is for
 * people, a line that is no assignment is passed over.
 *
 * @param file  which of the usual names it has; empty where there is none
 * @param names in the order of the file
 */
record EnvExample(String file, List<String> names) {
    static final EnvExample NONE = new EnvExample("", List.of());

    /** The first that is there is read. */
    static final List<String> FILES = List.of(".env.example", ".env.sample", ".env.template", ".env.dist");

    private static final Pattern ASSIGNMENT =
            Pattern.compile("(?:export\\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\\s*(?:=|:\\s)\\s*(.*)", Pattern.DOTALL);

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    EnvExample {
        names = List.copyOf(names);
    }

    static EnvExample read(Path folder) {
        for (String file : FILES) {
            Optional<String> text = text(folder, file);
            if (text.isPresent()) {
                return new EnvExample(file, names(text.get()));
            }
        }
        return NONE;
    }

    /** The text of the one that is read, by its name. */
    static Map<String, String> text(Path folder) {
        return FILES.stream()
                .flatMap(file -> text(folder, file).stream().map(text -> Map.of(file, text)))
                .findFirst()
                .orElse(Map.of());
    }

    /** @param texts by the names of files */
    static EnvExample of(Map<String, String> texts) {
        return FILES.stream()
                .filter(texts::containsKey)
                .findFirst()
                .map(file -> new EnvExample(file, names(texts.getOrDefault(file, ""))))
                .orElse(NONE);
    }

    private static Optional<String> text(Path folder, String file) {
        try {
            return SourceText.read(folder, file, ErrorCode.BAD_REQUEST);
        } catch (StoaException e) {
            // No app is refused for its documentation.
            return Optional.empty();
        }
    }

    static List<String> names(String text) {
        Set<String> names = new LinkedHashSet<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            Matcher assignment = ASSIGNMENT.matcher(lines.get(i).strip());
            if (!assignment.matches()) {
                continue;
            }
            if (VARIABLE.matcher(assignment.group(1)).matches()) {
                names.add(assignment.group(1));
            }
            i = endOfValue(lines, i, assignment.group(2));
        }
        return new ArrayList<>(names);
    }

    /** The line in which a value ends: one in quotes may go over several. A quote that nobody closes opens nothing. */
    private static int endOfValue(List<String> lines, int start, String value) {
        if (value.isEmpty() || "\"'`".indexOf(value.charAt(0)) < 0) {
            return start;
        }
        char quote = value.charAt(0);
        String rest = value.substring(1);
        for (int i = start; ; rest = lines.get(i)) {
            if (closes(rest, quote)) {
                return i;
            }
            if (++i == lines.size()) {
                return start;
            }
        }
    }

    private static boolean closes(String text, char quote) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && quote == '"') {
                i++;
            } else if (text.charAt(i) == quote) {
                return true;
            }
        }
        return false;
    }
}
