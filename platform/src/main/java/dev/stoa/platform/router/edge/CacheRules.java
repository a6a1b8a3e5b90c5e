package dev.stoa.platform.router.edge;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a shared cache may keep, and for whom (RFC 9111). Nothing is kept that does not say for how long: no time is guessed. An
 * answer with a Set-Cookie is never kept.
 */
final class CacheRules {
    private static final Set<Integer> KEPT = Set.of(200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414, 501);

    /** A header that changes with each request is as good as a star. */
    private static final int VARY_MAX = 10;

    private CacheRules() {}

    /** Whether a stored answer could do for the request, or one to it be stored. */
    static boolean isForCache(HttpRequest request, boolean hasBody) {
        HttpHeaders headers = request.headers();
        boolean reads =
                request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
        return reads
                && !hasBody
                && !headers.contains(HttpHeaderNames.RANGE)
                && !headers.contains(HttpHeaderNames.IF_MATCH)
                && !headers.contains(HttpHeaderNames.IF_UNMODIFIED_SINCE)
                && !headers.contains(HttpHeaderNames.UPGRADE)
                && !CacheControl.parse(headers.getAll(HttpHeaderNames.CACHE_CONTROL))
                        .has("no-store");
    }

    /** What an answer to a request that changes something says of what is stored for the URL. */
    static boolean changes(HttpMethod method, int status) {
        boolean safe = method.equals(HttpMethod.GET)
                || method.equals(HttpMethod.HEAD)
                || method.equals(HttpMethod.OPTIONS)
                || method.equals(HttpMethod.TRACE);
        return !safe && status >= 200 && status < 400;
    }

    /** Whether the client takes a stored answer that is so old and so long fresh without asking the app. */
    static boolean takes(HttpHeaders request, long ageSeconds, long freshSeconds) {
        CacheControl control = CacheControl.parse(request.getAll(HttpHeaderNames.CACHE_CONTROL));
        boolean pragma = control.directives().isEmpty()
                && request.get(HttpHeaderNames.PRAGMA, "")
                        .toLowerCase(Locale.ROOT)
                        .contains("no-cache");
        OptionalLong oldest = control.secondsOf("max-age");
        return !pragma
                && !control.has("no-cache")
                && (oldest.isEmpty() || ageSeconds <= oldest.getAsLong())
                && freshSeconds >= control.secondsOf("min-fresh").orElse(0);
    }

    /** How the answer may be kept, if it may. */
    static Optional<Terms> terms(HttpHeaders request, int status, HttpHeaders response, Instant now) {
        CacheControl control = CacheControl.parse(response.getAll(HttpHeaderNames.CACHE_CONTROL));
        boolean refused = !KEPT.contains(status)
                || control.has("no-store")
                || control.has("private")
                || response.contains(HttpHeaderNames.SET_COOKIE)
                || response.contains(HttpHeaderNames.CONTENT_RANGE)
                || response.contains(HttpHeaderNames.TRAILER);
        boolean personal = request.contains(HttpHeaderNames.AUTHORIZATION)
                && !control.has("public")
                && !control.has("s-maxage")
                && !control.has("must-revalidate");
        if (refused || personal) {
            return Optional.empty();
        }
        boolean always = control.has("no-cache");
        OptionalLong life = life(control, response, now);
        boolean known = response.contains(HttpHeaderNames.ETAG) || response.contains(HttpHeaderNames.LAST_MODIFIED);
        boolean worth = life.isPresent() && life.getAsLong() > 0 && !always;
        if (!worth && !(known && (always || life.isPresent()))) {
            return Optional.empty();
        }
        return vary(request, response)
                .map(vary -> new Terms(life.orElse(0), spare(control), age(response, now), vary, always));
    }

    /**
     * @param life       in seconds
     * @param ageSeconds of the answer when it came
     */
    record Terms(long life, StoredAnswer.Spare spare, long ageSeconds, Map<String, String> vary, boolean alwaysAsk) {}

    /** Beside {@code s-maxage}, too: who says both means both. */
    private static StoredAnswer.Spare spare(CacheControl control) {
        return control.has("must-revalidate") || control.has("proxy-revalidate") || control.has("no-cache")
                ? StoredAnswer.Spare.NONE
                : new StoredAnswer.Spare(
                        control.secondsOf("stale-while-revalidate").orElse(0),
                        control.secondsOf("stale-if-error").orElse(0));
    }

    /** Whether an app that answers so has failed (RFC 5861, 4). */
    static boolean isError(int status) {
        return status == 500 || status == 502 || status == 503 || status == 504;
    }

    private static OptionalLong life(CacheControl control, HttpHeaders response, Instant now) {
        OptionalLong shared = control.secondsOf("s-maxage");
        if (shared.isPresent()) {
            return shared;
        }
        OptionalLong any = control.secondsOf("max-age");
        if (any.isPresent() || !response.contains(HttpHeaderNames.EXPIRES)) {
            return any;
        }
        Instant date = date(response.get(HttpHeaderNames.DATE, "")).orElse(now);
        // A time that is none is over (RFC 9111, 5.3).
        return OptionalLong.of(date(response.get(HttpHeaderNames.EXPIRES, ""))
                .map(expires -> Math.max(0, expires.getEpochSecond() - date.getEpochSecond()))
                .orElse(0L));
    }

    private static long age(HttpHeaders response, Instant now) {
        long said = CacheControl.parse(java.util.List.of("age=" + response.get(HttpHeaderNames.AGE, "0")))
                .secondsOf("age")
                .orElse(0);
        long apparent = date(response.get(HttpHeaderNames.DATE, ""))
                .map(date -> Math.max(0, now.getEpochSecond() - date.getEpochSecond()))
                .orElse(0L);
        return Math.max(said, apparent);
    }

    private static Optional<Map<String, String>> vary(HttpHeaders request, HttpHeaders response) {
        Map<String, String> vary = new TreeMap<>();
        for (String value : response.getAll(HttpHeaderNames.VARY)) {
            for (String name : value.split(",", -1)) {
                String header = name.trim().toLowerCase(Locale.ROOT);
                if (header.equals("*")) {
                    return Optional.empty();
                }
                if (!header.isEmpty()) {
                    vary.put(header, StoredAnswer.value(request, header));
                }
            }
        }
        return vary.size() > VARY_MAX ? Optional.empty() : Optional.of(vary);
    }

    /** Whether the client has what is stored already (RFC 9110, 13.1). */
    static boolean isNotModified(Map<String, String> conditions, StoredAnswer stored) {
        String tags = conditions.getOrDefault("if-none-match", "");
        if (!tags.isEmpty()) {
            String own = weak(stored.header("etag"));
            for (String tag : tags.split(",", -1)) {
                if (tag.trim().equals("*")
                        || (!own.isEmpty() && weak(tag.trim()).equals(own))) {
                    return true;
                }
            }
            return false;
        }
        Optional<Instant> since = date(conditions.getOrDefault("if-modified-since", ""));
        Optional<Instant> modified = date(stored.lastModified());
        return since.isPresent() && modified.isPresent() && !modified.get().isAfter(since.get());
    }

    /** Takes the conditions out of a request. */
    static Map<String, String> conditions(HttpHeaders request) {
        Map<String, String> conditions = new LinkedHashMap<>();
        for (String name : new String[] {"if-none-match", "if-modified-since"}) {
            if (request.contains(name)) {
                conditions.put(name, String.join(", ", request.getAll(name)));
            }
        }
        return conditions;
    }

    private static String weak(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }

    private static Optional<Instant> date(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text)));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
