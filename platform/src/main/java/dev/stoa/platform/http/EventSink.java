package dev.stoa.platform.http;

import dev.stoa.api.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Writes one JSON document a line to a client, each at once. */
public final class EventSink {
    private final OutputStream out;

    EventSink(OutputStream out) {
        this.out = out;
    }

    /** @throws ClientGoneException if the client has gone */
    public void accept(Object event) {
        write(Json.write(event) + "\n");
    }

    /** An empty line, which clients pass over, and which tells whether the client is still there. */
    void beat() {
        write("\n");
    }

    /** Nobody listens any more. */
    static final class ClientGoneException extends RuntimeException {
        private static final long serialVersionUID = 1;

        ClientGoneException(IOException cause) {
            super(cause);
        }
    }

    private synchronized void write(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new ClientGoneException(e);
        }
    }
}
