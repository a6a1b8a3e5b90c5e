package dev.stoa.platform.bucket;

import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a client gets: a status, headers and a body of known length. */
record S3Answer(int status, Map<String, String> headers, long length, Body body) {
    static final int OK = 200;
    static final int NO_CONTENT = 204;
    static final int PARTIAL = 206;
    static final int NOT_MODIFIED = 304;

    @FunctionalInterface
    interface Body {
        void to(OutputStream out) throws IOException;
    }

    static S3Answer empty(int status) {
        return new S3Answer(status, Map.of(), 0, out -> {});
    }

    static S3Answer of(Xml document) {
        return of(OK, document);
    }

    static S3Answer of(int status, Xml document) {
        byte[] bytes = document.bytes();
        return new S3Answer(status, Map.of("Content-Type", "application/xml"), bytes.length, out -> out.write(bytes));
    }

    S3Answer with(String header, String value) {
        return with(Map.of(header, value));
    }

    S3Answer with(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.putAll(more);
        return new S3Answer(status, all, length, body);
    }
}
