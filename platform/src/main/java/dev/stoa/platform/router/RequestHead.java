package dev.stoa.platform.router;

import dev.stoa.api.StoaException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessageDecoderResult;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.InvalidLineSeparatorException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the head of a request says, or why it is refused. Anything that two servers could read in two ways is refused,
 * since a request that means one thing here and another to the app is how requests are smuggled.
 */
sealed interface RequestHead {
    /** Heroku's limits: per header line, per name, and for their number. */
    int HEADER_LINE_BYTES_MAX = 8192;

    int HEADER_NAME_BYTES_MAX = 1000;
    int HEADERS_MAX = 1000;

    Set<HttpMethod> IDEMPOTENT = Set.of(
            HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.TRACE, HttpMethod.PUT, HttpMethod.DELETE);

    /**
     * @param replayable whether sending it twice is as good as once (RFC 9110, 9.2.2), with no body to keep for that
     * @param upgrade    the protocol that the client asks to change to; empty: none
     */
    record Fine(String host, boolean hasBody, boolean replayable, String upgrade) implements RequestHead {
        /** Until the head was looked at. */
        static final Fine UNKNOWN = new Fine("", true, false, "");
    }

    record Refused(Failure failure) implements RequestHead {}

    /** Checks the head and turns a target in absolute form into the usual one. */
    static RequestHead of(HttpRequest request, long bodyBytesMax) {
        if (request.decoderResult().isFailure()) {
            return unreadable(request.decoderResult().cause());
        }
        Optional<Refused> refused =
                versionAndMethod(request).or(() -> sizes(request)).or(() -> framing(request, bodyBytesMax));
        if (refused.isPresent()) {
            return refused.get();
        }
        if (hasControls(request.uri())) {
            return bad("its target has a control character in it");
        }
        if (request.uri().indexOf('#') >= 0) {
            return bad("its target has a fragment, which is for the client alone");
        }
        HttpHeaders headers = request.headers();
        Iterator<String> hosts = headers.valueStringIterator(HttpHeaderNames.HOST);
        boolean star = request.uri().equals("*") && request.method().equals(HttpMethod.OPTIONS);
        boolean absolute = !request.uri().startsWith("/") && !star;
        if (!hosts.hasNext()) {
            if (!absolute || !request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
                return bad("it has no Host header, so it is not known for which app it is");
            }
        } else {
            hosts.next();
            if (hosts.hasNext()) {
                return bad("it has more than one Host header");
            }
        }
        if (absolute && !toOriginForm(request)) {
            return bad("its target is neither a path nor an http address");
        }
        Optional<String> host = HostName.parse(headers.get(HttpHeaderNames.HOST, ""));
        if (host.isEmpty()) {
            return bad("its Host header is not the name of a host");
        }
        boolean hasBody = HttpUtil.isTransferEncodingChunked(request)
                || !headers.get(HttpHeaderNames.CONTENT_LENGTH, "0").equals("0");
        boolean replayable = !hasBody && IDEMPOTENT.contains(request.method());
        return new Fine(host.get(), hasBody, replayable, upgrade(request));
    }

    private static boolean hasControls(String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c == 0x7f) {
                return true;
            }
        }
        return false;
    }

    private static Refused unreadable(Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException e ->
                refused(
                        RouterError.TARGET_TOO_LONG,
                        "its first line is longer than " + RequestDecoder.LINE_BYTES_MAX + " bytes");
            case TooLongHttpHeaderException e ->
                refused(
                        RouterError.HEADERS_TOO_LARGE,
                        "its headers are larger than " + RequestDecoder.HEADERS_BYTES_MAX + " bytes");
            case InvalidLineSeparatorException e -> bad("a line does not end in a carriage return and a line feed");
            case StoaException e -> bad(e.message());
            default -> bad("it is not valid HTTP/1.1");
        };
    }

    private static Optional<Refused> versionAndMethod(HttpRequest request) {
        HttpVersion version = request.protocolVersion();
        if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
            return Optional.of(bad("it speaks neither HTTP/1.1 nor HTTP/1.0"));
        }
        if (request.method().equals(HttpMethod.CONNECT)) {
            return Optional.of(bad("it asks for a tunnel with CONNECT, and this is not a forward proxy"));
        }
        return Optional.empty();
    }

    private static Optional<Refused> sizes(HttpRequest request) {
        if (request.headers().size() > HEADERS_MAX) {
            return tooLarge("it has more than " + HEADERS_MAX + " headers");
        }
        boolean small = request.decoderResult() instanceof HttpMessageDecoderResult result
                && result.headerSize() <= HEADER_NAME_BYTES_MAX;
        if (small) {
            return Optional.empty();
        }
        Iterator<Map.Entry<CharSequence, CharSequence>> headers =
                request.headers().iteratorCharSequence();
        while (headers.hasNext()) {
            Map.Entry<CharSequence, CharSequence> header = headers.next();
            if (header.getKey().length() > HEADER_NAME_BYTES_MAX) {
                return tooLarge("the name of a header is longer than " + HEADER_NAME_BYTES_MAX + " bytes");
            }
            if (header.getKey().length() + header.getValue().length() + 2 > HEADER_LINE_BYTES_MAX) {
                return tooLarge("a header is longer than " + HEADER_LINE_BYTES_MAX + " bytes");
            }
        }
        return Optional.empty();
    }

    private static Optional<Refused> framing(HttpRequest request, long bodyBytesMax) {
        HttpHeaders headers = request.headers();
        if (headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            List<String> encodings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
            if (encodings.size() > 1 || !encodings.getFirst().trim().equalsIgnoreCase("chunked")) {
                return Optional.of(bad("its Transfer-Encoding is something other than \"chunked\""));
            }
            if (headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
                return Optional.of(bad("it has both a Content-Length and a Transfer-Encoding"));
            }
            if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
                return Optional.of(bad("it has a Transfer-Encoding, which HTTP/1.0 does not know"));
            }
        } else if (HttpUtil.getContentLength(request, 0L) > bodyBytesMax) {
            return Optional.of(new Refused(Failure.bodyTooLarge(bodyBytesMax)));
        }
        if (headers.contains(HttpHeaderNames.EXPECT)
                && !headers.getAll(HttpHeaderNames.EXPECT).stream()
                        .allMatch(HttpHeaderValues.CONTINUE::contentEqualsIgnoreCase)) {
            return Optional.of(
                    refused(RouterError.BAD_EXPECTATION, "it expects something other than \"100-continue\""));
        }
        return Optional.empty();
    }

    private static boolean toOriginForm(HttpRequest request) {
        String uri = request.uri();
        int start = uri.regionMatches(true, 0, "http://", 0, 7) ? 7 : 8;
        if (start == 8 && !uri.regionMatches(true, 0, "https://", 0, 8)) {
            return false;
        }
        int end = start;
        while (end < uri.length() && "/?".indexOf(uri.charAt(end)) < 0) {
            end++;
        }
        String rest = uri.substring(end);
        boolean whole = rest.isEmpty() && request.method().equals(HttpMethod.OPTIONS);
        request.setUri(whole ? "*" : rest.startsWith("/") ? rest : "/" + rest);
        request.headers().set(HttpHeaderNames.HOST, uri.substring(start, end));
        return true;
    }

    private static String upgrade(HttpRequest request) {
        HttpHeaders headers = request.headers();
        boolean asked = headers.contains(HttpHeaderNames.UPGRADE)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true);
        if (!asked) {
            return "";
        }
        // An app that took to HTTP/2 here would be spoken to behind the router's back, past all its rules.
        return Stream.of(String.join(",", headers.getAll(HttpHeaderNames.UPGRADE))
                        .split(",", -1))
                .map(String::trim)
                .filter(protocol -> !protocol.isEmpty()
                        && !protocol.regionMatches(true, 0, "h2", 0, 2)
                        && !protocol.regionMatches(true, 0, "http/", 0, 5))
                .collect(Collectors.joining(", "));
    }

    private static Refused bad(String why) {
        return new Refused(Failure.badRequest(why));
    }

    private static Refused refused(RouterError error, String why) {
        return new Refused(Failure.refused(error, why));
    }

    private static Optional<Refused> tooLarge(String why) {
        return Optional.of(refused(RouterError.HEADERS_TOO_LARGE, why));
    }
}
