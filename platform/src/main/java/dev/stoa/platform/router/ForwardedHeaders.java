package dev.stoa.platform.router;

import dev.stoa.platform.router.edge.TraceParent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What a proxy takes away from a message, and what it tells the app about where the request came from. */
final class ForwardedHeaders {
    static final AsciiString REQUEST_ID = AsciiString.cached("x-request-id");

    private static final AsciiString FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
    private static final AsciiString FORWARDED_HOST = AsciiString.cached("x-forwarded-host");
    private static final AsciiString FORWARDED_PORT = AsciiString.cached("x-forwarded-port");
    private static final AsciiString FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
    private static final AsciiString REAL_IP = AsciiString.cached("x-real-ip");
    private static final AsciiString REQUEST_START = AsciiString.cached("x-request-start");

    private static final AsciiString HTTP = AsciiString.cached("http");
    private static final AsciiString HTTPS = AsciiString.cached("https");

    private static final AsciiString TRACE_PARENT = AsciiString.cached("traceparent");
    private static final AsciiString TRACE_STATE = AsciiString.cached("tracestate");

    /** Frameworks believe it more than X-Forwarded-*, and nobody in front of the router says it. */
    private static final AsciiString FORWARDED = AsciiString.cached("forwarded");

    /** Hop by hop (RFC 9110, 7.6.1); {@code Proxy} is none, but CGI programs would read it as HTTP_PROXY. */
    private static final List<AsciiString> HOP_BY_HOP = List.of(
            AsciiString.cached("keep-alive"),
            AsciiString.cached("proxy"),
            AsciiString.cached("proxy-connection"),
            HttpHeaderNames.PROXY_AUTHENTICATE,
            HttpHeaderNames.PROXY_AUTHORIZATION,
            HttpHeaderNames.TE,
            HttpHeaderNames.UPGRADE);

    /** Headers that decide where a message goes and ends: naming one in Connection does not take it away. */
    private static final Set<String> NEVER_NAMED = Set.of("host", "content-length", "transfer-encoding");

    /** Beside X-Forwarded-*: what the router says to the app, and what says where a message ends; those with a hyphen. */
    private static final Set<String> OF_THE_ROUTER = Set.of(
            "x-real-ip",
            "x-request-id",
            "x-request-start",
            "forwarded",
            "content-length",
            "transfer-encoding",
            "keep-alive",
            "proxy-connection");

    private static final Set<String> NEVER_TRAILERS = Set.of(
            "authorization",
            "content-encoding",
            "content-range",
            "content-type",
            "cookie",
            "expect",
            "host",
            "range",
            "trailer",
            "via");

    private static final int REQUEST_ID_LENGTH_MIN = 8;
    private static final int REQUEST_ID_LENGTH_MAX = 200;

    private ForwardedHeaders() {}

    static void removeHopByHop(HttpHeaders headers) {
        if (headers.contains(HttpHeaderNames.CONNECTION)) {
            for (String value : headers.getAll(HttpHeaderNames.CONNECTION)) {
                for (String name : value.split(",", -1)) {
                    String trimmed = name.trim();
                    if (!NEVER_NAMED.contains(trimmed.toLowerCase(Locale.ROOT))) {
                        headers.remove(trimmed);
                    }
                }
            }
            headers.remove(HttpHeaderNames.CONNECTION);
        }
        for (AsciiString name : HOP_BY_HOP) {
            headers.remove(name);
        }
    }

    /** Makes the head of a request ready for the app. */
    static void prepare(HttpHeaders headers, Client client, Lane lane, String upgrade, String requestId) {
        removeHopByHop(headers);
        removeLookalikes(headers);
        AsciiString address = client.caller().text();
        if (headers.contains(FORWARDED_FOR)) {
            headers.set(FORWARDED_FOR, String.join(", ", headers.getAll(FORWARDED_FOR)) + ", " + address);
        } else {
            headers.set(FORWARDED_FOR, address);
        }
        headers.set(REAL_IP, address);
        headers.remove(FORWARDED);
        headers.set(FORWARDED_HOST, headers.get(HttpHeaderNames.HOST, ""));
        headers.set(FORWARDED_PORT, client.caller().cameTo());
        headers.set(FORWARDED_PROTO, client.secure() ? HTTPS : HTTP);
        headers.set(REQUEST_START, lane.now());
        headers.set(REQUEST_ID, requestId);
        headers.add(HttpHeaderNames.VIA, client.via());
        if (!upgrade.isEmpty()) {
            markUpgrade(headers, upgrade);
        }
    }

    /** Many servers hand X_Forwarded_For to the app as they do X-Forwarded-For, and then anybody could say what only the router knows. */
    private static void removeLookalikes(HttpHeaders headers) {
        List<String> found = List.of();
        Iterator<Map.Entry<CharSequence, CharSequence>> each = headers.iteratorCharSequence();
        while (each.hasNext()) {
            CharSequence name = each.next().getKey();
            if (AsciiString.indexOf(name, '_', 0) >= 0 && isLookalike(name.toString())) {
                found = found.isEmpty() ? new ArrayList<>(2) : found;
                found.add(name.toString());
            }
        }
        for (int i = 0; i < found.size(); i++) {
            headers.remove(found.get(i));
        }
    }

    private static boolean isLookalike(String name) {
        return isOfTheRouter(name.toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    private static boolean isOfTheRouter(String name) {
        return name.startsWith("x-forwarded-") || OF_THE_ROUTER.contains(name);
    }

    /**
     * Some servers add trailers to the headers: what came behind a body must not change whose request it was, or what it was
     * (RFC 9110, 6.5.1).
     */
    static void cleanTrailers(HttpHeaders trailers) {
        for (String name : trailers.names()) {
            String plain = name.toLowerCase(Locale.ROOT).replace('_', '-');
            if (isOfTheRouter(plain) || NEVER_TRAILERS.contains(plain)) {
                trailers.remove(name);
            }
        }
        removeHopByHop(trailers);
    }

    /** Begins a trace where the request belongs to none. */
    static void trace(HttpHeaders headers, Lane lane) {
        List<String> parents = headers.getAll(TRACE_PARENT);
        if (parents.size() != 1 || !TraceParent.isValid(parents.getFirst().trim())) {
            headers.set(TRACE_PARENT, lane.nextTrace());
            headers.remove(TRACE_STATE);
        }
    }

    static void markUpgrade(HttpHeaders headers, String protocol) {
        headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        headers.set(HttpHeaderNames.UPGRADE, protocol);
    }

    /** The id that the client gave, where it can go into logs and headers as it is, or else a new one. */
    static String requestId(HttpHeaders headers, Lane lane) {
        String id = headers.get(REQUEST_ID, "");
        return isSane(id) ? id : lane.nextRequestId();
    }

    private static boolean isSane(String requestId) {
        if (requestId.length() < REQUEST_ID_LENGTH_MIN || requestId.length() > REQUEST_ID_LENGTH_MAX) {
            return false;
        }
        for (int i = 0; i < requestId.length(); i++) {
            char c = requestId.charAt(i);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!plain && "-_.:+/=".indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }
}
