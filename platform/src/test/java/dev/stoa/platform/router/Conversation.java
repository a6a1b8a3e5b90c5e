package dev.stoa.platform.router;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One side of a raw HTTP connection: what is written and read is exactly what is on the wire. */
final class Conversation implements AutoCloseable {
    private static final int READ_MILLIS_MAX = 10_000;

    private final Socket socket;
    private final InputStream in;

    Conversation(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        socket.setSoTimeout(READ_MILLIS_MAX);
        socket.setTcpNoDelay(true);
    }

    static Conversation with(int port) {
        try {
            return new Conversation(new Socket(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Conversation write(String latin1) {
        return write(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    Conversation write(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Conversation get(String host, String path) {
        return write("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    }

    /** The head with its empty line; empty at the end of the stream. */
    String readHead() {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = readByte();
            if (b < 0) {
                return head.toString(StandardCharsets.ISO_8859_1);
            }
            head.write(b);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    /** A head, and the body that its Content-Length or its chunks announce. */
    String readMessage() {
        String head = readHead();
        if (head.toLowerCase(java.util.Locale.ROOT).contains("transfer-encoding: chunked")) {
            return head + readChunks();
        }
        String length = header(head, "content-length");
        return head + (length.isEmpty() ? "" : read(Integer.parseInt(length)));
    }

    private String readChunks() {
        StringBuilder body = new StringBuilder();
        while (true) {
            int size = Integer.parseInt(readLine(), 16);
            body.append(read(size));
            if (size > 0) {
                readLine();
                continue;
            }
            for (String trailer = readLine(); !trailer.isEmpty(); trailer = readLine()) {
                body.append(trailer).append("\r\n");
            }
            return body.toString();
        }
    }

    String readLine() {
        StringBuilder line = new StringBuilder();
        for (int b = readByte(); b >= 0 && b != '\n'; b = readByte()) {
            line.append((char) b);
        }
        return line.toString().stripTrailing();
    }

    String read(int bytes) {
        try {
            return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What comes until the other side closes or resets. */
    String readAll() {
        StringBuilder all = new StringBuilder();
        for (int b = readByte(); b >= 0; b = readByte()) {
            all.append((char) b);
        }
        return all.toString();
    }

    /** A byte; -1 at the end of the stream, however it ended. */
    int readByte() {
        try {
            return in.read();
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("nothing came for " + READ_MILLIS_MAX + " ms", e);
        } catch (IOException e) {
            return -1;
        }
    }

    static String header(String head, String name) {
        for (String line : head.split("\r\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
                return line.substring(colon + 1).trim();
            }
        }
        return "";
    }

    /** Hangs up in the middle of it. */
    void leave() {
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
