package dev.stoa.platform.resource;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The form of the files of a backup: compressed with zstd, then cut into chunks that are sealed with AES-256-GCM.
 *
 * <p>A line that names the form, 32 bytes of salt, then the chunks: four bytes of length, ciphertext, tag. The nonce of a
 * chunk is its number, with the highest bit set on the last: none can be left out, put elsewhere, or cut off. The key is the
 * file's own, made of its name and the salt: no file can stand in for another.
 */
final class SealedStream {
    private static final byte[] MAGIC = "STOA-SEALED-1\n".getBytes(StandardCharsets.US_ASCII);
    private static final int SALT_BYTES = 32;
    private static final int CHUNK_BYTES = 256 * 1024;
    private static final int TAG_BYTES = 16;
    private static final int NONCE_BYTES = 12;

    /** The fastest of zstd's levels that compresses well: a backup runs beside the database. */
    private static final int LEVEL = 1;

    private static final SecureRandom RANDOM = new SecureRandom();

    private SealedStream() {}

    /** Closing it ends the file, and leaves {@code out} open; a file whose stream was not closed cannot be opened. */
    static OutputStream seal(OutputStream out, BackupKey key, String name) throws IOException {
        byte[] salt = new byte[SALT_BYTES];
        RANDOM.nextBytes(salt);
        out.write(MAGIC);
        out.write(salt);
        return new ZstdOutputStream(new Sealing(out, key.of(name, salt)), LEVEL);
    }

    /** @throws IOException also later, from reading, if anything in it is not as it was written with this key */
    static InputStream open(InputStream in, BackupKey key, String name) throws IOException {
        DataInputStream data = new DataInputStream(new BufferedInputStream(in, CHUNK_BYTES));
        byte[] magic = data.readNBytes(MAGIC.length);
        byte[] salt = data.readNBytes(SALT_BYTES);
        if (!Arrays.equals(magic, MAGIC) || salt.length < SALT_BYTES) {
            throw new IOException("%s is damaged: it does not begin as a file of a backup does".formatted(name));
        }
        return new ZstdInputStream(new Opening(data, key.of(name, salt), name));
    }

    private static Cipher cipher(int mode, SecretKeySpec key, long number, boolean last) {
        try {
            byte[] nonce = ByteBuffer.allocate(NONCE_BYTES)
                    .putInt(last ? Integer.MIN_VALUE : 0)
                    .putLong(number)
                    .array();
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
            return cipher;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM cannot do AES-256-GCM", e);
        }
    }

    private static final class Sealing extends OutputStream {
        private final OutputStream out;
        private final SecretKeySpec key;
        private final byte[] chunk = new byte[CHUNK_BYTES];
        private int filled;
        private long number;
        private boolean closed;

        Sealing(OutputStream out, SecretKeySpec key) {
            this.out = out;
            this.key = key;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int from = offset;
            int left = length;
            while (left > 0) {
                if (filled == CHUNK_BYTES) {
                    emit(false);
                }
                int count = Math.min(left, CHUNK_BYTES - filled);
                System.arraycopy(bytes, from, chunk, filled, count);
                filled += count;
                from += count;
                left -= count;
            }
        }

        private void emit(boolean last) throws IOException {
            try {
                byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, number, last).doFinal(chunk, 0, filled);
                out.write(
                        ByteBuffer.allocate(Integer.BYTES).putInt(sealed.length).array());
                out.write(sealed);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("encrypting cannot fail", e);
            }
            number++;
            filled = 0;
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                emit(true);
                out.flush();
            }
        }
    }

    private static final class Opening extends InputStream {
        private final DataInputStream in;
        private final SecretKeySpec key;
        private final String name;
        private byte[] chunk = new byte[0];
        private int position;
        private long number;
        private boolean last;

        Opening(DataInputStream in, SecretKeySpec key, String name) {
            this.in = in;
            this.key = key;
            this.name = name;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            while (position == chunk.length) {
                if (last) {
                    return -1;
                }
                next();
            }
            int count = Math.min(length, chunk.length - position);
            System.arraycopy(chunk, position, into, offset, count);
            position += count;
            return count;
        }

        private void next() throws IOException {
            byte[] sealed;
            try {
                int length = in.readInt();
                if (length < TAG_BYTES || length > CHUNK_BYTES + TAG_BYTES) {
                    throw damaged("a chunk has an impossible length");
                }
                sealed = new byte[length];
                in.readFully(sealed);
            } catch (EOFException e) {
                throw damaged("it is cut short");
            }
            last = isAtEnd();
            try {
                chunk = cipher(Cipher.DECRYPT_MODE, key, number, last).doFinal(sealed);
            } catch (GeneralSecurityException e) {
                throw damaged("its content was changed, or sealed with another key");
            }
            number++;
            position = 0;
        }

        private boolean isAtEnd() throws IOException {
            in.mark(1);
            int next = in.read();
            if (next >= 0) {
                in.reset();
            }
            return next < 0;
        }

        private IOException damaged(String how) {
            return new IOException("%s is damaged: %s".formatted(name, how));
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
