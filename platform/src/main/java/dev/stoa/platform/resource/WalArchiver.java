package dev.stoa.platform.resource;

import dev.stoa.api.StoaException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Moves the write-ahead logs of databases from their spools into their archives. */
final class WalArchiver {
    private static final System.Logger LOG = System.getLogger(WalArchiver.class.getName());
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration ARCHIVE_MAX = Duration.ofMinutes(5);
    private static final Duration STUCK_AFTER = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(50);

    private final InstantSource clock;

    WalArchiver(InstantSource clock) {
        this.clock = clock;
    }

    /** Unless it failed a moment ago. */
    void drainAgain(WatchedDatabase of) {
        if (of.drainFailedAt
                .filter(at -> clock.instant().isBefore(at.plus(RETRY)))
                .isEmpty()) {
            boolean _ = drain(of);
        }
    }

    /** Moves what the spool has; whether all of it has arrived. */
    boolean drain(WatchedDatabase of) {
        if (!of.draining.tryLock()) {
            return false;
        }
        try {
            if (!WalSpool.waiting(of.cluster.home()).isEmpty()) {
                of.archive.prepare(of.spec.name());
                int _ = WalSpool.drain(of.cluster.home(), of.archive);
            }
            of.drainFailedAt = Optional.empty();
            Optional<Instant> stuck = of.cluster
                    .running()
                    .flatMap(server -> WalSpool.stuckSince(of.cluster.data(), clock.instant(), STUCK_AFTER));
            of.archiveProblem(stuck.map(since -> "PostgreSQL cannot archive its log since %s; its own log, %s, says why"
                    .formatted(
                            since.truncatedTo(ChronoUnit.SECONDS),
                            of.cluster.home().resolve("log"))));
            return true;
        } catch (IOException | StoaException e) {
            of.drainFailedAt = Optional.of(clock.instant());
            of.archiveProblem(Optional.of(
                    "the log cannot be archived in %s: %s".formatted(of.archive.text(), WatchedDatabase.why(e))));
            return false;
        } finally {
            of.draining.unlock();
        }
    }

    /** Returns when the archive has this segment. */
    void awaitArchived(WatchedDatabase of, WalName last) throws IOException {
        long deadline = System.nanoTime() + ARCHIVE_MAX.toNanos();
        while (true) {
            boolean drained = drain(of);
            if (drained && of.archive.wal().containsKey(last)) {
                return;
            }
            if (of.archiveProblem().isPresent() || System.nanoTime() > deadline) {
                throw new IOException(of.archiveProblem()
                        .orElseGet(() -> "PostgreSQL did not archive %s in %s".formatted(last.text(), ARCHIVE_MAX)));
            }
            try {
                Thread.sleep(POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    /**
     * Has everything archived that is committed now. Returns the moment until which everything is; empty where the database
     * cannot be asked.
     */
    Optional<Instant> flush(WatchedDatabase of) {
        try {
            int port = of.cluster.start();
            // Commits carry their times to the microsecond, and this clock is the same.
            Instant before = clock.instant();
            PostgresBinaries binaries = of.cluster.binaries();
            try (BaseBackupStore store = BaseBackupStore.open(port, of.cluster.superuserPassword(), binaries.major())) {
                String lsn = store.switchWal();
                awaitArchived(of, WalName.before(store.timeline(), lsn, store.segmentBytes()));
            }
            return Optional.of(before);
        } catch (IOException | StoaException e) {
            LOG.log(Level.WARNING, "the latest of a database cannot be archived database=" + of.spec.name(), e);
            return Optional.empty();
        }
    }
}
