package dev.stoa.platform.resource;

import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a folder that others write to meanwhile: {@link #again} takes over what has changed since the last time. When
 * nobody has written during the last time, the copy is the folder as it was then. Symbolic links are copied as such. Blocks
 * are shared where the file system can.
 */
final class TreeCopy {
    private final Path from;
    private final Path to;
    private Map<Path, Stamp> copied = new HashMap<>();

    /** @param to made at the first time */
    TreeCopy(Path from, Path to) {
        this.from = from;
        this.to = to;
    }

    /** What differs when a file has been written to. */
    private record Stamp(Object inode, Object change, Object modified, Object size, Object mode, Object owner) {
        static Stamp of(Path file) throws IOException {
            Map<String, Object> all = Files.readAttributes(file, "unix:*", LinkOption.NOFOLLOW_LINKS);
            return new Stamp(
                    value(all, "ino"),
                    value(all, "ctime"),
                    value(all, "lastModifiedTime"),
                    value(all, "size"),
                    value(all, "mode"),
                    value(all, "uid"));
        }

        private static Object value(Map<String, Object> all, String key) {
            Object value = all.get(key);
            return value == null ? "" : value;
        }
    }

    /** @return the bytes of the files that were copied now */
    long again() throws IOException {
        Map<Path, Stamp> present = new HashMap<>();
        long[] bytes = {0};
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Path target = target(directory);
                if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                    FileTree.delete(target);
                    Files.createDirectory(target);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                try {
                    Stamp stamp = Stamp.of(file);
                    Path name = from.relativize(file);
                    if (!stamp.equals(copied.get(name))) {
                        copy(file, target(file));
                        bytes[0] += attributes.size();
                    }
                    present.put(name, stamp);
                } catch (NoSuchFileException e) {
                    // It went while it was looked at.
                    return FileVisitResult.CONTINUE;
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException error) throws IOException {
                if (error instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw error;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error) throws IOException {
                if (error != null && !(error instanceof NoSuchFileException)) {
                    throw error;
                }
                attributes(directory, target(directory));
                return FileVisitResult.CONTINUE;
            }
        });
        copied = present;
        dropOthers();
        return bytes[0];
    }

    private Path target(Path source) {
        return to.resolve(from.relativize(source));
    }

    private static void copy(Path file, Path target) throws IOException {
        FileTree.delete(target);
        Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
    }

    private static void attributes(Path directory, Path target) throws IOException {
        try {
            Map<String, Object> all = Files.readAttributes(directory, "unix:mode,uid,gid", LinkOption.NOFOLLOW_LINKS);
            if (!Files.readAttributes(target, "unix:mode,uid,gid", LinkOption.NOFOLLOW_LINKS)
                    .equals(all)) {
                for (Map.Entry<String, Object> attribute : all.entrySet()) {
                    if (!attribute.getKey().equals("mode")) {
                        Files.setAttribute(target, "unix:" + attribute.getKey(), attribute.getValue());
                    }
                }
                // A change of the owner takes some of the mode away.
                Files.setAttribute(target, "unix:mode", all.get("mode"));
            }
            FileTime modified = Files.getLastModifiedTime(directory, LinkOption.NOFOLLOW_LINKS);
            Files.setLastModifiedTime(target, modified);
        } catch (NoSuchFileException e) {
            // It went while it was looked at; what is not there is dropped the next time.
            return;
        }
    }

    /** What is no longer in the folder. */
    private void dropOthers() throws IOException {
        Files.walkFileTree(to, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                if (Files.isDirectory(from.resolve(to.relativize(directory)), LinkOption.NOFOLLOW_LINKS)) {
                    return FileVisitResult.CONTINUE;
                }
                FileTree.delete(directory);
                return FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!copied.containsKey(to.relativize(file))) {
                    Files.delete(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
