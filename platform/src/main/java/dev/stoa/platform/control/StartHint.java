package dev.stoa.platform.control;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What to do about a command that could not even be started, or that lacks what it needs at once. */
final class StartHint {
    private static final int NOT_EXECUTABLE = 126;
    private static final int NOT_FOUND = 127;
    private static final Pattern SAID = Pattern.compile("(\\S+): (Permission denied|not found)$");

    /** What the runtime of a language says of something that is not there, and what to do about it. */
    private record Missing(Pattern said, Function<MatchResult, String> hint) {
        static Missing of(String said, String hint) {
            return new Missing(Pattern.compile(said), match -> hint.formatted(match.group(1)));
        }
    }

    private static final String FILE =
            "%s is not there: see that it is among the files that were sent, or that the build writes it";

    private static final List<Missing> MISSING = List.of(
            Missing.of(
                    "ModuleNotFoundError: No module named '([^'.]+)", dependency("requirements.txt or pyproject.toml")),
            Missing.of("can't open file '([^']+)': \\[Errno 2\\]", FILE),
            Missing.of("Cannot find module '([./][^']*)'", FILE),
            Missing.of("Cannot find (?:module|package) '((?:@[^'/]+/)?[^'/]+)[^']*'", dependency("package.json")),
            Missing.of(
                    "Unknown file extension \"\\.tsx?\" for (\\S+)",
                    "this Node.js does not run TypeScript: compile %s in a build script, make tsx a dependency, or ask for Node.js 22.18 in engines"),
            Missing.of("cannot load such file -- ([^\\s./]+)", dependency("the Gemfile")),
            Missing.of("Unable to access jarfile (\\S+)", FILE));

    private StartHint() {}

    private static String dependency(String file) {
        return "%s is not among the app's dependencies: name it in " + file + ", and deploy again";
    }

    /** @param said the last lines of its output */
    static Optional<String> of(int status, List<String> said) {
        if (status == 0) {
            return Optional.of(
                    "it has done its work and ended, and a process type is to go on running: what runs once is a release command, a cron or a stoa run");
        }
        return said.reversed().stream()
                .map(line -> SAID.matcher(line.strip()))
                .filter(Matcher::find)
                .findFirst()
                .flatMap(match -> about(status, match.group(1)))
                .or(() -> missing(said));
    }

    private static Optional<String> missing(List<String> said) {
        return said.reversed().stream()
                .flatMap(line -> MISSING.stream()
                        .flatMap(missing ->
                                missing.said().matcher(line).results().map(missing.hint())))
                .findFirst();
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
