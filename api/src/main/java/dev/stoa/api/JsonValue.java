package dev.stoa.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * A value of a JSON file and where it stands, with the words for what is wrong in it: every error names the key, the file
 * and the line, and its hint shows the right form.
 *
 * @param file as errors name it
 * @param path the keys that lead to it, with dots between them; empty for the whole
 * @param line from 1
 */
record JsonValue(String file, String path, int line, Content content) {
    /** Nobody nests this deep by hand, and the reading is recursive. */
    static final int NESTING_MAX = 50;

    /** Longer texts are cut where an error quotes them. */
    private static final int QUOTE_CHARS_MAX = 40;

    sealed interface Content {}

    record Members(Map<String, JsonValue> byName) implements Content {}

    record Elements(List<JsonValue> all) implements Content {}

    record Text(String value) implements Content {}

    /** @param written as it stands in the file */
    record Plain(String written, Kind kind) implements Content {}

    enum Kind {
        NUMBER,
        BOOLEAN,
        NULL
    }

    /** @throws StoaException BAD_MANIFEST where the text is no JSON */
    static JsonValue parse(String text, String file) {
        try (JsonParser parser = Json.MAPPER.createParser(text)) {
            if (parser.nextToken() == null) {
                throw new StoaException(
                        ErrorCode.BAD_MANIFEST, "%s is empty".formatted(file), "write {} into it, or leave it out");
            }
            JsonValue value = read(parser, file, "", 1, 0);
            if (parser.nextToken() != null) {
                throw new StoaException(
                        ErrorCode.BAD_MANIFEST,
                        "%s goes on after its end, line %d".formatted(file, line(parser)),
                        "keep one {…} in it");
            }
            return value;
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "%s is not JSON at line %d: %s".formatted(file, line, e.getOriginalMessage()),
                    text.lines()
                            .skip(line - 1L)
                            .findFirst()
                            .map(String::strip)
                            .filter(s -> !s.isEmpty())
                            .map(s -> "the line is:   " + cut(s))
                            .orElse(""),
                    e);
        }
    }

    private static JsonValue read(JsonParser parser, String file, String path, int line, int depth) {
        if (depth > NESTING_MAX) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "%s has brackets more than %d deep, line %d".formatted(file, NESTING_MAX, line(parser)),
                    "close what was opened");
        }
        JsonToken token = Objects.requireNonNull(parser.currentToken(), "at a value");
        Content content = switch (token) {
            case START_OBJECT -> members(parser, file, path, depth);
            case START_ARRAY -> elements(parser, file, path, depth);
            case VALUE_STRING -> new Text(parser.getString());
            case VALUE_TRUE, VALUE_FALSE -> new Plain(parser.getString(), Kind.BOOLEAN);
            case VALUE_NULL -> new Plain("null", Kind.NULL);
            default -> new Plain(parser.getString(), Kind.NUMBER);
        };
        return new JsonValue(file, path, line, content);
    }

    private static Members members(JsonParser parser, String file, String path, int depth) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            int line = line(parser);
            parser.nextToken();
            members.put(name, read(parser, file, path.isEmpty() ? name : path + "." + name, line, depth + 1));
        }
        return new Members(members);
    }

    private static Elements elements(JsonParser parser, String file, String path, int depth) {
        List<JsonValue> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            elements.add(read(parser, file, "%s[%d]".formatted(path, elements.size()), line(parser), depth + 1));
        }
        return new Elements(elements);
    }

    private static int line(JsonParser parser) {
        return parser.currentTokenLocation().getLineNr();
    }

    /** A member of an object, unless it is null. */
    Optional<JsonValue> member(String name) {
        return content instanceof Members members
                ? Optional.ofNullable(members.byName().get(name)).filter(value -> !value.isNull())
                : Optional.empty();
    }

    boolean isNull() {
        return content instanceof Plain plain && plain.kind() == Kind.NULL;
    }

    Map<String, JsonValue> members(String example) {
        if (content instanceof Members members) {
            return members.byName();
        }
        throw wrongType("an object", example);
    }

    List<JsonValue> elements(String example) {
        if (content instanceof Elements elements) {
            return elements.all();
        }
        throw wrongType("a list", example);
    }

    String text(String example) {
        if (content instanceof Text text) {
            return passable(text.value(), example);
        }
        throw wrongType("a string", example);
    }

    /** Neither a command nor a variable can hold the character that ends both. */
    private String passable(String text, String example) {
        if (text.indexOf('\0') >= 0) {
            throw problem("must not contain the character U+0000", example);
        }
        return text;
    }

    /** A string for people, on one line and without what would upset a terminal. */
    String words(String example) {
        return text(example).replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    }

    /** A string; a number or a boolean counts as what is written. */
    String scalar(String example) {
        return switch (content) {
            case Text text -> passable(text.value(), example);
            case Plain plain when plain.kind() != Kind.NULL -> plain.written();
            default -> throw wrongType("a string", example);
        };
    }

    boolean bool(String example) {
        if (content instanceof Plain plain && plain.kind() == Kind.BOOLEAN) {
            return plain.written().equals("true");
        }
        if (content instanceof Text text && text.value().matches("true|false")) {
            return text.value().equals("true");
        }
        throw wrongType("true or false", example);
    }

    int integer(int max, String example) {
        if (!(content instanceof Plain plain && plain.kind() == Kind.NUMBER)) {
            throw wrongType("a whole number", example);
        }
        if (!plain.written().matches("[0-9]{1,9}") || Integer.parseInt(plain.written()) > max) {
            throw problem("must be a whole number from 0 to %d, not %s".formatted(max, cut(plain.written())), example);
        }
        return Integer.parseInt(plain.written());
    }

    StoaException wrongType(String expected, String example) {
        return problem("must be %s, not %s".formatted(expected, found()), example);
    }

    /** @param sentence goes on after the key */
    StoaException problem(String sentence, String hint) {
        String subject = path.isEmpty() ? file : "\"%s\"".formatted(path);
        String where = path.isEmpty() ? "" : " in " + file;
        return new StoaException(
                ErrorCode.BAD_MANIFEST, "%s %s%s, line %d".formatted(subject, sentence, where, line), hint);
    }

    private String found() {
        return switch (content) {
            case Members _ -> "an object";
            case Elements _ -> "a list";
            case Text text -> "the string \"%s\"".formatted(cut(text.value()));
            case Plain plain when plain.kind() == Kind.NUMBER -> "the number " + cut(plain.written());
            case Plain plain -> plain.written();
        };
    }

    private static String cut(String text) {
        return text.length() <= QUOTE_CHARS_MAX ? text : text.substring(0, QUOTE_CHARS_MAX) + "…";
    }
}
