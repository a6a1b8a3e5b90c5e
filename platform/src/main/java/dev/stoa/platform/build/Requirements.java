package dev.stoa.platform.build;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A requirements.txt with the files that it includes.
 *
 * @param texts of all files
 * @param local whether something in the source itself is installed, which may be new in each deploy
 */
record Requirements(List<String> texts, boolean local) {
    static final String FILE = "requirements.txt";

    private static final Pattern INCLUDE = Pattern.compile("(?:-r|--requirement|-c|--constraint)[ =]?(\\S+).*");
    private static final Pattern LOCAL = Pattern.compile("(?:-e|--editable|\\.|/|file:).*|.*@\\s*file:.*");

    static Requirements read(SourceFolder source) {
        List<String> texts = new ArrayList<>();
        boolean local = collect(source, Path.of(FILE), texts, new HashSet<>());
        return new Requirements(List.copyOf(texts), local);
    }

    boolean mentions(String distribution) {
        Pattern name = Pattern.compile("(?m)^\\s*" + Pattern.quote(distribution) + "\\b");
        return texts.stream()
                .anyMatch(t -> name.matcher(t.toLowerCase(Locale.ROOT)).find());
    }

    private static boolean collect(SourceFolder source, Path file, List<String> texts, Set<Path> seen) {
        if (!seen.add(file)) {
            return false;
        }
        String text = source.text(file.toString()).orElse("");
        texts.add(text);
        boolean local = false;
        for (String line : text.lines().map(String::strip).toList()) {
            Matcher include = INCLUDE.matcher(line);
            if (include.matches()) {
                local |= collect(source, file.resolveSibling(include.group(1)).normalize(), texts, seen);
            } else {
                local |= LOCAL.matcher(line).matches();
            }
        }
        return local;
    }
}
