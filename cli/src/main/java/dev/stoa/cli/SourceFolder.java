package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a deploy sends of a folder: everything but .git, Python's virtual environments and what {@link IgnoreRules} leave
 * out, in an order that does not depend on the file system.
 *
 * @param skipped sockets, pipes and devices, which an archive cannot carry
 */
record SourceFolder(Path folder, List<Entry> entries, List<Path> skipped) {
    /** One entry of the archive. Symbolic links are entries of their own and are not followed. */
    sealed interface Entry {
        /** Relative to the folder, with {@code /} between the parts. */
        String name();

        long modifiedMillis();

        record Directory(String name, long modifiedMillis) implements Entry {}

        record Link(String name, String target, long modifiedMillis) implements Entry {}

        record Plain(String name, Path path, long bytes, boolean executable, long modifiedMillis) implements Entry {}
    }

    SourceFolder {
        entries = List.copyOf(entries);
        skipped = List.copyOf(skipped);
    }

    /** Looks at every file, so that what cannot be read is named before anything is sent. */
    static SourceFolder read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new StoaException(
                    ErrorCode.EMPTY_SOURCE,
                    Files.exists(folder)
                            ? "cannot deploy %s: it is a file, not a folder".formatted(folder)
                            : "cannot deploy %s: there is no such folder".formatted(folder),
                    "name the folder that holds the app: stoa deploy PATH");
        }
        Walk walk = new Walk(folder);
        walk.add(folder, IgnoreRules.of(folder));
        if (walk.entries.stream().allMatch(Entry.Directory.class::isInstance)) {
            throw walk.ignored == 0
                    ? new StoaException(
                            ErrorCode.EMPTY_SOURCE,
                            "nothing to deploy: the folder %s is empty".formatted(folder),
                            "put the app's source there, or name another folder: stoa deploy PATH")
                    : new StoaException(
                            ErrorCode.EMPTY_SOURCE,
                            "nothing to deploy: .gitignore and .stoaignore leave out everything in %s"
                                    .formatted(folder),
                            "take a file back with a line such as !app.py in .stoaignore");
        }
        return new SourceFolder(folder, walk.entries, walk.skipped);
    }

    int files() {
        return (int)
                entries.stream().filter(e -> !(e instanceof Entry.Directory)).count();
    }

    long bytes() {
        return entries.stream()
                .mapToLong(e -> e instanceof Entry.Plain plain ? plain.bytes() : 0)
                .sum();
    }

    private static final class Walk {
        private final Path root;
        private final List<Entry> entries = new ArrayList<>();
        private final List<Path> skipped = new ArrayList<>();
        private int ignored;

        Walk(Path root) {
            this.root = root;
        }

        void add(Path folder, IgnoreRules rules) {
            for (Path path : children(folder)) {
                PosixFileAttributes attributes = attributes(path);
                if (path.endsWith(".git")) {
                    continue;
                }
                if (rules.ignores(path, attributes.isDirectory()) || isVirtualEnvironment(path)) {
                    ignored++;
                } else {
                    add(path, attributes, rules);
                }
            }
        }

        private void add(Path path, PosixFileAttributes attributes, IgnoreRules rules) {
            String name = root.relativize(path).toString();
            long modified = attributes.lastModifiedTime().toMillis();
            if (attributes.isDirectory()) {
                entries.add(new Entry.Directory(name, modified));
                add(path, rules.inside(path));
            } else if (attributes.isSymbolicLink()) {
                entries.add(new Entry.Link(name, target(path), modified));
            } else if (attributes.isRegularFile()) {
                if (!Files.isReadable(path)) {
                    throw unreadable(path, "permission denied");
                }
                boolean executable = attributes.permissions().contains(PosixFilePermission.OWNER_EXECUTE);
                entries.add(new Entry.Plain(name, path, attributes.size(), executable, modified));
            } else {
                skipped.add(path);
            }
        }

        /** It names this machine's folders and links to its Python, so it is of no use anywhere else. */
        private static boolean isVirtualEnvironment(Path path) {
            return Files.exists(path.resolve("pyvenv.cfg"));
        }

        private static List<Path> children(Path folder) {
            List<Path> children = new ArrayList<>();
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
                stream.forEach(children::add);
            } catch (IOException e) {
                throw unreadable(folder, Reason.of(e));
            }
            children.sort(Comparator.comparing(path -> path.getFileName().toString()));
            return children;
        }

        private static PosixFileAttributes attributes(Path path) {
            try {
                return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            } catch (IOException e) {
                throw unreadable(path, Reason.of(e));
            }
        }

        private static String target(Path link) {
            try {
                return Files.readSymbolicLink(link).toString();
            } catch (IOException e) {
                throw unreadable(link, Reason.of(e));
            }
        }
    }

    static StoaException unreadable(Path path, String why) {
        return new StoaException(
                ErrorCode.BAD_REQUEST,
                "cannot read %s: %s".formatted(path, why),
                "make it readable, or leave it out with a line in .stoaignore");
    }
}
