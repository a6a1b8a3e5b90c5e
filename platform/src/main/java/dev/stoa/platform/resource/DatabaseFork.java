package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * Copies the files of a cluster that goes on working, and the log that makes them consistent. PostgreSQL sees the backup_label
 * and reads that log at its first start. The JVM copies with copy_file_range, which shares the blocks where the file system
 * can.
 */
final class DatabaseFork {
    private static final int COPIES_AT_ONCE = 4;

    private DatabaseFork() {}

    static void copy(DatabaseCluster source, Path home, RandomGenerator random) throws IOException {
        Path data = home.resolve(PostgresCluster.DATA);
        DatabaseFolder.make(data);
        String slot = "stoa_fork_" + HexFormat.of().toHexDigits(random.nextInt());
        int port = source.start();
        String password = source.superuserPassword();
        try (BaseBackupStore store =
                BaseBackupStore.open(port, password, source.binaries().major())) {
            store.holdWal(slot);
            String start = store.start("fork");
            ClusterFiles files = ClusterFiles.of(source.data());
            for (String directory : files.directories()) {
                DatabaseFolder.make(data.resolve(directory));
            }
            copyAll(source.data(), data, files.files());
            BaseBackupStore.Stop stop = store.stop();
            Files.writeString(data.resolve(ClusterFiles.LABEL), stop.label());
            long bytes = store.segmentBytes();
            String timeline = store.timeline();
            WalName last = WalName.before(timeline, stop.lsn(), bytes);
            for (WalName wal = WalName.at(timeline, start, bytes); wal.compareTo(last) <= 0; wal = wal.next(bytes)) {
                Path segment = Path.of("pg_wal", wal.text());
                Files.copy(source.data().resolve(segment), data.resolve(segment));
            }
        } catch (BaseBackupStore.Refused e) {
            throw new StoaException(
                    ErrorCode.BACKUP_FAILED,
                    "cannot fork %s: %s".formatted(source.spec().name(), e.getMessage()),
                    "see: stoa db info " + source.spec().name(),
                    e);
        }
        PostgresCluster.writePrivately(home.resolve(PostgresServer.PASSWORD), password + "\n");
    }

    private static void copyAll(Path from, Path to, List<String> files) throws IOException {
        AtomicInteger next = new AtomicInteger();
        Queue<IOException> problems = new ConcurrentLinkedQueue<>();
        Threads.together("database-fork", Collections.nCopies(COPIES_AT_ONCE, () -> {
            for (int i = next.getAndIncrement(); i < files.size() && problems.isEmpty(); i = next.getAndIncrement()) {
                String file = files.get(i);
                try {
                    if (file.equals(ClusterFiles.CONTROL)) {
                        Files.write(to.resolve(file), BaseBackup.control(from.resolve(file)));
                    } else {
                        Files.copy(from.resolve(file), to.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
                    }
                } catch (NoSuchFileException e) {
                    if (Files.exists(from.resolve(file))) {
                        problems.add(e);
                    }
                } catch (IOException e) {
                    problems.add(e);
                }
            }
        }));
        Optional<IOException> first = problems.stream().findFirst();
        if (first.isPresent()) {
            throw first.get();
        }
    }
}
