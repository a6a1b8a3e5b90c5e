package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What the backups of one database are encrypted with. Every file has a key of its own, derived from this one. */
final class BackupKey {
    private static final int BYTES = 32;
    private static final int FINGERPRINT_BYTES = 8;
    private static final int GROUP_CHARS = 8;

    private final byte[] bytes;

    private BackupKey(byte[] bytes) {
        this.bytes = bytes;
    }

    static BackupKey random(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new BackupKey(bytes);
    }

    /** @param text as {@link #text} gives it; blanks and hyphens do not matter */
    static BackupKey parse(String text) {
        String digits = text.replaceAll("[\\s-]", "").toLowerCase(Locale.ROOT);
        if (!digits.matches("[0-9a-f]{%d}".formatted(2 * BYTES))) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "this is no recovery key: one has %d hexadecimal digits".formatted(2 * BYTES),
                    "stoa db backup-key NAME prints that of a database");
        }
        return new BackupKey(HexFormat.of().parseHex(digits));
    }

    /** For people, who may have to type it. */
    String text() {
        return HexFormat.of().formatHex(bytes).replaceAll("(.{%d})(?!$)".formatted(GROUP_CHARS), "$1-");
    }

    /** Tells keys apart, and tells nothing of the key. */
    String fingerprint() {
        return HexFormat.of().formatHex(Arrays.copyOf(derived("fingerprint", new byte[0]), FINGERPRINT_BYTES));
    }

    /** The key of one file. */
    SecretKeySpec of(String name, byte[] salt) {
        return new SecretKeySpec(derived(name, salt), "AES");
    }

    private byte[] derived(String name, byte[] salt) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(bytes, "HmacSHA256"));
            mac.update(salt);
            return mac.doFinal(name.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has HMAC-SHA256", e);
        }
    }
}
