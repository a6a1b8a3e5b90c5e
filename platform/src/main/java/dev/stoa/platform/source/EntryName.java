package dev.stoa.platform.source;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The name of an archive's entry, known to stay inside: relative, without {@code ..} and control characters. */
record EntryName(List<String> segments) {
    private static final int SHOWN_CHARS_MAX = 200;

    static EntryName parse(String name) {
        if (name.startsWith("/")) {
            throw bad(name, "is an absolute path");
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw bad(name, "has a control character in its name");
        }
        List<String> segments = new ArrayList<>();
        for (String segment : name.split("/", -1)) {
            if (segment.equals("..")) {
                throw bad(name, "leaves the folder by \"..\"");
            }
            if (!segment.isEmpty() && !segment.equals(".")) {
                segments.add(segment);
            }
        }
        return new EntryName(List.copyOf(segments));
    }

    /** Whether it is the folder itself. */
    boolean isRoot() {
        return segments.isEmpty();
    }

    Path in(Path root) {
        try {
            return root.resolve(toString());
        } catch (InvalidPathException e) {
            throw bad(toString(), "has a name that this machine cannot write: " + e.getReason());
        }
    }

    static StoaException bad(String name, String what) {
        StringBuilder shown = new StringBuilder();
        for (char c :
                name.substring(0, Math.min(SHOWN_CHARS_MAX, name.length())).toCharArray()) {
            shown.append(Character.isISOControl(c) ? '\uFFFD' : c);
        }
        return new StoaException(
                ErrorCode.BAD_ARCHIVE,
                "the source is refused: its entry \"%s\" %s".formatted(shown, what),
                "leave it out, for example by a line in .stoaignore");
    }

    @Override
    public String toString() {
        return String.join("/", segments);
    }
}
