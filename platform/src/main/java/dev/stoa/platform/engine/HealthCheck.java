package dev.stoa.platform.engine;

import dev.stoa.api.AppProtocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** Asks an instance whether it is ready to serve: once, with the calling thread. */
public final class HealthCheck {
    /** For the whole check, as an instance that answers later than this would not serve people either. */
    static final int TIMEOUT_MILLIS_MAX = 5_000;

    private static final int STATUS_LINE_BYTES_MAX = 1024;

    private HealthCheck() {}

    /**
     * Whether the address accepts a TCP connection and, if there is a path, answers {@code GET path} with a status of 2xx
     * within 5 seconds. Anything else is false, never an exception.
     *
     * @param path     such as {@code /up}
     * @param protocol in which it is asked
     */
    public static boolean passes(InetSocketAddress address, Optional<String> path, AppProtocol protocol) {
        long deadlineNanos =
                System.nanoTime() + Duration.ofMillis(TIMEOUT_MILLIS_MAX).toNanos();
        try (Socket socket = new Socket()) {
            socket.connect(address, TIMEOUT_MILLIS_MAX);
            if (path.isEmpty()) {
                return true;
            }
            String authority = address.getHostString() + ":" + address.getPort();
            InputStream in = new InTime(socket, deadlineNanos);
            return switch (protocol) {
                case HTTP_1_1 -> success(statusLine(socket.getOutputStream(), in, authority, path.get()));
                case H2C -> Http2Question.status(socket.getOutputStream(), in, authority, path.get()) / 100 == 2;
            };
        } catch (IOException e) {
            return false;
        }
    }

    private static String statusLine(OutputStream out, InputStream in, String authority, String path)
            throws IOException {
        String request = "GET " + path + " HTTP/1.1\r\nHost: " + authority
                + "\r\nUser-Agent: Stoa-Health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        out.write(request.getBytes(StandardCharsets.UTF_8));
        StringBuilder line = new StringBuilder();
        while (line.length() < STATUS_LINE_BYTES_MAX) {
            int next = in.read();
            if (next < 0 || next == '\n') {
                break;
            }
            line.append((char) next);
        }
        return line.toString();
    }

    /** Reads from a socket until a time is over, however the bytes trickle in. */
    private static final class InTime extends InputStream {
        private final Socket socket;
        private final InputStream in;
        private final long deadlineNanos;

        InTime(Socket socket, long deadlineNanos) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.deadlineNanos = deadlineNanos;
        }

        @Override
        public int read() throws IOException {
            setTime();
            return in.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            setTime();
            return in.read(bytes, offset, length);
        }

        private void setTime() throws IOException {
            long millis = Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis();
            if (millis <= 0) {
                throw new SocketTimeoutException("the whole answer took too long");
            }
            socket.setSoTimeout((int) millis);
        }
    }

    private static boolean success(String statusLine) {
        return statusLine.matches("HTTP/1\\.[01] 2\\d\\d( .*)?\r?");
    }
}
