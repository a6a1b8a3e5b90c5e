package dev.stoa.platform.control;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What to do about a command that the shell could not even start. */
final class StartHint {
    private static final int NOT_EXECUTABLE = 126;
    private static final int NOT_FOUND = 127;
    private static final Pattern SAID = Pattern.compile("(\\S+): (Permission denied|not found)$");

    private StartHint() {}

    /** @param said the last lines of its output */
    static Optional<String> of(int status, List<String> said) {
        return said.reversed().stream()
                .map(line -> SAID.matcher(line.strip()))
                .filter(Matcher::find)
                .findFirst()
                .flatMap(match -> about(status, match.group(1)));
    }

    private static Optional<String> about(int status, String program) {
        if (status == NOT_EXECUTABLE) {
            return Optional.of("make it executable, and deploy again:  chmod +x " + program);
        }
        if (status == NOT_FOUND && program.contains("/")) {
            return Optional.of(
                    "see that %s is among the files that were sent, and that its first line names a program that is there and has no Windows line end"
                            .formatted(program));
        }
        return status == NOT_FOUND
                ? Optional.of(
                        "%s is neither on this machine nor among the app's dependencies: name it there, or start something else"
                                .formatted(program))
                : Optional.empty();
    }
}
