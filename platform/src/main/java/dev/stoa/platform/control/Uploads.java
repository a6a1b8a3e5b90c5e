package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Stores what is to be built, with an eye on the disk. */
final class Uploads {
    /** An upload may have so many bytes, packed. */
    static final long BYTES_MAX = 2L << 30;

    /** Below this much free disk no deploy is taken, as a full disk would stop the apps that run. */
    static final long FREE_BYTES_MIN = 200L << 20;

    private Uploads() {}

    /** Whoever has a source. */
    @FunctionalInterface
    interface Source {
        /** Writes it as tar.gz; does not close the stream. */
        void writeTo(OutputStream file) throws IOException;
    }

    /** Stores all of it or nothing. */
    static void store(Path file, Source source) {
        boolean stored = false;
        try {
            requireRoom(Files.createDirectories(Objects.requireNonNull(file.getParent())));
            try (OutputStream out = new Bounded(Files.newOutputStream(file))) {
                source.writeTo(out);
            }
            stored = true;
        } catch (IOException e) {
            throw Deployment.unforeseen(new UncheckedIOException(e));
        } finally {
            if (!stored) {
                FileTree.delete(file);
            }
        }
    }

    /** @throws StoaException if the disk of this folder is nearly full */
    static void requireRoom(Path folder) throws IOException {
        if (Files.getFileStore(folder).getUsableSpace() < FREE_BYTES_MIN) {
            throw new StoaException(
                    ErrorCode.DISK_FULL,
                    "the disk of the data directory has less than %d MB free".formatted(FREE_BYTES_MIN >> 20),
                    "free some room, or destroy apps that are not needed, and deploy again");
        }
    }

    private static final class Bounded extends FilterOutputStream {
        private long total;

        Bounded(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            count(1);
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            count(length);
            out.write(bytes, offset, length);
        }

        private void count(int bytes) {
            total += bytes;
            if (total > BYTES_MAX) {
                throw new StoaException(
                        ErrorCode.TOO_LARGE,
                        "the upload has more than %d MB".formatted(BYTES_MAX >> 20),
                        "keep what the build does not need out of it with a .stoaignore");
            }
        }
    }
}
