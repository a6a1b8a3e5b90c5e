package dev.stoa.cli;

import java.util.ArrayList;
import java.util.List;

/** Takes SQL as it is typed, and gives it statement by statement: each ends with a semicolon that is one of SQL's own. */
final class SqlText {
    private final StringBuilder text = new StringBuilder();

    /** The statements that are complete with this line; what stands behind the last one waits for more. */
    List<String> add(String line) {
        text.append(line).append('\n');
        List<String> complete = new ArrayList<>();
        for (int end = end(text); end >= 0; end = end(text)) {
            String statement = text.substring(0, end).strip();
            text.delete(0, end + 1);
            if (!statement.isEmpty()) {
                complete.add(statement);
            }
        }
        return complete;
    }

    /** Whether nothing waits for its end. */
    boolean isEmpty() {
        return text.toString().isBlank();
    }

    /** What waits, given up. */
    String rest() {
        String rest = text.toString().strip();
        text.setLength(0);
        return rest;
    }

    /** The place of the first semicolon that is in no quotes and no comment; negative if there is none. */
    private static int end(CharSequence text) {
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            switch (c) {
                case ';' -> {
                    return i;
                }
                case '\'', '"' -> i = after(text, i + 1, String.valueOf(c));
                case '-' -> i = starts(text, i, "--") ? after(text, i, "\n") : i + 1;
                case '/' -> i = starts(text, i, "/*") ? afterComment(text, i) : i + 1;
                case '$' -> i = afterDollar(text, i);
                default -> i++;
            }
        }
        return -1;
    }

    private static boolean starts(CharSequence text, int at, String word) {
        return at + word.length() <= text.length()
                && text.subSequence(at, at + word.length()).toString().equals(word);
    }

    private static int after(CharSequence text, int from, String word) {
        int found = text.toString().indexOf(word, from);
        return found < 0 ? text.length() : found + word.length();
    }

    /** They nest. */
    private static int afterComment(CharSequence text, int from) {
        int depth = 0;
        int i = from;
        while (i < text.length()) {
            if (starts(text, i, "/*")) {
                depth++;
                i += 2;
            } else if (starts(text, i, "*/")) {
                depth--;
                i += 2;
                if (depth == 0) {
                    return i;
                }
            } else {
                i++;
            }
        }
        return i;
    }

    /** {@code $$} or {@code $word$} opens a text that ends with the same; a dollar within a name or of {@code $1} does not. */
    private static int afterDollar(CharSequence text, int from) {
        if (from > 0 && Character.isJavaIdentifierPart(text.charAt(from - 1))) {
            return from + 1;
        }
        int i = from + 1;
        while (i < text.length() && (Character.isLetterOrDigit(text.charAt(i)) || text.charAt(i) == '_')) {
            i++;
        }
        boolean opens = i < text.length()
                && text.charAt(i) == '$'
                && (i == from + 1 || !Character.isDigit(text.charAt(from + 1)));
        return opens ? after(text, i + 1, text.subSequence(from, i + 1).toString()) : from + 1;
    }
}
