package dev.stoa.platform.base;

/** Words for {@code sh}. */
public final class Shell {
    private Shell() {}

    /** A text as one word, whatever is in it. */
    public static String quote(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    /** As it stands where that is the same, since people read it in the list of processes. */
    public static String quoteIfNeeded(String text) {
        return text.matches("[\\w./-]+") ? text : quote(text);
    }
}
