package dev.stoa.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A source folder that a test writes. */
record Folder(Path path) {
    /** A web server in nothing but Python's standard library, which answers with the given text. */
    private static final String SERVER = """
            import http.server, os, signal, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    body = %s.encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                def log_message(self, format, *args):
                    print("request", self.path, flush=True)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            print("listening", flush=True)
            http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
            """;

    static Folder empty() {
        try {
            return new Folder(Files.createTempDirectory("source"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An app with one web process. */
    static Folder web(String text) {
        return empty().with("server.py", server(text)).with("Procfile", "web: python3 server.py\n");
    }

    static String server(String text) {
        return SERVER.formatted("'%s'".formatted(text));
    }

    /** A server that answers with the value of a Python expression. */
    static String serverOf(String expression) {
        return SERVER.formatted(expression);
    }

    Folder with(String file, String text) {
        try {
            Path target = path.resolve(file);
            Files.createDirectories(target.getParent());
            Files.writeString(target, text);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file that can be executed. */
    Folder withProgram(String file, String text) {
        with(file, text);
        if (!path.resolve(file).toFile().setExecutable(true)) {
            throw new IllegalStateException("cannot make " + file + " executable");
        }
        return this;
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
