package dev.stoa.api;

import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/** The name of an app, which is also its DNS label: 1 to 40 of a-z, 0-9 and inner hyphens, a letter first. */
public record AppName(String value) {
    private static final Pattern VALID = Pattern.compile("[a-z]([a-z0-9-]{0,38}[a-z0-9])?");

    public AppName {
        if (!VALID.matcher(value).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_APP_NAME,
                    "\"%s\" cannot be the name of an app: a name has 1 to 40 letters a-z, digits and hyphens, starts with a letter and does not end with a hyphen"
                            .formatted(value),
                    suggestion(value).map(s -> "try: -a " + s).orElse("try: -a my-app"));
        }
    }

    /** The nearest valid name, as for a folder called {@code My Shop}. */
    public static java.util.Optional<AppName> nearest(String text) {
        return suggestion(text).map(AppName::new);
    }

    private static java.util.Optional<String> suggestion(String text) {
        String plain = Normalizer.normalize(text, Normalizer.Form.NFD)
                .replaceAll("\\p{M}", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^[^a-z]+", "");
        String cut = plain.substring(0, Math.min(40, plain.length())).replaceAll("-+$", "");
        return cut.isEmpty() ? java.util.Optional.empty() : java.util.Optional.of(cut);
    }

    @Override
    public String toString() {
        return value;
    }
}
