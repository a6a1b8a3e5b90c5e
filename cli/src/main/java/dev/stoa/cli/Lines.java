package dev.stoa.cli;

import dev.stoa.api.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/** A stream of JSON documents, one a line, as it arrives. Closing it closes the connection. */
final class Lines<T> implements AutoCloseable {
    private final BufferedReader reader;
    private final Class<T> type;
    private final URI url;

    Lines(InputStream body, Class<T> type, URI url) {
        this.reader = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
        this.type = type;
        this.url = url;
    }

    /** The next document, when it has come; empty at the end of the stream. */
    Optional<T> next() {
        try {
            String line = reader.readLine();
            while (line != null && line.isBlank()) {
                line = reader.readLine();
            }
            return line == null ? Optional.empty() : Optional.of(Json.read(line, type));
        } catch (IOException | JacksonException e) {
            throw Client.lost(url.toString(), e);
        }
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            // The connection is gone, which is what closing is for.
        }
    }
}
