package dev.stoa.platform.resource;

import dev.stoa.platform.base.FileTree;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Backups in a folder. */
record FolderTarget(Path root) implements BackupTarget {
    private static final String DRAFT_SUFFIX = ".new";
    private static final int BUFFER_BYTES = 1 << 16;

    @Override
    public void put(String name, Content content) throws IOException {
        Path file = root.resolve(name);
        Path directory = parent(file);
        if (!Files.isDirectory(directory)) {
            DatabaseFolder.make(directory);
            for (Path parent = directory; parent.startsWith(root); parent = parent(parent)) {
                FileTree.sync(parent);
            }
        }
        Path draft = directory.resolve("." + file.getFileName() + DRAFT_SUFFIX);
        try {
            try (FileChannel channel = FileChannel.open(
                            draft,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE);
                    OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES)) {
                content.writeTo(out);
                out.flush();
                channel.force(true);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            FileTree.sync(directory);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    @Override
    public InputStream get(String name) throws IOException {
        return Files.newInputStream(root.resolve(name));
    }

    @Override
    public List<Item> list(String prefix) throws IOException {
        Path start = prefix.endsWith("/") ? root.resolve(prefix) : root;
        if (!Files.isDirectory(start)) {
            return List.of();
        }
        List<Item> items = new ArrayList<>();
        try (Stream<Path> files = Files.walk(start)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = root.relativize(file).toString();
                if (name.startsWith(prefix) && Files.isRegularFile(file)) {
                    items.add(new Item(name, Files.size(file)));
                }
            }
        } catch (NoSuchFileException e) {
            // Something was deleted meanwhile; the next look will not meet it.
            return list(prefix);
        } catch (java.io.UncheckedIOException e) {
            if (e.getCause() instanceof NoSuchFileException) {
                return list(prefix);
            }
            throw e.getCause();
        }
        items.sort(Comparator.comparing(Item::name));
        return items;
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(root.resolve(name));
        Path directory = parent(root.resolve(name));
        while (!directory.equals(root) && isEmpty(directory)) {
            Files.deleteIfExists(directory);
            directory = parent(directory);
        }
    }

    /** Everything here is below some folder. */
    private static Path parent(Path file) {
        return file.resolveSibling("");
    }

    private static boolean isEmpty(Path directory) throws IOException {
        return !Files.isDirectory(directory) || FileTree.isEmpty(directory);
    }

    @Override
    public String text() {
        return root.toString();
    }
}
