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
import java.util.Optional;

/** Answers GET and HEAD with the files of a {@link Site}: validators, one range, gzip (RFC 9110). */
final class SiteHandler implements HttpHandler {
    private static final int COPY_BYTES = 64 * 1024;

    private final Site site;
    private final GzipCache gzip;

    SiteHandler(Site site, GzipCache gzip) {
        this.site = site;
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
            switch (site.find(path(exchange.getRequestURI()))) {
                case Site.Page(Path file) -> sendPage(exchange, file);
                case Site.Folder folder -> {
                    headers.set("Location", location(folder, exchange.getRequestURI()));
                    sendText(exchange, 301, "301: this is a folder\n");
                }
                case Site.Nothing() -> sendNotFound(exchange);
            }
        }
    }

    private void sendPage(HttpExchange exchange, Path file) throws IOException {
        FileVersion version = FileVersion.of(file);
        Headers request = exchange.getRequestHeaders();
        Headers headers = exchange.getResponseHeaders();
        String type = ContentTypes.of(file);
        boolean zippable = ContentTypes.isText(type) && version.sizeBytes() >= GzipCache.SIZE_BYTES_MIN;
        Optional<ByteRange> range = version.rangeApplies(request.getFirst("If-Range"))
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
        if (version.isFresh(request.getFirst("If-None-Match"), request.getFirst("If-Modified-Since"))) {
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

    private void sendNotFound(HttpExchange exchange) throws IOException {
        Optional<Path> page = site.notFoundPage();
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
    private static String location(Site.Folder folder, URI request) {
        try {
            String path = "/" + String.join("/", folder.segments()) + "/";
            String query = request.getRawQuery();
            return new URI(null, null, path, null).toASCIIString() + (query == null ? "" : "?" + query);
        } catch (URISyntaxException e) {
            return "/";
        }
    }
}
