package dev.stoa.platform.resource;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What is known of one database's backups. */
final class WatchedDatabase {
    private static final System.Logger LOG = System.getLogger(WatchedDatabase.class.getName());

    final DatabaseCluster cluster;
    final Instant since;
    private final Consumer<String> announce;
    volatile ResourceSpec spec;
    volatile BackupArchive archive;
    volatile BackupPlace place;

    /** One copy, and one proof, at a time. */
    final ReentrantLock copying = new ReentrantLock();

    final Object proof = new Object();
    final ReentrantLock draining = new ReentrantLock();
    volatile Optional<String> proving = Optional.empty();
    volatile Optional<Instant> lastStarted = Optional.empty();
    volatile boolean known;
    volatile Optional<Instant> attemptedAt = Optional.empty();
    volatile Optional<Instant> drainFailedAt = Optional.empty();
    private volatile Optional<String> archiveProblem = Optional.empty();
    private volatile Optional<String> copyProblem = Optional.empty();
    private volatile Optional<String> proofProblem = Optional.empty();
    volatile boolean gone;

    /** @param announce is told what has gone wrong, and when it is over */
    WatchedDatabase(
            ResourceSpec spec, DatabaseCluster cluster, BackupPlace place, Instant since, Consumer<String> announce) {
        this.spec = spec;
        this.cluster = cluster;
        this.place = place;
        this.archive = place.open();
        this.since = since;
        this.announce = announce;
    }

    Optional<String> archiveProblem() {
        return archiveProblem;
    }

    Optional<String> copyProblem() {
        return copyProblem;
    }

    void archiveProblem(Optional<String> now) {
        say(archiveProblem, now);
        archiveProblem = now;
    }

    void copyProblem(Optional<String> now) {
        say(copyProblem, now);
        copyProblem = now;
    }

    void proofProblem(Optional<String> now) {
        say(proofProblem, now);
        proofProblem = now;
    }

    /** Sentences: what keeps it from being backed up. */
    List<String> problems() {
        return Stream.of(archiveProblem, copyProblem, proofProblem)
                .flatMap(Optional::stream)
                .toList();
    }

    private void say(Optional<String> before, Optional<String> now) {
        if (gone || before.equals(now)) {
            return;
        }
        String text = now.map(problem -> "Backups of the database %s: %s".formatted(spec.name(), problem))
                .orElse("Backups of the database %s work again".formatted(spec.name()));
        LOG.log(now.isPresent() ? Level.ERROR : Level.INFO, text);
        announce.accept(text);
    }

    /** In words that go into a sentence. */
    static String why(Exception e) {
        if (DiskFull.causes(e)) {
            return "the disk is full there";
        }
        return switch (e) {
            case StoaException known -> known.message();
            // All that these say themselves is which file it is.
            case NoSuchFileException gone -> "there is no " + gone.getFile();
            case AccessDeniedException denied -> "no permission for " + denied.getFile();
            case IOException other when other.getMessage() != null -> other.getMessage();
            default -> String.valueOf(e);
        };
    }
}
