package dev.stoa.platform.bucket;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;

/** The checksums that S3 knows. */
enum Digests {
    CRC32("crc32"),
    CRC32C("crc32c"),
    CRC64NVME("crc64nvme"),
    SHA1("sha1"),
    SHA256("sha256");

    static final String HEADER = "x-amz-checksum-";

    private final String word;

    Digests(String word) {
        this.word = word;
    }

    String header() {
        return HEADER + word;
    }

    /** The element of the same meaning in XML. */
    String element() {
        return "Checksum" + name();
    }

    static Optional<Digests> ofHeader(String header) {
        String name = header.strip().toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(each -> each.header().equals(name))
                .findFirst();
    }

    static Optional<Digests> named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.name().equalsIgnoreCase(name))
                .findFirst();
    }

    static List<Digests> all() {
        return List.of(values());
    }

    Running start() {
        return switch (this) {
            case CRC32 -> new Sum(new CRC32(), Integer.BYTES);
            case CRC32C -> new Sum(new CRC32C(), Integer.BYTES);
            case CRC64NVME -> new Sum(new Crc64Nvme(), Long.BYTES);
            case SHA1 -> new Hash("SHA-1");
            case SHA256 -> new Hash("SHA-256");
        };
    }

    static MessageDigest hash(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM has no " + algorithm, e);
        }
    }

    /** One on its way. */
    interface Running {
        void update(byte[] bytes, int offset, int length);

        byte[] bytes();

        default String base64() {
            return Base64.getEncoder().encodeToString(bytes());
        }
    }

    private record Sum(Checksum checksum, int width) implements Running {
        @Override
        public void update(byte[] bytes, int offset, int length) {
            checksum.update(bytes, offset, length);
        }

        @Override
        public byte[] bytes() {
            byte[] wide =
                    ByteBuffer.allocate(Long.BYTES).putLong(checksum.getValue()).array();
            return Arrays.copyOfRange(wide, Long.BYTES - width, Long.BYTES);
        }
    }

    private record Hash(MessageDigest digest) implements Running {
        Hash(String algorithm) {
            this(hash(algorithm));
        }

        @Override
        public void update(byte[] bytes, int offset, int length) {
            digest.update(bytes, offset, length);
        }

        @Override
        public byte[] bytes() {
            return digest.digest();
        }
    }
}
