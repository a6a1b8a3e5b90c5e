package dev.stoa.platform.router;

import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What the world sees when an app cannot answer: what happened, why, and what to do next; a page for browsers, problem
 * details for programs that prefer JSON, plain text for the rest.
 */
record ErrorPage(Failure failure, String requestId) {
    static final AsciiString STOA_ERROR = AsciiString.cached("stoa-error");

    enum Form {
        TEXT("text/plain; charset=utf-8"),
        HTML("text/html; charset=utf-8"),
        JSON("application/problem+json");

        private final String contentType;

        Form(String contentType) {
            this.contentType = contentType;
        }

        String contentType() {
            return contentType;
        }
    }

    /** The form that the Accept header likes best; a mere wildcard, as curl sends it, gets text. */
    static Form form(String accept) {
        Form best = Form.TEXT;
        double bestQuality = 0;
        for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
            String[] parts = range.split(";", -1);
            Form form = switch (parts[0].trim()) {
                case "text/html", "application/xhtml+xml" -> Form.HTML;
                case "application/json", "application/problem+json" -> Form.JSON;
                default -> Form.TEXT;
            };
            boolean named = form != Form.TEXT || parts[0].trim().equals("text/plain");
            double quality = quality(parts);
            if (named && quality > bestQuality) {
                best = form;
                bestQuality = quality;
            }
        }
        return best;
    }

    private static double quality(String[] parts) {
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].trim();
            if (parameter.startsWith("q=")) {
                try {
                    return Double.parseDouble(parameter.substring(2));
                } catch (NumberFormatException e) {
                    return 0;
                }
            }
        }
        return 1;
    }

    FullHttpResponse response(Form form) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(failure.error().status()),
                Unpooled.wrappedBuffer(bytes(form)));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, form.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set(STOA_ERROR, failure.error().code())
                .set(ForwardedHeaders.REQUEST_ID, requestId);
        if (failure.error().retryAfterSeconds() > 0) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, failure.error().retryAfterSeconds());
        }
        return response;
    }

    private byte[] bytes(Form form) {
        String text = switch (form) {
            case TEXT -> text();
            case HTML -> html();
            case JSON ->
                Json.write(new Problem(failure.error().code(), failure.error().status(), sentence(), failure.hint()));
        };
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String sentence() {
        return failure.error().title() + ": " + failure.why();
    }

    private String text() {
        String next = failure.hint().isEmpty() ? "" : "  " + failure.hint() + "\n";
        return "%d %s\n%s  (code %s, request %s)\n"
                .formatted(
                        failure.error().status(),
                        sentence(),
                        next,
                        failure.error().code(),
                        requestId);
    }

    private String html() {
        RouterError error = failure.error();
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>%d %s</title>
            <style>
            :root { color-scheme: light dark; --ink: #1d1f24; --soft: #5d6470; --paper: #fafaf8; --line: #dcdcd6 }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #ececea; --soft: #a0a6b0; --paper: #16181c; --line: #33363d }
            }
            body { margin: 0; min-height: 100vh; display: grid; place-items: center;
              background: var(--paper); color: var(--ink); font: 17px/1.6 system-ui, sans-serif }
            main { max-width: 34rem; padding: 2rem }
            h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .8rem }
            h1 small { display: block; font-size: 1rem; font-weight: 400; color: var(--soft) }
            p { margin: 0 0 1rem; overflow-wrap: anywhere }
            .next { border-left: 3px solid var(--line); padding-left: 1rem; font-family: ui-monospace, monospace;
              font-size: .9rem }
            footer { margin-top: 2rem; color: var(--soft); font-size: .8rem }
            </style>
            </head>
            <body>
            <main>
            <h1><small>%d</small>%s</h1>
            <p>%s.</p>
            %s
            <footer>code %s &middot; request %s</footer>
            </main>
            </body>
            </html>
            """.formatted(
                        error.status(),
                        error.title(),
                        error.status(),
                        error.title(),
                        escape(failure.why()),
                        failure.hint().isEmpty() ? "" : "<p class=\"next\">" + escape(failure.hint()) + "</p>",
                        error.code(),
                        escape(requestId));
    }

    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '&' -> out.append("&amp;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(c);
            }
        }
        return out.toString();
    }
}
