package dev.stoa.platform.certificate;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;

/**
 * What binds an account of ACME to one that its user has with the authority already (RFC 8555, 7.3.4).
 *
 * @param id  that the authority gave
 * @param key that goes with it, in Base64 for URLs
 */
public record AcmeBinding(String id, String key) {
    private static final int KEY_BYTES_MIN = 16;
    private static final long FILE_BYTES_MAX = 4096;

    /**
     * Reads {@code ID:FILE}.
     *
     * @param option how the user gave it, for messages
     * @throws StoaException if it is not that, or the file cannot be read, or others can read it, or it holds no key
     */
    public static AcmeBinding parse(String option, String value) {
        int colon = value.indexOf(':');
        if (colon < 1 || colon == value.length() - 1) {
            throw wrong(
                    "%s %s is not the id of a binding, a colon, and a file".formatted(option, value),
                    "for example: %s kid-1:/etc/stoa/eab.key, with the HMAC key that the authority gave in the file"
                            .formatted(option));
        }
        Path file = Path.of(value.substring(colon + 1)).toAbsolutePath();
        try {
            String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
            if (!mode.endsWith("------")) {
                throw wrong(
                        "%s: the key in %s can be read by others (%s)".formatted(option, file, mode),
                        "chmod 600 " + file);
            }
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw wrong(
                        "%s: %s is larger than %d bytes".formatted(option, file, FILE_BYTES_MAX),
                        "it holds the HMAC key and nothing else");
            }
            return new AcmeBinding(value.substring(0, colon), key(option, file));
        } catch (IOException e) {
            throw wrong(
                    "%s: cannot read the key in %s: %s".formatted(option, file, e),
                    "it names a file with the HMAC key that the authority gave");
        }
    }

    private static String key(String option, Path file) throws IOException {
        String key = Files.readString(file)
                .strip()
                .replace('+', '-')
                .replace('/', '_')
                .replaceAll("=+$", "");
        try {
            if (Base64.getUrlDecoder().decode(key).length >= KEY_BYTES_MIN) {
                return key;
            }
        } catch (IllegalArgumentException e) {
            // Said below, together with those that are too short.
        }
        throw wrong(
                "%s: %s holds no key of %d bytes or more in Base64".formatted(option, file, KEY_BYTES_MIN),
                "it holds the HMAC key as the authority shows it, on one line");
    }

    private static StoaException wrong(String what, String hint) {
        return new StoaException(ErrorCode.BAD_REQUEST, what, hint);
    }

    /** Says nothing of the key. */
    @Override
    public String toString() {
        return "AcmeBinding[" + id + "]";
    }
}
