package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The script by which the shell inside the sandbox becomes the app: it sets the environment, reports the start, and
 * replaces itself. It comes by a pipe, and a part of it starts nothing, as the command stands in its last line, which is
 * no command before it is whole.
 */
final class StartScript {
    /** What the script writes to its descriptor 4 when all that is left to do is to run the command. */
    static final String STARTED = "started";

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /** A program and its arguments, in which a shell would find nothing to do. */
    private static final Pattern PLAIN =
            Pattern.compile("([A-Za-z0-9_./][A-Za-z0-9_./+-]*)( +[A-Za-z0-9_./:@%+=,-]+)*");

    /** What the shells of Debian, Alpine and others do themselves, or take for the beginning of something larger. */
    private static final Set<String> SHELL_WORDS = Set.of(
            ("alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare"
                            + " dirs disown do done echo elif else enable esac eval exec exit export false fc fg fi for"
                            + " function getopts hash help history if in jobs kill let local logout mapfile popd printf"
                            + " pushd pwd read readarray readonly return select set shift shopt source suspend test then"
                            + " time times trap true type typeset ulimit umask unalias unset until wait while .")
                    .split(" "));

    private StartScript() {}

    static String of(Map<String, String> env, String directory, String command, Stdio stdio) {
        StringBuilder script = new StringBuilder();
        new TreeMap<>(env).forEach((name, value) -> {
            check(name, value);
            script.append("export ")
                    .append(name)
                    .append('=')
                    .append(Shell.quote(value))
                    .append('\n');
        });
        script.append("umask 022\n");
        script.append("cd ").append(Shell.quote(directory)).append(" || exit 125\n");
        // The platform may be gone by now, which must not end the instance.
        script.append("trap '' PIPE; { echo ").append(STARTED).append(" >&4; } 2>/dev/null; trap - PIPE\n");
        String last = switch (stdio) {
            case Stdio.Logged _ -> "{ exec %s </dev/null 4>&-; }";
            case Stdio.Pipes _ -> "{ exec %s <&3 >&4 2>&5 3<&- 4>&- 5>&- 9<&-; }";
            // A session of its own has the terminal for itself: Ctrl-C is for it and not for the sandbox.
            case Stdio.Terminal _ -> "{ exec setsid -c %s <&6 >&6 2>&6 3<&- 4>&- 5>&- 6<&- 9<&-; }";
        };
        script.append(last.formatted(words(command))).append('\n');
        return script.toString();
    }

    /** A plain command needs no shell more: that would take its time, and stay in memory beside it. */
    private static String words(String command) {
        Matcher plain = PLAIN.matcher(command);
        return plain.matches() && !SHELL_WORDS.contains(plain.group(1))
                ? command
                : "/bin/sh -c " + Shell.quote(command);
    }

    private static void check(String name, String value) {
        if (!NAME.matcher(name).matches() || value.indexOf('\0') >= 0) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the environment variable \"" + name + "\" cannot be given to a process",
                    "A name has letters, digits and underscores and starts with no digit; a value holds no NUL.");
        }
    }
}
