package dev.stoa.staticserver;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the one thing that matters here from {@code Accept-Encoding}: whether gzip is welcome. */
final class AcceptEncoding {
    private AcceptEncoding() {}

    static boolean allowsGzip(@Nullable List<String> headers) {
        if (headers == null) {
            return false;
        }
        boolean any = false;
        for (String coding : String.join(",", headers).toLowerCase(Locale.ROOT).split(",", -1)) {
            String[] parts = coding.split(";", -1);
            String name = parts[0].strip();
            boolean wanted = parts.length < 2 || !parts[1].strip().matches("q=0(\\.0*)?");
            if (name.equals("gzip") || name.equals("x-gzip")) {
                return wanted;
            }
            any |= name.equals("*") && wanted;
        }
        return any;
    }
}
