package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
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
 */
record Procfile(Map<String, String> processes, Optional<String> release) {
    static final String NAME = "Procfile";

    private static final String RELEASE = "release";
    private static final Pattern LINE = Pattern.compile("([a-z][a-z0-9-]*)\\s*:\\s*(\\S.*)");

    Procfile {
        processes = Map.copyOf(processes);
    }

    static Procfile parse(String text) {
        Map<String, String> commands = new HashMap<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            // The mark that some editors put at the start of a file is no part of the first name.
            String line = lines.get(i).replace("\uFEFF", "").strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                throw bad(i + 1, line, "is not of the form \"name: command\", with a name of a-z, 0-9 and hyphens");
            }
            if (commands.put(matcher.group(1), matcher.group(2)) != null) {
                throw bad(i + 1, line, "names \"%s\" a second time".formatted(matcher.group(1)));
            }
        }
        Optional<String> release = Optional.ofNullable(commands.remove(RELEASE));
        return new Procfile(commands, release);
    }

    private static StoaException bad(int number, String line, String what) {
        return new StoaException(
                ErrorCode.BAD_PROCFILE,
                "line %d of the Procfile, \"%s\", %s".formatted(number, line, what),
                "write it like this:  web: python app.py");
    }
}
