package dev.stoa.staticserver;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Answers GET and HEAD with the files of a {@link Site}: validators, one range, gzip (RFC 9110). */
final class SiteHandler implements HttpHandler {
    private static final int COPY_BYTES = 64 * 1024;
    private static final Pattern EXTENSION = Pattern.compile("\\.[A-Za-z0-9]{1,12}$");

    private final Site site;
    private final Rules rules;
    private final boolean singlePage;
    private final GzipCache gzip;

    SiteHandler(Site site, Rules rules, boolean singlePage, GzipCache gzip) {
        this.site = site;
        this.rules = rules;
        this.singlePage = singlePage;
        this.gzip = gzip;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Headers headers = exchange.getResponseHeaders();
            headers.set("X-Content-Type-Options", "nosniff");
            String method = exchange.getRequestMethod();
            if (!method.equals("GET") && !method.equals("HEAD")) {
                headers.set("Allow", "GET, HEAD");
                sendText(exchange, 405, "405: this is a static site, it answers GET and HEAD\n");
                return;
            }
            answer(exchange, path(exchange.getRequestURI()));
        }
    }

    /** A file wins over a rule, unless the rule says otherwise; the first rule that fits counts. */
    private void answer(HttpExchange exchange, String path) throws IOException {
        Site.Found found = site.find(path);
        Optional<String> query = Optional.ofNullable(exchange.getRequestURI().getRawQuery());
        for (Redirect rule : rules.redirects()) {
            if (found instanceof Site.Nothing || rule.force()) {
                Optional<String> target = rule.target(path, query);
                if (target.isPresent() && follow(exchange, rule, path, target.get())) {
                    return;
                }
            }
        }
        switch (found) {
            case Site.Page(Path file) -> sendPage(exchange, path, file, 200);
            case Site.Moved moved -> {
                exchange.getResponseHeaders().set("Location", location(moved, exchange.getRequestURI()));
                sendText(exchange, 301, "301: this page has another address\n");
            }
            case Site.Nothing() -> {
                Optional<Path> page = singlePage && isNavigation(exchange, path) ? site.singlePage() : Optional.empty();
                if (page.isPresent()) {
                    sendPage(exchange, path, page.get(), 200);
                } else {
                    sendNotFound(exchange, path);
                }
            }
        }
    }

    /** False where a rule names a file that is not there. */
    private boolean follow(HttpExchange exchange, Redirect rule, String path, String target) throws IOException {
        if (rule.moves()) {
            exchange.getResponseHeaders().set("Location", target);
            sendText(exchange, rule.status(), rule.status() + ": this page has another address\n");
            return true;
        }
        String file = target.replaceFirst("[?#].*", "");
        Site.Found found = site.find(file);
        if (found instanceof Site.Moved(var segments, boolean folder)) {
            found = site.find("/" + String.join("/", segments) + (folder ? "/" : ""));
        }
        if (found instanceof Site.Page(Path page)) {
            sendPage(exchange, path, page, rule.status());
            return true;
        }
        return false;
    }

    /** A missing picture or script is missing; what a person can ask for by an address has no extension. */
    private static boolean isNavigation(HttpExchange exchange, String path) {
        String accept = String.join(",", exchange.getRequestHeaders().getOrDefault("Accept", List.of("*/*")));
        String last = path.substring(path.lastIndexOf('/') + 1);
        boolean isFile = EXTENSION.matcher(last).find();
        return !isFile && (accept.contains("text/html") || accept.contains("*/*"));
    }

    private void sendPage(HttpExchange exchange, String path, Path file, int status) throws IOException {
        FileVersion version = FileVersion.of(file);
        Headers request = exchange.getRequestHeaders();
        Headers headers = exchange.getResponseHeaders();
        String type = ContentTypes.of(file);
        boolean whole = status == 200;
        boolean zippable = whole && ContentTypes.isText(type) && version.sizeBytes() >= GzipCache.SIZE_BYTES_MIN;
        Optional<ByteRange> range = whole && version.rangeApplies(request.getFirst("If-Range"))
                ? ByteRange.parse(request.getFirst("Range"), version.sizeBytes())
                : Optional.empty();
        boolean zip = zippable && range.isEmpty() && AcceptEncoding.allowsGzip(request.get("Accept-Encoding"));
        headers.set("Content-Type", type);
        headers.set("Last-Modified", version.lastModified());
        headers.set("ETag", zip ? version.gzipTag() : version.tag());
        // A deploy changes any file, so a browser asks each time; the answer is mostly a 304.
        headers.set("Cache-Control", "public, max-age=0, must-revalidate");
        headers.set("Accept-Ranges", "bytes");
        if (zippable) {
            headers.set("Vary", "Accept-Encoding");
        }
        decorate(headers, path);
        if (status != 200) {
            send(exchange, status, file, 0, version.sizeBytes());
        } else if (version.isFresh(request.getFirst("If-None-Match"), request.getFirst("If-Modified-Since"))) {
            exchange.sendResponseHeaders(304, -1);
        } else if (range.isPresent()) {
            sendRange(exchange, file, range.get(), version.sizeBytes());
        } else if (zip) {
            sendZipped(exchange, file, version);
        } else {
            send(exchange, 200, file, 0, version.sizeBytes());
        }
    }

    private static void sendRange(HttpExchange exchange, Path file, ByteRange range, long sizeBytes)
            throws IOException {
        Headers headers = exchange.getResponseHeaders();
        if (range.isEmpty()) {
            headers.set("Content-Range", "bytes */" + sizeBytes);
            sendText(exchange, 416, "416: the file has " + sizeBytes + " bytes\n");
            return;
        }
        headers.set("Content-Range", "bytes " + range.first() + "-" + range.last() + "/" + sizeBytes);
        send(exchange, 206, file, range.first(), range.length());
    }

    private void sendZipped(HttpExchange exchange, Path file, FileVersion version) throws IOException {
        exchange.getResponseHeaders().set("Content-Encoding", "gzip");
        Optional<byte[]> zipped = gzip.zipped(file, version);
        if (zipped.isPresent()) {
            sendBytes(exchange, 200, zipped.get());
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(200, -1);
        } else {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                GzipCache.zip(file, out);
            }
        }
    }

    /** What _headers says of the path, over what the server itself says. */
    private void decorate(Headers headers, String path) {
        if (!rules.headers().isEmpty()) {
            HeaderRule.of(rules.headers(), path).forEach(headers::set);
            HeaderRule.removed(rules.headers(), path).forEach(headers::remove);
        }
    }

    private void sendNotFound(HttpExchange exchange, String path) throws IOException {
        Optional<Path> page = site.notFoundPage(path);
        decorate(exchange.getResponseHeaders(), path);
        if (page.isEmpty()) {
            sendText(exchange, 404, "404: there is nothing here\n");
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", ContentTypes.of(page.get()));
        send(exchange, 404, page.get(), 0, Files.size(page.get()));
    }

    private static void send(HttpExchange exchange, int status, Path file, long offset, long length)
            throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            in.skipNBytes(offset);
            boolean body = sendHeaders(exchange, status, length);
            if (body) {
                copy(in, exchange.getResponseBody(), length);
            }
        }
    }

    private static void copy(InputStream in, OutputStream out, long length) throws IOException {
        byte[] buffer = new byte[(int) Math.min(COPY_BYTES, length)];
        long left = length;
        while (left > 0) {
            int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                throw new IOException("the file became shorter while it was sent");
            }
            out.write(buffer, 0, read);
            left -= read;
        }
    }

    private static void sendText(HttpExchange exchange, int status, String text) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        sendBytes(exchange, status, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void sendBytes(HttpExchange exchange, int status, byte[] bytes) throws IOException {
        if (sendHeaders(exchange, status, bytes.length)) {
            exchange.getResponseBody().write(bytes);
        }
    }

    /** Sends the head of an answer; false where no body may follow. */
    private static boolean sendHeaders(HttpExchange exchange, int status, long length) throws IOException {
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Long.toString(length));
            exchange.sendResponseHeaders(status, -1);
            return false;
        }
        // To the JDK's server 0 means "unknown" and -1 means "nothing".
        exchange.sendResponseHeaders(status, length == 0 ? -1 : length);
        return length > 0;
    }

    private static String path(URI uri) {
        String path = uri.getPath();
        return path == null ? "/" : path;
    }

    /** From the decoded segments, so that a path such as {@code //elsewhere/x} cannot name another host. */
    private static String location(Site.Moved moved, URI request) {
        try {
            String path = "/" + String.join("/", moved.segments()) + (moved.folder() ? "/" : "");
            String query = request.getRawQuery();
            return new URI(null, null, path, null).toASCIIString() + (query == null ? "" : "?" + query);
        } catch (URISyntaxException e) {
            return "/";
        }
    }
}
