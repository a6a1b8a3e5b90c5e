package dev.stoa.platform.bucket;

import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.bucket.Stored.Blob;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files that hold the bytes of objects, by random names in 256 folders. A file is on the disk, as is its name in its
 * folder, before anybody is told of it; it never changes then. One that nothing refers to was left by a platform that was
 * killed, or replaced.
 */
final class BlobFiles {
    private static final int NAME_BYTES = 16;
    private static final int SHARD_CHARS = 2;
    private static final int SHARDS = 256;
    private static final int BUFFER_BYTES = 64 << 10;

    private final Path root;
    private final SecureRandom random = new SecureRandom();

    BlobFiles(Path root) {
        this.root = root;
    }

    /** Sees the bytes on their way. */
    @FunctionalInterface
    interface Tap {
        void saw(byte[] bytes, int offset, int length);
    }

    /** Makes the folders. */
    void prepare() throws IOException {
        for (int shard = 0; shard < SHARDS; shard++) {
            Files.createDirectories(root.resolve(HexFormat.of().toHexDigits((byte) shard)));
        }
        FileTree.sync(root);
    }

    /** Leaves nothing if it fails. */
    Blob write(InputStream from, Tap tap) throws IOException {
        String id = name();
        Path file = file(id);
        long size = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] bytes = new byte[BUFFER_BYTES];
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (true) {
                int count = from.read(bytes);
                if (count < 0) {
                    break;
                }
                tap.saw(bytes, 0, count);
                buffer.clear().limit(count);
                while (buffer.hasRemaining()) {
                    size += channel.write(buffer);
                }
            }
            channel.force(true);
            FileTree.sync(shard(id));
            return new Blob(id, size);
        } catch (IOException | RuntimeException | Error e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** The same bytes under another name, without copying them: files never change. */
    Blob twin(Blob blob) throws IOException {
        String id = name();
        Path _ = Files.createLink(file(id), file(blob.id()));
        FileTree.sync(shard(id));
        return new Blob(id, blob.sizeBytes());
    }

    /** A range of what the files hold together. */
    void read(List<Blob> blobs, long from, long length, OutputStream to) throws IOException {
        long skip = from;
        long left = length;
        byte[] bytes = new byte[BUFFER_BYTES];
        for (Blob blob : blobs) {
            if (left == 0) {
                return;
            }
            if (skip >= blob.sizeBytes()) {
                skip -= blob.sizeBytes();
                continue;
            }
            long here = Math.min(left, blob.sizeBytes() - skip);
            try (FileChannel channel = FileChannel.open(file(blob.id()))) {
                channel.position(skip);
                for (long rest = here; rest > 0; ) {
                    int count = channel.read(ByteBuffer.wrap(bytes, 0, (int) Math.min(bytes.length, rest)));
                    if (count < 0) {
                        throw new IOException("the file of an object is too short: " + blob.id());
                    }
                    to.write(bytes, 0, count);
                    rest -= count;
                }
            }
            left -= here;
            skip = 0;
        }
    }

    void delete(List<Blob> blobs) throws IOException {
        for (Blob blob : blobs) {
            Files.deleteIfExists(file(blob.id()));
        }
    }

    /** The names of files that were last written before then, in one of the folders. */
    List<String> older(int shard, Instant than) throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(root.resolve(HexFormat.of().toHexDigits((byte) shard)))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                // The time of a hard link's file is that of its first name: what counts is when the name was made.
                if (changed(file).isBefore(than)) {
                    names.add(file.getFileName().toString());
                }
            }
        }
        return names;
    }

    private static Instant changed(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ctime") instanceof java.nio.file.attribute.FileTime time
                ? time.toInstant()
                : Files.getLastModifiedTime(file).toInstant();
    }

    static int shards() {
        return SHARDS;
    }

    private String name() {
        byte[] bytes = new byte[NAME_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private Path file(String id) {
        return shard(id).resolve(id);
    }

    private Path shard(String id) {
        return root.resolve(id.substring(0, SHARD_CHARS));
    }
}
