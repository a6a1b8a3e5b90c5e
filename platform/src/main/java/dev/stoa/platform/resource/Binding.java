package dev.stoa.platform.resource;

import java.util.Locale;
import java.util.Map;

/**
 * How an app has a resource.
 *
 * @param as       by which name the app knows it
 * @param chief    whether it is the app's first of its kind, which gets the names without a suffix, such as DATABASE_URL
 * @param settings of the attachment
 * @param app      whose it is
 */
public record Binding(String as, boolean chief, Map<String, String> settings, int app) {
    public Binding {
        settings = Map.copyOf(settings);
    }

    /** Of no app yet: what is asked of it is its names alone. */
    public Binding(String as, boolean chief, Map<String, String> settings) {
        this(as, chief, settings, 0);
    }

    /** The end of a config var's name: {@code read-only} is {@code READ_ONLY}. */
    public String suffix() {
        return as.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
