package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The script by which the shell inside the sandbox becomes the app: it sets the environment, reports the start, and
 * replaces itself. It comes by a pipe, and a part of it starts nothing, as the command stands in its last line.
 */
final class StartScript {
    /** What the script writes to its descriptor 4 when all that is left to do is to run the command. */
    static final String STARTED = "started";

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

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
        script.append(
                switch (stdio) {
                    case Stdio.Logged _ -> "exec 4>&-\nexec </dev/null";
                    case Stdio.Pipes _ -> "exec <&3 >&4 2>&5 3<&- 4>&- 5>&- 9<&-\nexec";
                    // A session of its own has the terminal for itself: Ctrl-C is for it and not for the sandbox.
                    case Stdio.Terminal _ -> "exec <&6 >&6 2>&6 3<&- 4>&- 5>&- 6<&- 9<&-\nexec setsid -c";
                });
        script.append(" /bin/sh -c ").append(Shell.quote(command)).append('\n');
        return script.toString();
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
