package dev.stoa.api;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the small files of a source folder that say something of the app. */
final class SourceText {
    /** They are written by hand: more than this is another file that happens to have the name. */
    static final int FILE_BYTES_MAX = 256 * 1024;

    private SourceText() {}

    /** The file's text without a byte order mark; nothing where there is no such file, or a folder of that name. */
    static Optional<String> read(Path folder, String name, ErrorCode code) {
        Path file = folder.resolve(name);
        try {
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            long bytes = Files.size(file);
            if (bytes > FILE_BYTES_MAX) {
                throw new StoaException(
                        code,
                        "%s is too large: it has %d bytes, and may have %d".formatted(name, bytes, FILE_BYTES_MAX),
                        "shorten it, or leave it out");
            }
            return Optional.of(decoded(Files.readAllBytes(file), name, code));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new StoaException(
                    code, "%s cannot be read: %s".formatted(name, e), "make it a plain file that you may read", e);
        }
    }

    /** Whatever is in a comment, the rest can be read; but of UTF-16, which some shells write, nothing could. */
    private static String decoded(byte[] bytes, String name, ErrorCode code) {
        boolean utf16 = bytes.length >= 2
                && ((bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE)
                        || (bytes[0] == (byte) 0xFE && bytes[1] == (byte) 0xFF));
        if (utf16) {
            throw new StoaException(code, "%s is UTF-16 text".formatted(name), "save it as UTF-8");
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }
}
