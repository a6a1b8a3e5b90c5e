package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Where a volume may stand in an instance. */
final class VolumePath {
    static final int CHARS_MAX = 200;

    private static final Pattern FORM = Pattern.compile("(/[A-Za-z0-9_.@+-]+)+");
    private static final Pattern DOTS = Pattern.compile(".*/\\.{1,2}(/.*)?");
    private static final String EXAMPLE = "for example: path = \"/data\"";

    /** Nothing may stand there or below. */
    private static final List<String> TAKEN = List.of(
            "/proc",
            "/sys",
            "/dev",
            "/usr",
            "/etc",
            "/opt",
            "/bin",
            "/sbin",
            "/lib",
            "/lib32",
            "/lib64",
            "/libx32",
            "/boot",
            "/run",
            "/tmp",
            "/var/tmp",
            "/var/run");

    /** These hold what has to stay there; below them there is room. */
    private static final List<String> WHOLE = List.of("/app", "/var", "/var/lib", "/home", "/root");

    private VolumePath() {}

    /**
     * @param hidden directories of the platform, which instances have parts of
     * @return without a slash at the end
     */
    static String check(String given, List<Path> hidden) {
        String path = given.length() > 1 ? given.replaceFirst("/+$", "") : given;
        if (given.isBlank()) {
            throw bad("a volume needs the path at which the app finds it", EXAMPLE);
        }
        if (!given.startsWith("/")) {
            throw bad(
                    "the path \"%s\" is not absolute".formatted(shown(given)), "path = \"/%s\"".formatted(rest(given)));
        }
        if (path.isEmpty() || path.equals("/")) {
            throw bad("a volume cannot stand at /, where all other files of an instance are", EXAMPLE);
        }
        if (path.length() > CHARS_MAX
                || !FORM.matcher(path).matches()
                || DOTS.matcher(path).matches()) {
            throw bad(
                    "\"%s\" cannot be the path of a volume: it has up to %d letters, digits and . _ - @ + between single slashes, and neither . nor .."
                            .formatted(shown(given), CHARS_MAX),
                    EXAMPLE);
        }
        for (String taken : TAKEN) {
            if (Path.of(path).startsWith(taken)) {
                throw bad("a volume cannot stand at %s: %s is the system's".formatted(path, taken), EXAMPLE);
            }
        }
        if (WHOLE.contains(path)) {
            throw bad(
                    "a volume cannot stand at %s, where other files are that the app needs".formatted(path),
                    "a path below it may do: path = \"%s/data\"".formatted(path));
        }
        for (Path own : hidden) {
            if (own.startsWith(path) || Path.of(path).startsWith(own)) {
                throw bad(
                        "a volume cannot stand at %s: the platform's own files are in %s".formatted(path, own),
                        EXAMPLE);
            }
        }
        return path;
    }

    /** Of two paths, why both cannot be. */
    static Optional<String> clash(String one, String other) {
        if (one.equals(other)) {
            return Optional.of("both stand at " + one);
        }
        if (Path.of(one).startsWith(other) || Path.of(other).startsWith(one)) {
            return Optional.of("%s and %s stand within each other".formatted(one, other));
        }
        return Optional.empty();
    }

    private static String rest(String relative) {
        String plain = relative.replaceAll("[^A-Za-z0-9_./-]", "").replaceFirst("^[./]+", "");
        return plain.isEmpty() || plain.length() > CHARS_MAX ? "data" : plain;
    }

    private static String shown(String text) {
        String plain = text.replaceAll("\\p{Cntrl}", "?");
        return plain.length() <= CHARS_MAX ? plain : plain.substring(0, CHARS_MAX) + "…";
    }

    private static StoaException bad(String message, String hint) {
        return new StoaException(ErrorCode.BAD_REQUEST, message, hint);
    }
}
