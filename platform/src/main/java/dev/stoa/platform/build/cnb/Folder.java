package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A folder whose content untrusted code has written, read and written without ever leaving it: a link leads where it leads
 * for that code, to which the folder stands at {@code mount}, and a link that leads out of the folder leads nowhere.
 *
 * <p>Nothing else may write in the folder meanwhile.
 */
record Folder(Path root, String mount) {
    private static final long TEXT_BYTES_MAX = 4L << 20;
    private static final int NAMES_MAX = 10_000;
    private static final int LINKS_MAX = 40;

    /** The file or folder of this name, links followed. */
    Optional<Path> resolve(String relative) {
        try {
            return walk(relative);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<Path> walk(String relative) throws IOException {
        Deque<String> rest = new ArrayDeque<>(List.of(relative.split("/", -1)));
        Path here = root;
        int links = 0;
        while (!rest.isEmpty()) {
            String name = rest.pop();
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                if (here.equals(root)) {
                    return Optional.empty();
                }
                here = here.resolveSibling("").normalize();
                continue;
            }
            Path next = here.resolve(name);
            if (Files.isSymbolicLink(next)) {
                Optional<String> target = inside(Files.readSymbolicLink(next).toString());
                if (++links > LINKS_MAX || target.isEmpty()) {
                    return Optional.empty();
                }
                if (target.get().startsWith("/")) {
                    here = root;
                }
                List<String> names = List.of(target.get().split("/", -1));
                names.reversed().forEach(rest::push);
            } else if (Files.exists(next, LinkOption.NOFOLLOW_LINKS)) {
                here = next;
            } else {
                return Optional.empty();
            }
        }
        return Optional.of(here);
    }

    /** Where a link leads: a relative path as it stands, an absolute one counted from the mount. */
    private Optional<String> inside(String target) {
        if (!target.startsWith("/")) {
            return Optional.of(target);
        }
        if (target.equals(mount)) {
            return Optional.of("/");
        }
        return target.startsWith(mount + "/") ? Optional.of(target.substring(mount.length())) : Optional.empty();
    }

    boolean hasFolder(String relative) {
        return resolve(relative)
                .filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS))
                .isPresent();
    }

    Optional<Path> file(String relative) {
        return resolve(relative).filter(p -> Files.isRegularFile(p, LinkOption.NOFOLLOW_LINKS));
    }

    Optional<String> text(String relative) {
        return file(relative).map(file -> {
            try {
                if (Files.size(file) > TEXT_BYTES_MAX) {
                    throw new StoaException(
                            ErrorCode.BUILD_FAILED,
                            "%s has more than %d MiB".formatted(relative, TEXT_BYTES_MAX >> 20),
                            "the buildpack that writes it must write less");
                }
                return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** What stands in a folder, in the order of the names; nothing, where there is no such folder. */
    List<String> names(String relative) {
        Optional<Path> folder = resolve(relative).filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS));
        if (folder.isEmpty()) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder.get())) {
            for (Path entry : entries) {
                if (names.size() == NAMES_MAX) {
                    throw new StoaException(
                            ErrorCode.BUILD_FAILED,
                            "%s holds more than %d files".formatted(relative, NAMES_MAX),
                            "the buildpack that writes them must write less there");
                }
                names.add(entry.getFileName().toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return names.stream().sorted().toList();
    }

    /** Makes a folder, and those that it stands in; what else has one of their names is deleted. */
    void makeFolder(String relative) {
        try {
            Path folder = root;
            for (String name : relative.split("/", -1)) {
                folder = folder.resolve(name);
                if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                    Files.deleteIfExists(folder);
                    Files.createDirectory(folder);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void writeProgram(String relative, String text) {
        write(relative, text);
        try {
            Files.setPosixFilePermissions(root.resolve(relative), PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a file, and the folders that it stands in; what is in the way is deleted, and no link followed. */
    void write(String relative, String text) {
        try {
            int slash = relative.lastIndexOf('/');
            if (slash > 0) {
                makeFolder(relative.substring(0, slash));
            }
            Path file = root.resolve(relative);
            FileTree.delete(file);
            Files.writeString(file, text, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
