package dev.stoa.platform.base;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals what must not be read from the database alone, with AES-256-GCM and a key that stands in a file beside it.
 *
 * <p>Sealed form: one byte of version, 12 bytes of random nonce, the ciphertext, 16 bytes of tag. Nonce and tag have the
 * lengths that NIST SP 800-38D recommends; random nonces are good for 2^32 seals with one key.
 *
 * <p>Safe for use by several threads.
 */
public final class Secrets {
    private static final byte VERSION = 1;
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;

    private final Path keyFile;
    private final SecretKeySpec key;
    private final SecureRandom random;

    private Secrets(Path keyFile, byte[] key, SecureRandom random) {
        this.keyFile = keyFile;
        this.key = new SecretKeySpec(key, "AES");
        this.random = random;
    }

    /**
     * Reads the key; makes one, for the owner's eyes only, if there is none.
     *
     * @throws StoaException if the file cannot be read, holds no key, or can be read by others
     */
    public static Secrets open(Path keyFile) {
        SecureRandom random = new SecureRandom();
        try {
            byte[] key = existingKey(keyFile);
            return new Secrets(keyFile, key.length == 0 ? newKey(keyFile, random) : key, random);
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot read the key file %s: %s".formatted(keyFile, e),
                    "the platform's user needs to read and write it and its directory",
                    e);
        }
    }

    /** Encrypts; two seals of the same bytes differ. */
    public byte[] seal(byte[] plain) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] body = cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(plain);
            return ByteBuffer.allocate(1 + NONCE_BYTES + body.length)
                    .put(VERSION)
                    .put(nonce)
                    .put(body)
                    .array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM cannot encrypt with AES-256-GCM", e);
        }
    }

    /**
     * Decrypts what {@link #seal} made.
     *
     * @throws StoaException if it was sealed with another key, or changed since
     */
    public byte[] open(byte[] sealed) {
        if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] != VERSION) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot open a sealed value: it has a form that this version does not know",
                    "it was damaged, or sealed by a newer version of Stoa");
        }
        byte[] nonce = Arrays.copyOfRange(sealed, 1, 1 + NONCE_BYTES);
        try {
            int start = 1 + NONCE_BYTES;
            return cipher(Cipher.DECRYPT_MODE, nonce).doFinal(sealed, start, sealed.length - start);
        } catch (AEADBadTagException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot open a sealed value with the key in %s: it was sealed with another key, or changed since"
                            .formatted(keyFile),
                    "put the key file back that belongs to this database",
                    e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM cannot decrypt with AES-256-GCM", e);
        }
    }

    private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
        return cipher;
    }

    /** Empty if there is no file yet. */
    private static byte[] existingKey(Path keyFile) throws IOException {
        byte[] key;
        try {
            key = Files.readAllBytes(keyFile);
        } catch (NoSuchFileException e) {
            return new byte[0];
        }
        if (key.length != KEY_BYTES) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the key file %s has %d bytes, and a key has %d".formatted(keyFile, key.length, KEY_BYTES),
                    "put the right file back; without it the sealed config is lost");
        }
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile, LinkOption.NOFOLLOW_LINKS));
        if (!mode.endsWith("------")) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the key file %s can be read by others (%s)".formatted(keyFile, mode),
                    "chmod 600 " + keyFile);
        }
        return key;
    }

    private static byte[] newKey(Path keyFile, SecureRandom random) throws IOException {
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        Path directory = keyFile.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        // Made elsewhere and linked, so that the file is never seen without its key and an existing one never lost.
        Path draft = Files.createTempFile(directory, keyFile.getFileName().toString(), ".new");
        try {
            Files.write(draft, key);
            Files.createLink(keyFile, draft);
            return key;
        } catch (FileAlreadyExistsException e) {
            return existingKey(keyFile);
        } finally {
            Files.deleteIfExists(draft);
        }
    }
}
