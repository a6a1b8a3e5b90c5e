package dev.stoa.staticserver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** What a site says in its {@code _redirects} and {@code _headers}, and which of their lines mean nothing here. */
record Rules(List<Redirect> redirects, List<HeaderRule> headers, List<String> warnings) {
    static final Rules NONE = new Rules(List.of(), List.of(), List.of());

    private static final int FILE_BYTES_MAX = 1 << 20;
    private static final int LINE_CHARACTERS_MAX = 2000;
    private static final int RULES_MAX = 2100;
    private static final int WARNINGS_MAX = 50;

    /** A line that is left out, with the reason. */
    @FunctionalInterface
    interface Complaints {
        void add(int line, String reason);
    }

    static Rules read(Path root) {
        List<String> warnings = new ArrayList<>();
        List<Redirect> redirects = new ArrayList<>();
        List<HeaderRule> headers = new ArrayList<>();
        read(root, "_redirects", warnings, (lines, complaints) -> redirects.addAll(Redirect.parse(lines, complaints)));
        read(root, "_headers", warnings, (lines, complaints) -> headers.addAll(HeaderRule.parse(lines, complaints)));
        if (warnings.size() > WARNINGS_MAX) {
            int more = warnings.size() - WARNINGS_MAX;
            warnings.subList(WARNINGS_MAX, warnings.size()).clear();
            warnings.add("and %d more lines are left out".formatted(more));
        }
        return new Rules(bounded(redirects, "_redirects", warnings), bounded(headers, "_headers", warnings), warnings);
    }

    private static <T> List<T> bounded(List<T> rules, String file, List<String> warnings) {
        if (rules.size() <= RULES_MAX) {
            return List.copyOf(rules);
        }
        warnings.add("%s has %d rules: those after the first %d are left out".formatted(file, rules.size(), RULES_MAX));
        return List.copyOf(rules.subList(0, RULES_MAX));
    }

    private static void read(
            Path root, String name, List<String> warnings, BiConsumer<List<String>, Complaints> parser) {
        Path file = root.resolve(name);
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            if (Files.size(file) > FILE_BYTES_MAX) {
                warnings.add(name + " has more than 1 MiB: all of it is left out");
                return;
            }
            List<String> lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .replace("\uFEFF", "")
                    .lines()
                    .toList();
            List<String> usable = lines.stream()
                    .map(line -> line.length() > LINE_CHARACTERS_MAX ? "" : line)
                    .toList();
            Complaints complaints = (line, reason) -> warnings.add("warning: %s, line %d is left out: %s (%s)"
                    .formatted(name, line, reason, shown(lines.get(line - 1))));
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).length() > LINE_CHARACTERS_MAX) {
                    complaints.add(i + 1, "it has more than %d characters".formatted(LINE_CHARACTERS_MAX));
                }
            }
            parser.accept(usable, complaints);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String shown(String line) {
        String plain = line.strip().replaceAll("\\p{Cntrl}", " ");
        return plain.length() > 80 ? plain.substring(0, 80) + "..." : plain;
    }
}
