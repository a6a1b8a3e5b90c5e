package dev.stoa.platform.source.git;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Serves the repositories below a folder by git's own HTTP server. */
final class GitHttpBackend implements AutoCloseable {
    private final Path root;
    private final HttpServer server;

    GitHttpBackend(Path root) throws IOException {
        this.root = root;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    String url(String path) {
        return "http://127.0.0.1:%d/%s".formatted(server.getAddress().getPort(), path);
    }

    private void answer(HttpExchange exchange) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("git", "http-backend");
        Map<String, String> environment = builder.environment();
        environment.putAll(WorkingCopy.ENVIRONMENT);
        environment.putAll(Map.of(
                "GIT_PROJECT_ROOT", root.toString(),
                "GIT_HTTP_EXPORT_ALL", "1",
                "PATH_INFO", exchange.getRequestURI().getPath(),
                "QUERY_STRING",
                        Optional.ofNullable(exchange.getRequestURI().getQuery()).orElse(""),
                "REQUEST_METHOD", exchange.getRequestMethod(),
                "CONTENT_TYPE", header(exchange, "Content-Type"),
                "HTTP_CONTENT_ENCODING", header(exchange, "Content-Encoding"),
                "GIT_PROTOCOL", header(exchange, "Git-Protocol")));
        Process backend = builder.start();
        try (OutputStream in = backend.getOutputStream()) {
            exchange.getRequestBody().transferTo(in);
        }
        try (exchange;
                InputStream out = backend.getInputStream()) {
            int status = 200;
            for (String line = line(out); !line.isEmpty(); line = line(out)) {
                String[] header = line.split(": ", 2);
                if (header[0].equals("Status")) {
                    status = Integer.parseInt(header[1].substring(0, 3));
                } else {
                    exchange.getResponseHeaders().add(header[0], header[1]);
                }
            }
            exchange.sendResponseHeaders(status, 0);
            out.transferTo(exchange.getResponseBody());
        }
    }

    private static String header(HttpExchange exchange, String name) {
        return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name)).orElse("");
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            line.append((char) c);
        }
        return new String(line.toString().strip().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
