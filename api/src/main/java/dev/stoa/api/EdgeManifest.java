package dev.stoa.api;

import java.time.Duration;
import java.util.Optional;

/**
 * What the router does with an app's requests and answers on its own, from the table {@code [edge]} of the manifest.
 *
 * @param https what becomes of requests over plain HTTP; absent: they are served
 * @param hsts  for how long browsers are to come by HTTPS only (RFC 6797); absent: they are not told
 */
public record EdgeManifest(Optional<HttpsMode> https, Optional<Duration> hsts) {
    public static final EdgeManifest DEFAULT = new EdgeManifest(Optional.empty(), Optional.empty());

    /** What becomes of requests over plain HTTP. */
    public enum HttpsMode {
        /** They are served. */
        OPTIONAL,
        /** They are sent to the same address by HTTPS. */
        REDIRECT
    }
}
