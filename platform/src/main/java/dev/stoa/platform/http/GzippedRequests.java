package dev.stoa.platform.http;

import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import io.helidon.http.encoding.ContentEncodingContext;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Unpacks the bodies that clients send packed, as git does with its longer questions. Packs no answers. */
final class GzippedRequests implements ContentEncoding {
    static ContentEncodingContext context() {
        return ContentEncodingContext.builder()
                .contentEncodingsDiscoverServices(false)
                .addContentEncoding(new GzippedRequests())
                .build();
    }

    @Override
    public Set<String> ids() {
        return Set.of("gzip", "x-gzip");
    }

    @Override
    public boolean supportsEncoding() {
        return false;
    }

    @Override
    public boolean supportsDecoding() {
        return true;
    }

    @Override
    public ContentDecoder decoder() {
        return Unzipped::new;
    }

    @Override
    public ContentEncoder encoder() {
        return ContentEncoder.NO_OP;
    }

    @Override
    public String name() {
        return "gzip";
    }

    @Override
    public String type() {
        return "gzip";
    }

    /** Looks at the body when it is asked for it, so that what is wrong with it is an error of the request. */
    private static final class Unzipped extends InputStream {
        private final InputStream packed;
        private @Nullable InputStream open;

        Unzipped(InputStream packed) {
            this.packed = packed;
        }

        @Override
        public int read() throws IOException {
            return open().read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return open().read(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            packed.close();
        }

        private InputStream open() throws IOException {
            InputStream stream = open;
            if (stream == null) {
                stream = new GZIPInputStream(packed);
                open = stream;
            }
            return stream;
        }
    }
}
