package dev.stoa.api;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;

/** Says on which line of a TOML text, which has been checked before, each key stands. */
final class TomlLines {
    private TomlLines() {}

    /** By the key with dots between its parts. */
    static Map<String, Integer> of(String text) {
        TomlParseResult result = Toml.parse(text);
        Map<String, Integer> lines = new HashMap<>();
        for (List<String> path : result.keyPathSet(true)) {
            TomlPosition position = result.inputPositionOf(path);
            if (position != null) {
                lines.put(String.join(".", path), position.line());
            }
        }
        return lines;
    }
}
