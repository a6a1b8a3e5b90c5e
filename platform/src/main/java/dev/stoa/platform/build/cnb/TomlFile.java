package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * A table of a TOML file that a buildpack brings or writes. What is wrong in it is an error that names the file, the
 * buildpack and the line. Keys that nobody reads are passed over, as the Buildpack API asks for.
 *
 * @param file  for people, such as {@code launch.toml of acme/node@1.0.0}
 * @param where the table within the file, such as {@code [[processes]]}; empty for the top
 */
record TomlFile(String file, String where, TomlTable table) {
    static TomlFile parse(String file, String text) {
        TomlParseResult result = Toml.parse(text);
        if (result.hasErrors()) {
            TomlParseError error = result.errors().getFirst();
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "%s is not TOML: line %d: %s"
                            .formatted(file, error.position().line(), error.getMessage()),
                    "the buildpack has to be put right: https://toml.io says what TOML looks like");
        }
        return new TomlFile(file, "", result);
    }

    Optional<String> text(String key) {
        return value(key).map(value -> {
            if (value instanceof String text) {
                return text;
            }
            throw wrong(key, "must be a string");
        });
    }

    boolean flag(String key) {
        return value(key)
                .map(value -> {
                    if (value instanceof Boolean flag) {
                        return flag;
                    }
                    throw wrong(key, "must be true or false");
                })
                .orElse(false);
    }

    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        array(key, "must be a list of strings").ifPresent(array -> {
            for (int i = 0; i < array.size(); i++) {
                if (!(array.get(i) instanceof String text)) {
                    throw wrong(key, "must be a list of strings");
                }
                texts.add(text);
            }
        });
        return texts;
    }

    Optional<TomlFile> table(String key) {
        return value(key).map(value -> {
            if (value instanceof TomlTable inner) {
                return new TomlFile(file, "[" + key + "]", inner);
            }
            throw wrong(key, "must be a table");
        });
    }

    List<TomlFile> tables(String key) {
        List<TomlFile> tables = new ArrayList<>();
        String form = "must be a list of tables: [[%s]]".formatted(key);
        array(key, form).ifPresent(array -> {
            for (int i = 0; i < array.size(); i++) {
                if (!(array.get(i) instanceof TomlTable inner)) {
                    throw wrong(key, form);
                }
                tables.add(new TomlFile(file, "[[" + key + "]]", inner));
            }
        });
        return tables;
    }

    private Optional<TomlArray> array(String key, String form) {
        return value(key).map(value -> {
            if (value instanceof TomlArray array) {
                return array;
            }
            throw wrong(key, form);
        });
    }

    private Optional<Object> value(String key) {
        return Optional.ofNullable(table.get(List.of(key)));
    }

    String need(String key) {
        return text(key)
                .filter(text -> !text.isBlank())
                .orElseThrow(() -> problem("%s has no \"%s\"".formatted(where.isEmpty() ? "it" : where, key)));
    }

    StoaException wrong(String key, String what) {
        TomlPosition position = table.inputPositionOf(List.of(key));
        String line = position == null ? "" : ", line %d".formatted(position.line());
        String owner = where.isEmpty() ? "" : " of " + where;
        return problem("\"%s\"%s%s %s".formatted(key, owner, line, what));
    }

    StoaException problem(String what) {
        return new StoaException(
                ErrorCode.BUILD_FAILED,
                "%s: %s".formatted(file, what),
                "the buildpack has to be put right; docs/reference/cloud-native-buildpacks.md says what is read");
    }
}
