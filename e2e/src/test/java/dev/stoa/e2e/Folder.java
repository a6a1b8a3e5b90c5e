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

    /**
     * A web server that keeps connections, and answers with the path or the body of what it is asked, in a single piece or,
     * below {@code /slow/}, in many; over a WebSocket it says what is said to it. At {@code /} it says the given value.
     */
    private static final String ECHO = """
            import base64, hashlib, http.server, os, signal, sys, time
            class Handler(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def answer(self, body):
                    self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
                def do_GET(self):
                    if self.headers.get("Upgrade") == "websocket":
                        self.socket()
                    elif self.path.startswith("/slow/"):
                        self.wfile.write(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
                        for _ in range(10):
                            self.wfile.write(b"1\\r\\n.\\r\\n")
                            time.sleep(0.05)
                        self.wfile.write(b"%x\\r\\n%s\\r\\n0\\r\\n\\r\\n" % (len(self.path), self.path.encode()))
                    else:
                        self.answer((@VALUE@ if self.path == "/" else self.path).encode())
                def do_POST(self):
                    self.answer(self.rfile.read(int(self.headers["Content-Length"])))
                def socket(self):
                    key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                    self.wfile.write(b"HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\n"
                                     b"Upgrade: websocket\\r\\nSec-WebSocket-Accept: %s\\r\\n\\r\\n"
                                     % base64.b64encode(hashlib.sha1(key.encode()).digest()))
                    self.close_connection = True
                    while head := self.rfile.read(2):
                        mask = self.rfile.read(4)
                        said = self.rfile.read(head[1] & 127)
                        said = bytes(byte ^ mask[i % 4] for i, byte in enumerate(said))
                        self.wfile.write(bytes([head[0], len(said)]) + said)
                        if head[0] & 15 == 8:
                            return
                def log_message(self, *_):
                    pass
            class Server(http.server.ThreadingHTTPServer):
                request_queue_size = 256
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            Server(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
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

    /** The app that a {@link Crowd} asks. */
    static Folder echo(String text) {
        return empty().with("server.py", echoServer(text)).with("Procfile", "web: python3 server.py\n");
    }

    static String echoServer(String text) {
        return echoServerOf("'%s'".formatted(text));
    }

    /** One that says at {@code /} the value of a Python expression. */
    static String echoServerOf(String expression) {
        return ECHO.replace("@VALUE@", expression);
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
