package dev.stoa.api;

import java.util.regex.Pattern;

/** The name of a database, a bucket and so on: 1 to 40 of a-z, 0-9 and inner hyphens, a letter first. */
public record ResourceName(String value) {
    static final String RULE =
            "a name has 1 to 40 letters a-z, digits and hyphens, starts with a letter and does not end with a hyphen";

    private static final Pattern VALID = Pattern.compile("[a-z]([a-z0-9-]{0,38}[a-z0-9])?");

    /** More of a bad name than this is not said again. */
    private static final int SHOWN_CHARS_MAX = 80;

    public ResourceName {
        if (!isValid(value)) {
            throw new StoaException(
                    ErrorCode.BAD_RESOURCE_NAME,
                    "\"%s\" cannot be a name: %s".formatted(shown(value), RULE),
                    AppName.nearest(value)
                            .filter(near -> !near.value().equals(value))
                            .map(near -> "for example: " + near)
                            .orElse("for example: main"));
        }
    }

    static boolean isValid(String text) {
        return VALID.matcher(text).matches();
    }

    private static String shown(String text) {
        String plain = text.replaceAll("\\p{Cntrl}", "?");
        return plain.length() <= SHOWN_CHARS_MAX ? plain : plain.substring(0, SHOWN_CHARS_MAX) + "…";
    }

    @Override
    public String toString() {
        return value;
    }
}
