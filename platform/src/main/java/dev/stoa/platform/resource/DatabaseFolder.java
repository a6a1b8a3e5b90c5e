package dev.stoa.platform.resource;

import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Where the files of databases stand. {@code ID/} is the cluster of a database: {@code data/}, {@code password} of the
 * superuser, {@code log}; {@code ID-MAJOR/} one that was moved to another version; {@code template-VERSION/} is a cluster that new ones are copied from.
 */
record DatabaseFolder(Path root) {
    /** Those of the databases, one for each: no distribution and no app uses them (apps begin at 70000). */
    private static final int UID_FIRST = 65_600;

    /** The disk makes one commit of what comes at once. */
    private static final int SYNCS_AT_ONCE = 16;

    private static final int UIDS = 4_300;
    static final int TEMPLATE_UID = UID_FIRST;

    /** The secret that names the folder of a cluster that took the place of another. */
    static final String SECRET = "folder";

    Path cluster(ResourceSpec spec) {
        return root.resolve(spec.secrets().getOrDefault(SECRET, Long.toString(spec.id())));
    }

    /** The folder of a cluster of that version, which is to take the place of the present one. */
    static String successor(ResourceSpec spec, int major) {
        return "%d-%d".formatted(spec.id(), major);
    }

    /** The clusters that took the place of each other, but for the present one. */
    List<Path> others(ResourceSpec spec) throws IOException {
        try (Stream<Path> files = Files.list(root)) {
            return files.filter(file -> file.getFileName().toString().matches(spec.id() + "(-\\d+)?"))
                    .filter(file -> !file.equals(cluster(spec)))
                    .toList();
        }
    }

    /** Of the unprivileged user who runs it. */
    static int uid(ResourceSpec spec) {
        return UID_FIRST + 1 + (int) (spec.id() % (UIDS - 1));
    }

    Path template(PostgresBinaries binaries) {
        return root.resolve("template-" + binaries.version());
    }

    /** Makes the folder that all stand in, for the platform's eyes only. */
    void prepare() throws IOException {
        make(root);
    }

    static void make(Path directory) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** Returns when the disk has all of it: PostgreSQL takes that for granted of files that it finds. */
    static void sync(Path cluster) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(cluster)) {
            // A running server has sockets here, too.
            files = all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                            || Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        }
        AtomicInteger next = new AtomicInteger();
        Queue<IOException> problems = new ConcurrentLinkedQueue<>();
        Threads.together("database-sync", Collections.nCopies(SYNCS_AT_ONCE, () -> {
            for (int i = next.getAndIncrement(); i < files.size(); i = next.getAndIncrement()) {
                try (FileChannel channel = FileChannel.open(files.get(i), StandardOpenOption.READ)) {
                    channel.force(true);
                } catch (NoSuchFileException e) {
                    // The server, which runs meanwhile, did away with it.
                } catch (IOException e) {
                    problems.add(e);
                }
            }
        }));
        if (!problems.isEmpty()) {
            throw problems.element();
        }
    }

    /** Copies a cluster that does not run: by reference where the file system can. */
    static void copy(Path from, Path to) throws IOException {
        boolean linux = System.getProperty("os.name").startsWith("Linux");
        Process copy = new ProcessBuilder(
                        linux
                                ? new String[] {"cp", "-a", "--reflink=auto", from.toString(), to.toString()}
                                : new String[] {"cp", "-Rp", from.toString(), to.toString()})
                .redirectErrorStream(true)
                .start();
        String said = new String(copy.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (copy.waitFor() != 0) {
                FileTree.delete(to);
                throw new IOException("cannot copy %s to %s: %s".formatted(from, to, said.strip()));
            }
        } catch (InterruptedException e) {
            copy.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while copying " + from, e);
        }
    }
}
