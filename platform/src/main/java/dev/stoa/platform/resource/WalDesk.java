package dev.stoa.platform.resource;

import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Gives a cluster that is being restored the files of the write-ahead log that it asks for, and the next ones before it does.
 * They speak by files in the folder {@code restore}: {@code NAME.want}, then {@code NAME.have} or {@code NAME.none}. What
 * cannot be read ends the restore: it is never taken for the end of the log.
 */
final class WalDesk implements AutoCloseable {
    static final String FOLDER = "restore";

    /** For the configuration file. */
    static final String COMMAND = "sh ../restore/fetch %f %p";

    private static final String SCRIPT = "fetch-wal.sh";
    private static final String WANT = ".want";
    private static final String HAVE = ".have";
    private static final String NONE = ".none";
    private static final String SERVING = "serving";
    private static final int AHEAD = 2;
    private static final Duration LOOK = Duration.ofMillis(5);
    private static final Duration PATIENCE_MAX = Duration.ofSeconds(30);

    private final Path folder;
    private final BackupArchive archive;
    private final Map<String, BackupArchive.Wal> segments = new HashMap<>();
    private final List<BackupArchive.Wal> order;
    private final Deque<String> served = new ArrayDeque<>();
    private final Thread thread;
    private volatile boolean closed;
    private volatile Optional<IOException> problem = Optional.empty();

    /** @param segments those that the restore may read, in order */
    WalDesk(Path cluster, BackupArchive archive, List<BackupArchive.Wal> segments) throws IOException {
        this.folder = cluster.resolve(FOLDER);
        this.archive = archive;
        this.order = List.copyOf(segments);
        segments.forEach(wal -> this.segments.put(wal.name().text(), wal));
        FileTree.delete(folder);
        DatabaseFolder.make(folder);
        try (InputStream script = WalDesk.class.getResourceAsStream(SCRIPT)) {
            if (script == null) {
                throw new IOException(SCRIPT + " is not on the class path");
            }
            Files.copy(script, folder.resolve("fetch"));
        }
        readable(folder.resolve("fetch"));
        readable(Files.createFile(folder.resolve(SERVING)));
        Object owner = Files.getAttribute(cluster, "unix:uid");
        Object group = Files.getAttribute(cluster, "unix:gid");
        Files.setAttribute(folder, "unix:uid", owner);
        Files.setAttribute(folder, "unix:gid", group);
        thread = Threads.start("wal-desk", this::serve);
    }

    private static void readable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }

    /** Why a file that there is could not be given. */
    Optional<IOException> problem() {
        return problem;
    }

    private void serve() {
        try {
            while (!closed) {
                for (String name : wanted()) {
                    give(name);
                }
                Thread.sleep(LOOK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            problem = Optional.of(e);
            closeDesk();
        } catch (UncheckedIOException e) {
            problem = Optional.of(new IOException(e));
            closeDesk();
        }
    }

    private List<String> wanted() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(WANT))
                    .map(name -> name.substring(0, name.length() - WANT.length()))
                    .filter(WalName::isArchived)
                    .toList();
        }
    }

    private void give(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name + WANT));
        if (!WalName.isOne(name)) {
            Optional<InputStream> found = archive.findWal(name);
            if (found.isEmpty()) {
                Files.deleteIfExists(folder.resolve(name + NONE));
                Files.createFile(folder.resolve(name + NONE));
                return;
            }
            put(name, found.get());
            return;
        }
        BackupArchive.Wal wal = segments.get(name);
        if (wal == null) {
            Files.deleteIfExists(folder.resolve(name + NONE));
            Files.createFile(folder.resolve(name + NONE));
            return;
        }
        int at = order.indexOf(wal);
        for (BackupArchive.Wal next : order.subList(at, Math.min(order.size(), at + 1 + AHEAD))) {
            if (!Files.exists(folder.resolve(next.name().text() + HAVE))) {
                put(next.name().text(), archive.openWal(next));
                served.add(next.name().text());
            }
        }
        while (served.size() > 2 * (AHEAD + 1)) {
            Files.deleteIfExists(folder.resolve(served.remove() + HAVE));
        }
    }

    private void put(String name, InputStream content) throws IOException {
        Path draft = folder.resolve(name + ".new");
        try (content) {
            Files.copy(content, draft, StandardCopyOption.REPLACE_EXISTING);
        }
        readable(draft);
        Files.move(draft, folder.resolve(name + HAVE), StandardCopyOption.ATOMIC_MOVE);
    }

    private void closeDesk() {
        try {
            Files.deleteIfExists(folder.resolve(SERVING));
        } catch (IOException e) {
            problem = problem.isPresent() ? problem : Optional.of(e);
        }
    }

    /** A cluster that still asks is told that the restore has ended. */
    @Override
    public void close() {
        closed = true;
        closeDesk();
        try {
            thread.join(PATIENCE_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        FileTree.delete(folder);
    }
}
