package dev.stoa.platform.http;

import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Opens the response with its first byte, so that an error before that is still an answer with its own status. */
final class LateStream extends OutputStream {
    private final ServerResponse response;
    private final String contentType;
    private @Nullable OutputStream open;

    LateStream(ServerResponse response, String contentType) {
        this.response = response;
        this.contentType = contentType;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        open().write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
        open().flush();
    }

    @Override
    public void close() throws IOException {
        open().close();
    }

    private OutputStream open() {
        OutputStream stream = open;
        if (stream == null) {
            response.header("Content-Type", contentType);
            stream = response.outputStream();
            open = stream;
        }
        return stream;
    }
}
