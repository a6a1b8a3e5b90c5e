package dev.stoa.platform.build.cnb;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The processes of a {@code launch.toml}. */
final class LaunchToml {
    static final String NAME = "launch.toml";

    private static final Pattern TYPE = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    private LaunchToml() {}

    /**
     * A way to start the app.
     *
     * @param command        a program and its arguments, none of which a shell ever sees
     * @param standard       whether it is what the app does when nobody names a process
     * @param workingFolder  absolute, or within the app's folder; absent: the app's folder
     */
    record Start(String type, List<String> command, boolean standard, Optional<String> workingFolder) {
        Start {
            command = List.copyOf(command);
        }

        boolean doesTheSameAs(Start other) {
            return command.equals(other.command) && workingFolder.equals(other.workingFolder);
        }
    }

    static List<Start> parse(String buildpack, String text) {
        TomlFile toml = TomlFile.parse(NAME + " of " + buildpack, text);
        List<Start> starts = new ArrayList<>();
        Set<String> types = new HashSet<>();
        for (TomlFile process : toml.tables("processes")) {
            String type = process.need("type");
            if (!TYPE.matcher(type).matches()) {
                throw process.wrong("type", "may have letters, digits, dots, hyphens and underscores");
            }
            if (!types.add(type)) {
                throw process.wrong("type", "names \"%s\" a second time".formatted(type));
            }
            List<String> command = new ArrayList<>(process.texts("command"));
            if (command.isEmpty() || command.getFirst().isBlank()) {
                throw process.problem("process \"%s\" has no \"command\", such as:  command = [\"node\", \"server.js\"]"
                        .formatted(type));
            }
            command.addAll(process.texts("args"));
            if (command.stream().anyMatch(word -> word.indexOf('\0') >= 0)) {
                throw process.wrong("command", "holds a NUL character");
            }
            if (BuildpackToml.applies(process.texts("exec-env"))) {
                starts.add(new Start(type, command, process.flag("default"), process.text("working-dir")));
            }
        }
        if (starts.stream().filter(Start::standard).count() > 1) {
            throw toml.problem("more than one process has default = true");
        }
        return starts;
    }
}
