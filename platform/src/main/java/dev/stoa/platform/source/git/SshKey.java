package dev.stoa.platform.source.git;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import org.apache.sshd.common.util.security.SecurityUtils;

/** An Ed25519 key with which the platform says to an SSH server who it is. */
public final class SshKey {
    private static final String TYPE = "ssh-ed25519";

    /** The last bytes of the X.509 form (RFC 8410). */
    private static final int RAW_BYTES = 32;

    private final byte[] privateKey;
    private final byte[] publicKey;

    private SshKey(byte[] privateKey, byte[] publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    /** Makes a new one. */
    public static SshKey generate() {
        try {
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            return new SshKey(pair.getPrivate().getEncoded(), pair.getPublic().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has Ed25519", e);
        }
    }

    /** Takes one as {@link #privateKey()} and {@link #publicKey()} gave it. */
    public static SshKey of(byte[] privateKey, byte[] publicKey) {
        return new SshKey(privateKey.clone(), publicKey.clone());
    }

    /** As PKCS #8. */
    public byte[] privateKey() {
        return privateKey.clone();
    }

    /** As X.509. */
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /** The public key as a line of authorized_keys. */
    public String line(String comment) {
        return TYPE + " " + Base64.getEncoder().encodeToString(blob()) + " " + comment;
    }

    /** As {@code ssh-keygen -l} prints it. */
    public String fingerprint() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(blob());
            return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(hash);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** RFC 8709, section 4. */
    private byte[] blob() {
        byte[] type = TYPE.getBytes(StandardCharsets.US_ASCII);
        byte[] raw = Arrays.copyOfRange(publicKey, publicKey.length - RAW_BYTES, publicKey.length);
        return ByteBuffer.allocate(2 * Integer.BYTES + type.length + raw.length)
                .putInt(type.length)
                .put(type)
                .putInt(raw.length)
                .put(raw)
                .array();
    }

    /** In the form of the SSH library, which takes no Ed25519 keys of the JDK's. */
    KeyPair keyPair() {
        try {
            KeyFactory factory = SecurityUtils.getKeyFactory(SecurityUtils.EDDSA);
            return new KeyPair(
                    factory.generatePublic(new X509EncodedKeySpec(publicKey)),
                    factory.generatePrivate(new PKCS8EncodedKeySpec(privateKey)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the deploy key cannot be used", e);
        }
    }
}
