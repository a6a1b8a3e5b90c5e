package dev.stoa.platform.http;

import io.helidon.webserver.http.ServerResponse;
import java.io.OutputStream;

/** An answer in a protocol of its own. */
public final class RawResponse {
    private final ServerResponse response;

    RawResponse(ServerResponse response) {
        this.response = response;
    }

    /** Other than 200; said before the answer is opened. */
    public void status(int status) {
        response.status(status);
    }

    /** Opens the answer with its first byte; what is flushed goes to the client at once. Closed by whoever asked for it. */
    public OutputStream open(String contentType) {
        response.header("Cache-Control", "no-cache, max-age=0, must-revalidate");
        return new LateStream(response, contentType);
    }
}
