package dev.stoa.platform.engine;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
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
     * @param path such as {@code /up}
     */
    public static boolean passes(InetSocketAddress address, Optional<String> path) {
        long deadline =
                System.nanoTime() + Duration.ofMillis(TIMEOUT_MILLIS_MAX).toNanos();
        try (Socket socket = new Socket()) {
            socket.connect(address, TIMEOUT_MILLIS_MAX);
            return path.isEmpty() || success(statusLine(socket, address, path.get(), deadline));
        } catch (IOException e) {
            return false;
        }
    }

    private static String statusLine(Socket socket, InetSocketAddress address, String path, long deadline)
            throws IOException {
        String request = "GET " + path + " HTTP/1.1\r\nHost: " + address.getHostString() + ":" + address.getPort()
                + "\r\nUser-Agent: Stoa-Health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        InputStream in = socket.getInputStream();
        StringBuilder line = new StringBuilder();
        while (line.length() < STATUS_LINE_BYTES_MAX) {
            long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
            if (millis <= 0) {
                return "";
            }
            socket.setSoTimeout((int) millis);
            int next = in.read();
            if (next < 0 || next == '\n') {
                break;
            }
            line.append((char) next);
        }
        return line.toString();
    }

    private static boolean success(String statusLine) {
        return statusLine.matches("HTTP/1\\.[01] 2\\d\\d( .*)?\r?");
    }
}
