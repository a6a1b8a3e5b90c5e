package dev.stoa.api;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Procfile: one process type and its shell command on each line.
 *
 * @param processes without {@code release}
 * @param release   runs once before a release takes traffic
 * @param lines     by process type, and {@code release}: the number of its line
 */
public record Procfile(Map<String, String> processes, Optional<String> release, Map<String, Integer> lines) {
    /** The file's name in a source folder. */
    public static final String NAME = "Procfile";

    static final String RELEASE = "release";

    private static final Pattern LINE = Pattern.compile("([A-Za-z0-9_][A-Za-z0-9_-]{0,39})\\s*:\\s*(\\S.*)");

    public Procfile {
        processes = Map.copyOf(processes);
        lines = Map.copyOf(lines);
    }

    /** @throws StoaException BAD_PROCFILE, with the line */
    public static Procfile parse(String text) {
        Map<String, String> commands = new HashMap<>();
        Map<String, Integer> numbers = new HashMap<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            // The mark that some editors put at the start of a file is no part of the first name.
            String line = lines.get(i).replace("\uFEFF", "").strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                throw bad(
                        i + 1,
                        line,
                        "is not of the form \"name: command\", with a name of up to 40 letters, digits, - and _");
            }
            if (line.indexOf('\0') >= 0) {
                throw bad(i + 1, line.replace("\0", ""), "has the character U+0000 in it, which no command can hold");
            }
            if (commands.put(matcher.group(1), matcher.group(2)) != null) {
                throw bad(i + 1, line, "names \"%s\" a second time".formatted(matcher.group(1)));
            }
            numbers.put(matcher.group(1), i + 1);
        }
        Optional<String> release = Optional.ofNullable(commands.remove(RELEASE));
        return new Procfile(commands, release, numbers);
    }

    private static StoaException bad(int number, String line, String what) {
        return new StoaException(
                ErrorCode.BAD_PROCFILE,
                "line %d of the Procfile, \"%s\", %s".formatted(number, line, what),
                "write it like this:  web: python app.py");
    }
}
