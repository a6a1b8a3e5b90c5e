package dev.stoa.staticserver;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/** Keeps the compressed form of the files that were asked for last. */
final class GzipCache {
    /** Below this a packet carries the file anyhow. */
    static final long SIZE_BYTES_MIN = 1024;

    /** Larger files are compressed on the way out, each time. */
    static final long FILE_BYTES_MAX = 2L << 20;

    private static final long CACHE_BYTES_MAX = 8L << 20;

    private final Map<Key, byte[]> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long sizeBytes;

    private record Key(Path file, FileVersion version) {}

    /** The compressed file; absent where it is too large to be held in memory. */
    Optional<byte[]> zipped(Path file, FileVersion version) throws IOException {
        if (version.sizeBytes() > FILE_BYTES_MAX) {
            return Optional.empty();
        }
        Key key = new Key(file, version);
        synchronized (this) {
            byte[] known = entries.get(key);
            if (known != null) {
                return Optional.of(known);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        zip(file, out);
        byte[] bytes = out.toByteArray();
        put(key, bytes);
        return Optional.of(bytes);
    }

    static void zip(Path file, OutputStream out) throws IOException {
        GZIPOutputStream zip = new GZIPOutputStream(out, 8192);
        Files.copy(file, zip);
        zip.finish();
    }

    private synchronized void put(Key key, byte[] bytes) {
        byte[] old = entries.put(key, bytes);
        sizeBytes += bytes.length - (old == null ? 0 : old.length);
        Iterator<byte[]> oldest = entries.values().iterator();
        while (sizeBytes > CACHE_BYTES_MAX && oldest.hasNext()) {
            sizeBytes -= oldest.next().length;
            oldest.remove();
        }
    }
}
