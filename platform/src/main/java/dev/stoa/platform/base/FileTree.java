package dev.stoa.platform.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder and everything in it. Symbolic links are things of their own and never followed. */
public final class FileTree {
    private static final System.Logger LOG = System.getLogger(FileTree.class.getName());

    private static final int HINT_SECONDS_MAX = 5;

    private FileTree() {}

    /**
     * Makes a folder for trees that come and go independently of each other, if it is not there, and tells the file system
     * so: ext4 gives each of them another part of the disk then. In one part, and where it has no journal, it looks at every
     * file that was deleted there within the last minutes, for each new file: a tree of some thousand files takes seconds.
     */
    public static Path createTop(Path directory) throws IOException {
        Files.createDirectories(directory);
        try {
            Process hint = new ProcessBuilder(
                            "chattr", "+T", directory.toAbsolutePath().toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            boolean _ = hint.waitFor(HINT_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "there is no chattr, so trees share a part of the disk", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return directory;
    }

    /**
     * Deletes {@code root} and everything in it, folders that forbid it included; does nothing if it does not exist, and
     * passes over what disappears meanwhile.
     *
     * @throws UncheckedIOException if something of it stays
     */
    public static void delete(Path root) {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        walk(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                boolean _ = open(directory);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException error) throws IOException {
                if (error instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) || !open(file)) {
                    throw error;
                }
                delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error) throws IOException {
                if (error != null) {
                    throw error;
                }
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Package managers leave folders that even their owner may not change, and apps some that nobody may read. */
    private static boolean open(Path directory) throws IOException {
        boolean closed = !Files.isWritable(directory) || !Files.isExecutable(directory) || !Files.isReadable(directory);
        if (closed) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        }
        return closed;
    }

    /** Whether there is nothing in a folder that is there. */
    public static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findFirst().isEmpty();
        }
    }

    /** What was made, renamed or deleted in a folder has happened also after a power cut. */
    public static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** The sum of the sizes of the files. What disappears or cannot be read meanwhile does not count. */
    public static long sizeBytes(Path root) {
        AtomicLong sum = new AtomicLong();
        walk(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                sum.addAndGet(attributes.size());
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException error) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error) {
                return FileVisitResult.CONTINUE;
            }
        });
        return sum.get();
    }

    private static void walk(Path root, FileVisitor<Path> visitor) {
        try {
            Files.walkFileTree(root, visitor);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot go through " + root, e);
        }
    }
}
