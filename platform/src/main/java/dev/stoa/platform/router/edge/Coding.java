package dev.stoa.platform.router.edge;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** A way to make a body smaller, by its name in HTTP. */
public enum Coding {
    BR,
    ZSTD,
    GZIP;

    /** What is smaller gains nothing worth the work. */
    public static final long BYTES_MIN = 1024;

    private static final Set<String> COMPRESSIBLE = Set.of(
            "application/atom+xml",
            "application/graphql",
            "application/javascript",
            "application/json",
            "application/ld+json",
            "application/manifest+json",
            "application/ndjson",
            "application/rss+xml",
            "application/sql",
            "application/vnd.ms-fontobject",
            "application/wasm",
            "application/x-javascript",
            "application/x-ndjson",
            "application/x-sh",
            "application/x-web-app-manifest+json",
            "application/xhtml+xml",
            "application/xml",
            "application/yaml",
            "font/otf",
            "font/ttf",
            "image/bmp",
            "image/svg+xml",
            "image/x-icon",
            "image/vnd.microsoft.icon");

    /** The name on the wire. */
    public String token() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Coding of(String token) {
        return valueOf(token.toUpperCase(Locale.ROOT));
    }

    /** Whether a body of this type gets smaller; not one of events, each of which must arrive at once. */
    public static boolean isCompressible(String contentType) {
        int end = contentType.indexOf(';');
        String type =
                (end < 0 ? contentType : contentType.substring(0, end)).trim().toLowerCase(Locale.ROOT);
        return (type.startsWith("text/") && !type.equals("text/event-stream"))
                || COMPRESSIBLE.contains(type)
                || type.endsWith("+json")
                || type.endsWith("+xml");
    }

    /**
     * The one that a client likes best (RFC 9110, 12.5.3), and of equals the first that is offered; empty where it takes none, or
     * likes what is not compressed better.
     */
    public static Optional<Coding> choose(List<Coding> offered, String acceptEncoding) {
        Coding best = null;
        double bestQuality = 0;
        for (Coding coding : offered) {
            double quality = quality(acceptEncoding, coding.token());
            if (quality > bestQuality) {
                best = coding;
                bestQuality = quality;
            }
        }
        boolean plainIsBetter = named(acceptEncoding, "identity") > bestQuality;
        return plainIsBetter ? Optional.empty() : Optional.ofNullable(best);
    }

    private static double quality(String acceptEncoding, String token) {
        double named = named(acceptEncoding, token);
        return named >= 0 ? named : Math.max(0, named(acceptEncoding, "*"));
    }

    /** Negative where the header does not name it. */
    private static double named(String acceptEncoding, String token) {
        for (String entry : acceptEncoding.split(",", -1)) {
            String[] parts = entry.split(";", -1);
            String name = parts[0].trim();
            if (name.equalsIgnoreCase(token) || (token.equals("gzip") && name.equalsIgnoreCase("x-gzip"))) {
                return weight(parts);
            }
        }
        return -1;
    }

    private static double weight(String[] parts) {
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].trim().toLowerCase(Locale.ROOT);
            if (parameter.startsWith("q=")) {
                try {
                    double quality = Double.parseDouble(parameter.substring(2).trim());
                    return quality >= 0 && quality <= 1 ? quality : 0;
                } catch (NumberFormatException e) {
                    return 0;
                }
            }
        }
        return 1;
    }
}
