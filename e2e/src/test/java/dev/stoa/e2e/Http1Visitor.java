package dev.stoa.e2e;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/** Asks over HTTP/1.1: on a connection for each request, or on one for as long as its answers allow. */
record Http1Visitor(Crowd crowd, Crowd.Kind kind, Crowd.Target target, Tally tally) {
    private static final SSLContext TRUSTING = trusting();
    private static final Pattern ERROR_CODE = Pattern.compile("\"code\"\\s*:\\s*\"([a-z_]+)\"");

    /** Of one connection: until it says that an answer was its last, or the crowd goes. */
    void visit() throws IOException {
        boolean keeps = kind != Crowd.Kind.NEW && kind != Crowd.Kind.SECURE_NEW;
        try (Line line = Line.to(target, kind.secure())) {
            boolean goesOn = true;
            while (goesOn && !crowd.over()) {
                int number = ThreadLocalRandom.current().nextInt(1 << 20);
                Answer answer = ask(line, number, keeps);
                String wrong = wrong(answer.status(), answer.body(), kind.expected(number));
                if (wrong.isEmpty()) {
                    tally.answered();
                } else {
                    tally.failed(wrong);
                }
                goesOn = keeps && !answer.last();
                Crowd.pause();
            }
        }
    }

    private Answer ask(Line line, int number, boolean keeps) throws IOException {
        String body = kind.body(number);
        line.write("%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n%s%s\r\n%s"
                .formatted(
                        body.isEmpty() ? "GET" : "POST",
                        kind.path(number),
                        target.host(),
                        keeps ? "" : "Connection: close\r\n",
                        body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n",
                        body));
        return line.read();
    }

    /** Empty if the answer is as expected. */
    static String wrong(int status, String body, String expected) {
        if (status != 200) {
            Matcher code = ERROR_CODE.matcher(body);
            return "status " + status + (code.find() ? " " + code.group(1) : "");
        }
        return body.equals(expected) ? "" : "another body";
    }

    private static SSLContext trusting() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @param last whether the connection ends with it */
    private record Answer(int status, String body, boolean last) {}

    /** A connection. */
    record Line(Socket socket, InputStream in, OutputStream out) implements AutoCloseable {
        static Line to(Crowd.Target target, boolean secure) throws IOException {
            int port = secure ? target.httpsPort() : target.httpPort();
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Crowd.PATIENCE_MILLIS);
                socket.setSoTimeout(Crowd.PATIENCE_MILLIS);
                socket.setTcpNoDelay(true);
                if (secure) {
                    socket = TRUSTING.getSocketFactory().createSocket(socket, target.host(), port, true);
                }
                return new Line(socket, new BufferedInputStream(socket.getInputStream()), socket.getOutputStream());
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        }

        void write(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.US_ASCII));
        }

        /** Becomes a WebSocket. */
        InputStream upgrade(String host) throws IOException {
            write("GET /echo HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    .formatted(host)
                    .concat("Accept: application/json\r\nSec-WebSocket-Version: 13\r\n")
                    .concat("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
            int status = status();
            Map<String, String> headers = headers();
            if (status != 101) {
                throw new IOException("no WebSocket: " + wrong(status, body(headers), ""));
            }
            return in;
        }

        private Answer read() throws IOException {
            int status = status();
            Map<String, String> headers = headers();
            return new Answer(
                    status,
                    body(headers),
                    headers.getOrDefault("connection", "").equalsIgnoreCase("close"));
        }

        private int status() throws IOException {
            String line = line();
            if (!line.startsWith("HTTP/1.1 ")) {
                throw new IOException("not an answer: " + line);
            }
            return Integer.parseInt(line.substring(9, 12));
        }

        private Map<String, String> headers() throws IOException {
            Map<String, String> headers = new TreeMap<>();
            for (String line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
            return headers;
        }

        private String body(Map<String, String> headers) throws IOException {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            if (headers.containsKey("content-length")) {
                part(Integer.parseInt(headers.get("content-length")), body);
            } else if (headers.getOrDefault("transfer-encoding", "").equals("chunked")) {
                for (int size = chunk(); size > 0; size = chunk()) {
                    part(size, body);
                    line();
                }
                line();
            } else {
                in.transferTo(body);
            }
            return body.toString(StandardCharsets.UTF_8);
        }

        private int chunk() throws IOException {
            return Integer.parseInt(line(), 16);
        }

        private void part(int size, OutputStream to) throws IOException {
            byte[] bytes = in.readNBytes(size);
            if (bytes.length < size) {
                throw new EOFException("closed within an answer");
            }
            to.write(bytes);
        }

        private String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException(line.size() == 0 ? "closed without an answer" : "closed within a line");
                }
                line.write(next);
            }
            return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
