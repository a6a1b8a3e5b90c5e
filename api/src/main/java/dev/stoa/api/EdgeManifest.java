package dev.stoa.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the router does with an app's requests and answers on its own, from the table {@code [edge]} of the manifest.
 *
 * @param compress   the codings that answers may get, such as {@code br}, the one liked best first; empty: none
 * @param cacheBytes the most that the router keeps of the app's answers; absent: it keeps none
 * @param bodyBytes  the most that the body of a request may have
 * @param rate       how often one client may ask
 * @param allow      the only addresses that may ask; empty: all
 * @param deny       addresses that may not ask, though they be allowed
 * @param auth       a user and a password that everybody has to know
 * @param maintenance what holds while {@code stoa maintenance} is on
 * @param errors     by status, the file of the source that is shown for an error of the router's own
 * @param redirects  paths that are somewhere else, the first that fits counts
 * @param rewrites   paths that the app knows by another name, the first that fits counts
 * @param headers    what each answer carries
 * @param accessLog  whether each request is a line of the app's log
 * @param trace      whether a request that belongs to no trace begins one
 * @param https      what becomes of requests over plain HTTP; absent: they are served
 * @param hsts       for how long browsers are to come by HTTPS only (RFC 6797); absent: they are not told
 */
public record EdgeManifest(
        List<String> compress,
        Optional<Long> cacheBytes,
        Optional<Long> bodyBytes,
        Optional<Rate> rate,
        List<String> allow,
        List<String> deny,
        Optional<Auth> auth,
        Optional<Maintenance> maintenance,
        Map<String, String> errors,
        List<Redirect> redirects,
        List<Rewrite> rewrites,
        Map<String, String> headers,
        boolean accessLog,
        boolean trace,
        Optional<HttpsMode> https,
        Optional<Duration> hsts) {
    public static final EdgeManifest DEFAULT = new EdgeManifest(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            List.of(),
            List.of(),
            Map.of(),
            true,
            true,
            Optional.empty(),
            Optional.empty());

    public EdgeManifest {
        compress = List.copyOf(compress);
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
        errors = Map.copyOf(errors);
        redirects = List.copyOf(redirects);
        rewrites = List.copyOf(rewrites);
        headers = Map.copyOf(headers);
    }

    /** What becomes of requests over plain HTTP. */
    public enum HttpsMode {
        /** They are served. */
        OPTIONAL,
        /** They are sent to the same address by HTTPS. */
        REDIRECT
    }

    /**
     * So many requests in so much time, evenly; {@code burst} of them at once.
     *
     * @param key {@code ip}, or {@code header:NAME} for the value of a header
     */
    public record Rate(int requests, Duration per, String key, int burst) {
        public static final String BY_ADDRESS = "ip";
        public static final String BY_HEADER = "header:";
    }

    /** @param passwordVar the config var whose value is the password */
    public record Auth(String user, String passwordVar) {}

    /**
     * @param page  a file of the source; absent: the router's own page
     * @param allow addresses that reach the app all the same
     */
    public record Maintenance(Optional<String> page, Duration retryAfter, List<String> allow) {
        public static final Duration RETRY_AFTER = Duration.ofMinutes(5);

        public Maintenance {
            allow = List.copyOf(allow);
        }
    }

    /** @param from a {@link PathPattern} */
    public record Redirect(String from, String to, int status) {}

    /** @param from a {@link PathPattern} */
    public record Rewrite(String from, String to) {}

    /** The files of the source that are shown for errors, by status, and by {@code maintenance}. */
    public Map<String, String> pages() {
        Map<String, String> pages = new java.util.TreeMap<>(errors);
        maintenance.flatMap(Maintenance::page).ifPresent(page -> pages.put("maintenance", page));
        return pages;
    }
}
