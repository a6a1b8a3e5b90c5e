package dev.stoa.platform.resource;

import dev.stoa.platform.base.TimeLimit;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A connection to a cache for the platform's own few commands, each with its answer as text, an empty one for none (RESP version 2). */
final class RespConnection implements AutoCloseable {
    private static final int ANSWER_BYTES_MAX = 4 << 20;
    private static final int LINE_BYTES_MAX = 64 * 1024;
    private static final String NOTHING = "-1";
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

    /** What the server says no with, such as {@code LOADING Redis is loading the dataset in memory}. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        Refused(String words) {
            super(words);
        }
    }

    private final SocketChannel channel;
    private final InputStream answers;

    RespConnection(SocketChannel channel) {
        this.channel = channel;
        this.answers = new BufferedInputStream(Channels.newInputStream(channel));
    }

    /** @throws Refused if the server says no */
    String ask(String... words) throws IOException {
        try (TimeLimit _ = new TimeLimit(ANSWER_MAX, "cache-answer")) {
            StringBuilder command = new StringBuilder("*%d\r\n".formatted(words.length));
            for (String word : words) {
                command.append("$%d\r\n%s\r\n".formatted(word.getBytes(StandardCharsets.UTF_8).length, word));
            }
            ByteBuffer bytes = ByteBuffer.wrap(command.toString().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            return answer();
        }
    }

    private String answer() throws IOException {
        String line = line();
        String rest = line.isEmpty() ? "" : line.substring(1);
        return switch (line.isEmpty() ? ' ' : line.charAt(0)) {
            case '+', ':' -> rest;
            case '-' -> throw new Refused(rest);
            case '$' -> rest.equals(NOTHING) ? "" : text(length(rest));
            default -> throw new IOException("no answer that was expected: " + line);
        };
    }

    private static int length(String text) throws IOException {
        try {
            int length = Integer.parseInt(text);
            if (length < 0 || length > ANSWER_BYTES_MAX) {
                throw new IOException("an answer of %d bytes".formatted(length));
            }
            return length;
        } catch (NumberFormatException e) {
            throw new IOException("no length: " + text, e);
        }
    }

    private String text(int length) throws IOException {
        byte[] bytes = answers.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the cache hung up");
        }
        String _ = line();
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = answers.read(); c != '\n'; c = answers.read()) {
            if (c < 0) {
                throw new EOFException("the cache hung up");
            }
            if (line.length() > LINE_BYTES_MAX) {
                throw new IOException("a line that does not end");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
