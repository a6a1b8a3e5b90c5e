package dev.stoa.platform.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/**
 * The version of a tool that an app asks for.
 *
 * @param version such as {@code 3.3}, or a name such as {@code stable}
 * @param file    which says so, for people
 */
record ToolWish(String version, String file) {
    private static final Pattern NUMBERS = Pattern.compile("\\d{1,6}(?:\\.\\d{1,6})*");
    private static final List<String> MISE_FILES = List.of("mise.toml", ".mise.toml");

    ToolWish {
        version = version.strip();
    }

    /** What version managers' own files say of a tool, which goes by several names. */
    static Optional<ToolWish> declared(SourceFolder source, List<String> names) {
        return source.text(".tool-versions")
                .flatMap(text -> text.lines()
                        .map(line -> line.replaceFirst("#.*", "").strip().split("\\s+", -1))
                        .filter(words -> words.length > 1 && names.contains(words[0]))
                        .map(words -> new ToolWish(words[1], ".tool-versions"))
                        .findFirst())
                .or(() -> MISE_FILES.stream()
                        .flatMap(file -> mise(source, file, names).stream())
                        .findFirst());
    }

    /** The first line of a file such as {@code .ruby-version}, without the tool's name before it. */
    static Optional<ToolWish> firstLine(SourceFolder source, String file) {
        return source.text(file)
                .flatMap(text -> text.lines()
                        .map(String::strip)
                        .filter(l -> !l.isEmpty())
                        .findFirst())
                .map(line -> new ToolWish(line.replaceFirst("^[a-z]+-(?=\\d)", ""), file));
    }

    private static Optional<ToolWish> mise(SourceFolder source, String file, List<String> names) {
        Optional<TomlParseResult> toml = source.text(file).map(Toml::parse).filter(t -> !t.hasErrors());
        return toml.flatMap(t -> names.stream()
                .flatMap(name -> Optional.ofNullable(t.get(List.of("tools", name))).stream())
                .filter(String.class::isInstance)
                .map(version -> new ToolWish((String) version, file))
                .findFirst());
    }

    /** Whether this version is one that was asked for: 3.3.5 where 3.3 was. A name asks for nothing in particular. */
    boolean metBy(String found) {
        List<Integer> wanted = numbers(version);
        List<Integer> there = numbers(found);
        return wanted.isEmpty()
                || (there.size() >= wanted.size()
                        && there.subList(0, wanted.size()).equals(wanted));
    }

    /** Whether this version is the one that was asked for, or a later one. */
    boolean atMost(String found) {
        return compare(version, found) <= 0;
    }

    /** The numbers of the first version in a text. */
    static List<Integer> numbers(String text) {
        Matcher matcher = NUMBERS.matcher(text);
        List<Integer> numbers = new ArrayList<>();
        if (matcher.find()) {
            for (String number : matcher.group().split("\\.", -1)) {
                numbers.add(Integer.valueOf(number));
            }
        }
        return numbers;
    }

    static int compare(String left, String right) {
        List<Integer> a = numbers(left);
        List<Integer> b = numbers(right);
        for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
            int order = Integer.compare(a.get(i), b.get(i));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }
}
