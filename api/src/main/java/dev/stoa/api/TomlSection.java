package dev.stoa.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * One table of a TOML file, with the words for what is wrong in it: every error names the key, the table, the file and
 * the line, and its hint shows the right form.
 */
final class TomlSection {
    /** Longer texts are cut where an error quotes them. */
    private static final int QUOTE_CHARS_MAX = 40;

    private final String file;
    private final String name;
    private final TomlTable table;

    /** @param name such as {@code processes.web}; empty for the top of the file */
    TomlSection(String file, String name, TomlTable table) {
        this.file = file;
        this.name = name;
        this.table = table;
    }

    Set<String> keys() {
        return table.keySet();
    }

    /**
     * Refuses keys that nobody reads.
     *
     * @param examples by known key, how it is written
     * @param later    by key that is planned but not provided yet, what to do instead
     */
    void allowOnly(Map<String, String> examples, Map<String, String> later) {
        for (String key : table.keySet()) {
            if (later.containsKey(key)) {
                throw problem(
                        key, "%s is not provided by this version of Stoa".formatted(subject(key)), later.get(key));
            }
            if (!examples.containsKey(key)) {
                String owner = name.isEmpty() ? file : "[" + name + "]";
                throw problem(key, "\"%s\" is not a key of %s".formatted(key, owner), nearest(key, owner, examples));
            }
        }
    }

    private static String nearest(String key, String owner, Map<String, String> examples) {
        return Nearest.of(key, examples.keySet())
                .map(word -> "did you mean \"%s\"?   %s".formatted(word, examples.get(word)))
                .orElse("the keys of %s are %s".formatted(owner, String.join(", ", examples.keySet())));
    }

    Optional<String> text(String key, String example) {
        Optional<Object> value = value(key);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        if (!(value.get() instanceof String text)) {
            throw wrongType(key, "a string", example);
        }
        if (text.isBlank()) {
            throw problem(key, subject(key) + " must not be empty", example);
        }
        return Optional.of(text);
    }

    List<String> texts(String key, String example) {
        Optional<Object> value = value(key);
        if (value.isEmpty()) {
            return List.of();
        }
        if (!(value.get() instanceof TomlArray array)) {
            throw wrongType(key, "a list of strings", example);
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            if (!(array.get(i) instanceof String text)) {
                throw problem(
                        key,
                        "%s must be a list of strings, and holds %s".formatted(subject(key), found(array.get(i))),
                        example);
            }
            texts.add(text);
        }
        return texts;
    }

    Optional<TomlSection> section(String key, String example) {
        Optional<Object> value = value(key);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        if (!(value.get() instanceof TomlTable inner)) {
            throw wrongType(key, "a table", example);
        }
        return Optional.of(new TomlSection(file, name.isEmpty() ? key : name + "." + key, inner));
    }

    /** The tables of a list of tables, written {@code [[name.key]]}. */
    List<TomlSection> tables(String key, String example) {
        Optional<Object> value = value(key);
        if (value.isEmpty()) {
            return List.of();
        }
        if (!(value.get() instanceof TomlArray array)) {
            throw wrongType(key, "a list of tables", example);
        }
        List<TomlSection> tables = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            if (!(array.get(i) instanceof TomlTable inner)) {
                throw problem(
                        key,
                        "%s must be a list of tables, and holds %s".formatted(subject(key), found(array.get(i))),
                        example);
            }
            tables.add(new TomlSection(file, name.isEmpty() ? key : name + "." + key, inner));
        }
        return tables;
    }

    Optional<Boolean> flag(String key, String example) {
        return value(key).map(value -> switch (value) {
            case Boolean flag -> flag;
            default -> throw wrongType(key, "true or false", example);
        });
    }

    /** A whole number from 1 on. */
    Optional<Integer> count(String key, int max, String example) {
        return value(key).map(value -> switch (value) {
            case Long number when number >= 1 && number <= max -> number.intValue();
            case Long number ->
                throw problem(key, "%s must be from 1 to %d, not %d".formatted(subject(key), max, number), example);
            default -> throw wrongType(key, "a whole number", example);
        });
    }

    /** An amount of memory with its unit. */
    Optional<Long> bytes(String key, String example) {
        if (value(key).filter(value -> !(value instanceof String)).isPresent()) {
            throw wrongType(key, "a string with a unit", example);
        }
        return text(key, example)
                .map(text -> MemorySize.parseBytes(text)
                        .orElseThrow(() -> problem(
                                key,
                                "%s must be an amount such as \"512MB\" or \"1GiB\", not \"%s\""
                                        .formatted(subject(key), text),
                                example)));
    }

    Map<String, TomlSection> sections(String example) {
        Map<String, TomlSection> sections = new LinkedHashMap<>();
        for (String key : table.keySet()) {
            section(key, example).ifPresent(section -> sections.put(key, section));
        }
        return sections;
    }

    /** A length of time, under the key that every table has for it. */
    Optional<Duration> timeout(String example) {
        return span("timeout", example);
    }

    Optional<Duration> span(String key, String example) {
        return text(key, example)
                .map(text -> TimeSpan.parse(text)
                        .filter(Duration::isPositive)
                        .orElseThrow(() -> problem(
                                key,
                                "%s must be a time such as \"90s\", \"20m\" or \"2h\", not \"%s\""
                                        .formatted(subject(key), text),
                                example)));
    }

    Optional<Object> value(String key) {
        return Optional.ofNullable(table.get(List.of(key)));
    }

    StoaException wrongType(String key, String expected, String example) {
        Object value = value(key).orElse("");
        return problem(key, "%s must be %s, not %s".formatted(subject(key), expected, found(value)), example);
    }

    /** An error on a key: the sentence gets the file and the line as its end. */
    StoaException problem(String key, String sentence, String hint) {
        return problem(ErrorCode.BAD_MANIFEST, key, sentence, hint);
    }

    StoaException problem(ErrorCode code, String key, String sentence, String hint) {
        String where = name.isEmpty() && sentence.endsWith(" " + file) ? "" : " in " + file;
        return new StoaException(code, "%s%s, line %d".formatted(sentence, where, line(key)), hint);
    }

    /** An error on a key that has to be there, at the first that is. */
    StoaException missing(String key, String example) {
        String there = table.keySet().stream().findFirst().orElse(key);
        return problem(there, "[%s] has no \"%s\"".formatted(name, key), example);
    }

    /** The key as the subject of a sentence: {@code "memory" of [processes.web]}. */
    String subject(String key) {
        return name.isEmpty() ? "\"%s\"".formatted(key) : "\"%s\" of [%s]".formatted(key, name);
    }

    private int line(String key) {
        TomlPosition position = table.inputPositionOf(List.of(key));
        return position == null ? 1 : position.line();
    }

    private static String found(Object value) {
        return switch (value) {
            case String text -> "the string \"%s\"".formatted(cut(text));
            case Boolean flag -> "the boolean " + flag;
            case Long number -> "the number " + number;
            case Double number -> "the number " + number;
            case TomlTable _ -> "a table";
            case TomlArray _ -> "a list";
            default -> "the date " + value;
        };
    }

    private static String cut(String text) {
        return text.length() <= QUOTE_CHARS_MAX ? text : text.substring(0, QUOTE_CHARS_MAX) + "…";
    }
}
