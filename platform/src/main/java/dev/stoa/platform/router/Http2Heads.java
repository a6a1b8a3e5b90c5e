package dev.stoa.platform.router;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Heads and trailers of HTTP/2 as those of HTTP/1.1, and the other way round (RFC 9113, 8). Netty has checked the frames by
 * then: names are tokens in lower case, values have no control characters, pseudo-headers are known, single and in front, and
 * nothing speaks of the connection. Here stands what HTTP/1.1 behind must not be led astray by.
 */
final class Http2Heads {
    private static final AsciiString HTTP = AsciiString.cached("http");
    private static final AsciiString TRAILERS = AsciiString.cached("trailers");
    private static final AsciiString WEBSOCKET = AsciiString.cached("websocket");

    /** Speak of one connection of HTTP/1.1. */
    private static final Set<AsciiString> CONNECTION_HEADERS = Set.of(
            HttpHeaderNames.CONNECTION,
            AsciiString.cached("keep-alive"),
            AsciiString.cached("proxy-connection"),
            HttpHeaderNames.TRANSFER_ENCODING,
            HttpHeaderNames.UPGRADE,
            AsciiString.cached("http2-settings"));

    /** A trailer that changed these would change what the message is after the fact (RFC 9110, 6.5.1). */
    private static final Set<AsciiString> NEVER_TRAILERS = Set.of(
            HttpHeaderNames.CONTENT_LENGTH,
            HttpHeaderNames.HOST,
            HttpHeaderNames.TRAILER,
            HttpHeaderNames.TE,
            HttpHeaderNames.AUTHORIZATION,
            HttpHeaderNames.COOKIE,
            HttpHeaderNames.CONTENT_ENCODING,
            HttpHeaderNames.CONTENT_TYPE);

    /** What HTTP/2 says by other means, or not at all, when a WebSocket is asked for. */
    private static final Set<AsciiString> NOT_IN_TUNNELS = Set.of(
            HttpHeaderNames.HOST,
            HttpHeaderNames.TE,
            HttpHeaderNames.CONTENT_LENGTH,
            HttpHeaderNames.SEC_WEBSOCKET_KEY);

    private static final Set<HttpMethod> METHODS_WITH_BODY = Set.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH);

    private static final HttpHeadersFactory UNCHECKED =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private Http2Heads() {}

    // Requests, from a client.

    /**
     * A request as HTTP/1.1 has it. One that HTTP/1.1 cannot say, or would say otherwise, has a decoder result that failed.
     *
     * @param whole whether no body follows
     * @param key   makes the Sec-WebSocket-Key that HTTP/1.1 wants
     */
    static HttpRequest request(Http2Headers from, boolean whole, Supplier<String> key) {
        String method = text(from.method());
        String path = text(from.path());
        CharSequence protocol = from.get(Http2Headers.PseudoHeaderName.PROTOCOL.value());
        HttpHeaders headers = UNCHECKED.newHeaders();
        String why = fields(from, headers) ? authority(headers, from.authority()) : "a value ends in a blank";
        if (why.isEmpty()) {
            why = line(method, path, protocol, from.scheme(), whole);
        }
        if (!why.isEmpty()) {
            return refused(new StoaException(ErrorCode.BAD_REQUEST, why, ""), method, headers);
        }
        if (method.length() + path.length() > RequestDecoder.LINE_BYTES_MAX) {
            return refused(new TooLongHttpLineException(), method, headers);
        }
        HttpMethod asked = HttpMethod.valueOf(method);
        if (protocol != null) {
            asked = HttpMethod.GET;
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
            headers.set(HttpHeaderNames.UPGRADE, WEBSOCKET);
            headers.set(HttpHeaderNames.SEC_WEBSOCKET_KEY, key.get());
        } else if (!whole && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        } else if (whole && METHODS_WITH_BODY.contains(asked) && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, HttpHeaderValues.ZERO);
        }
        return new DefaultHttpRequest(
                HttpVersion.HTTP_1_1, asked, asked.equals(HttpMethod.CONNECT) ? text(from.authority()) : path, headers);
    }

    static boolean asksForTunnel(Http2Headers from) {
        return from.contains(Http2Headers.PseudoHeaderName.PROTOCOL.value());
    }

    private static HttpRequest refused(Throwable why, String method, HttpHeaders headers) {
        boolean head = method.equals("HEAD");
        HttpRequest request =
                new DefaultHttpRequest(HttpVersion.HTTP_1_1, head ? HttpMethod.HEAD : HttpMethod.GET, "/", headers);
        request.setDecoderResult(DecoderResult.failure(why));
        return request;
    }

    /** Crumbs of a cookie become one (RFC 9113, 8.2.3). False: a value ends in a blank, which Netty lets through (8.2.1). */
    private static boolean fields(Http2Headers from, HttpHeaders to) {
        boolean sound = true;
        StringBuilder cookie = null;
        CharSequence crumb = null;
        for (Map.Entry<CharSequence, CharSequence> field : from) {
            CharSequence name = field.getKey();
            CharSequence value = field.getValue();
            if (name.charAt(0) == ':') {
                continue;
            }
            sound &= value.isEmpty() || value.charAt(value.length() - 1) > ' ';
            if (!HttpHeaderNames.COOKIE.contentEquals(name)) {
                to.add(name, value);
            } else if (crumb == null) {
                crumb = value;
            } else {
                cookie = cookie == null ? new StringBuilder(crumb) : cookie;
                cookie.append("; ").append(value);
            }
        }
        if (crumb != null) {
            to.add(HttpHeaderNames.COOKIE, cookie == null ? crumb : cookie.toString());
        }
        return sound;
    }

    private static String authority(HttpHeaders headers, CharSequence authority) {
        if (authority == null) {
            return "";
        }
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1 || (hosts.size() == 1 && !hosts.getFirst().equalsIgnoreCase(authority.toString()))) {
            return "its Host header and its :authority name two hosts";
        }
        headers.set(HttpHeaderNames.HOST, authority);
        return "";
    }

    private static String line(String method, String path, CharSequence protocol, CharSequence scheme, boolean whole) {
        if (!isToken(method)) {
            return "its method is not a word";
        }
        boolean connect = method.equals("CONNECT");
        if (protocol != null) {
            if (!connect || whole) {
                return "it has a :protocol, which goes with CONNECT and an open stream alone";
            }
            if (!WEBSOCKET.contentEqualsIgnoreCase(protocol)) {
                return "its :protocol is something other than \"websocket\"";
            }
        } else if (connect) {
            return "";
        }
        if (!path.startsWith("/") && !(path.equals("*") && method.equals("OPTIONS"))) {
            return "its :path does not begin with a slash";
        }
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) <= ' ' || path.charAt(i) == 0x7f) {
                return "its :path has a blank in it";
            }
            if (path.charAt(i) == '#') {
                return "its :path has a fragment, which is for the client alone";
            }
        }
        if (!HTTP.contentEqualsIgnoreCase(scheme)
                && !"https".contentEquals(AsciiString.of(scheme).toLowerCase())) {
            return "its :scheme is neither http nor https";
        }
        return "";
    }

    private static boolean isToken(String method) {
        for (int i = 0; i < method.length(); i++) {
            char c = method.charAt(i);
            boolean plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            if (!plain && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
                return false;
            }
        }
        return !method.isEmpty();
    }

    private static String text(CharSequence value) {
        return value == null ? "" : value.toString();
    }

    // Answers, to a client.

    static Http2Headers answer(HttpResponse from) {
        return ReadOnlyHttp2Headers.serverHeaders(false, from.status().codeAsText(), fields(from.headers(), false));
    }

    /** What HTTP/2 says in place of a 101 (RFC 8441, 5). */
    static Http2Headers tunnelOpened(HttpResponse from) {
        from.headers().remove(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT);
        return ReadOnlyHttp2Headers.serverHeaders(
                false, HttpResponseStatus.OK.codeAsText(), fields(from.headers(), false));
    }

    static Http2Headers trailers(HttpHeaders from) {
        return ReadOnlyHttp2Headers.trailers(false, fields(from, true));
    }

    private static AsciiString[] fields(HttpHeaders from, boolean trailers) {
        List<AsciiString> fields = new ArrayList<>(2 * from.size() + 2);
        Iterator<Map.Entry<CharSequence, CharSequence>> each = from.iteratorCharSequence();
        while (each.hasNext()) {
            Map.Entry<CharSequence, CharSequence> field = each.next();
            AsciiString name = AsciiString.of(field.getKey()).toLowerCase();
            if (!CONNECTION_HEADERS.contains(name) && !(trailers && NEVER_TRAILERS.contains(name))) {
                fields.add(name);
                fields.add(withoutBlanks(AsciiString.of(field.getValue())));
            }
        }
        return fields.toArray(new AsciiString[0]);
    }

    /** Around it. {@code AsciiString.trim} takes all that is not ASCII for blanks, too. */
    private static AsciiString withoutBlanks(AsciiString value) {
        int start = 0;
        int end = value.length();
        while (start < end && isBlank(value.byteAt(start))) {
            start++;
        }
        while (start < end && isBlank(value.byteAt(end - 1))) {
            end--;
        }
        return value.subSequence(start, end, false);
    }

    private static boolean isBlank(byte b) {
        return b == HttpConstants.SP || b == HttpConstants.HT;
    }

    // Requests, to an instance.

    static Http2Headers request(HttpRequest from) {
        HttpHeaders headers = from.headers();
        List<AsciiString> fields = new ArrayList<>(List.of(fields(headers, false)));
        for (int i = fields.size() - 2; i >= 0; i -= 2) {
            if (fields.get(i).equals(HttpHeaderNames.HOST) || fields.get(i).equals(HttpHeaderNames.TE)) {
                fields.remove(i);
                fields.remove(i);
            }
        }
        // The router passes trailers on; gRPC servers answer nobody who does not say so.
        fields.add(HttpHeaderNames.TE);
        fields.add(TRAILERS);
        return ReadOnlyHttp2Headers.clientHeaders(
                false,
                from.method().asciiName(),
                new AsciiString(from.uri()),
                HTTP,
                new AsciiString(headers.get(HttpHeaderNames.HOST, "")),
                fields.toArray(new AsciiString[0]));
    }

    /** The request for a WebSocket as HTTP/2 has it (RFC 8441, 5). */
    static Http2Headers tunnel(HttpRequest from) {
        Http2Headers to = new DefaultHttp2Headers(false)
                .method(HttpMethod.CONNECT.asciiName())
                .scheme(HTTP)
                .authority(new AsciiString(from.headers().get(HttpHeaderNames.HOST, "")))
                .path(new AsciiString(from.uri()));
        to.set(Http2Headers.PseudoHeaderName.PROTOCOL.value(), WEBSOCKET);
        AsciiString[] fields = fields(from.headers(), false);
        for (int i = 0; i < fields.length; i += 2) {
            if (!NOT_IN_TUNNELS.contains(fields[i])) {
                to.add(fields[i], fields[i + 1]);
            }
        }
        return to;
    }

    // Answers, from an instance.

    static HttpResponse answer(Http2Headers from) {
        HttpHeaders headers = UNCHECKED.newHeaders();
        boolean _ = fields(from, headers);
        CharSequence status = from.status();
        int code = status.length() == 3 ? number(status) : 0;
        if (code < 100 || code == 101) {
            return refused(new StoaException(ErrorCode.BAD_REQUEST, "its status is not one of HTTP/2", ""));
        }
        return new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), headers);
    }

    static HttpResponse refused(Throwable why) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.BAD_GATEWAY);
        response.setDecoderResult(DecoderResult.failure(why));
        return response;
    }

    private static int number(CharSequence digits) {
        int number = 0;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c < '0' || c > '9') {
                return 0;
            }
            number = number * 10 + c - '0';
        }
        return number;
    }

    static void trailers(Http2Headers from, HttpHeaders to) {
        for (Map.Entry<CharSequence, CharSequence> field : from) {
            AsciiString name = AsciiString.of(field.getKey());
            if (name.charAt(0) != ':' && !NEVER_TRAILERS.contains(name)) {
                to.add(name, field.getValue());
            }
        }
    }
}
