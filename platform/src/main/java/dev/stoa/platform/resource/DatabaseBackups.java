package dev.stoa.platform.resource;

import dev.stoa.api.BackupRequests.Backups;
import dev.stoa.api.BackupRequests.Place;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Backs up databases: moves their write-ahead logs into their archives all the time, copies their files by schedule, and
 * proves every copy. What goes wrong is tried again, and said until it is over.
 */
public final class DatabaseBackups implements AutoCloseable {
    /** How long the backups of a database are kept that was destroyed. */
    public static final Duration KEPT_AFTER_DESTROY = Duration.ofDays(30);

    private static final System.Logger LOG = System.getLogger(DatabaseBackups.class.getName());
    private static final Duration DRAIN_EVERY = Duration.ofSeconds(1);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);
    private static final Duration PURGE_EVERY = Duration.ofHours(1);

    /** A database that is made and destroyed at once, as in a test of an app, needs no backup. */
    private static final Duration FIRST_AFTER = Duration.ofSeconds(10);

    private static final Duration RETRY_AFTER = Duration.ofMinutes(10);

    private final Path placeDefault;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, WatchedDatabase> watched = new ConcurrentHashMap<>();
    private volatile Optional<KeptArchive.Register> register = Optional.empty();
    private volatile BiConsumer<Long, String> announce = (id, text) -> {};
    private final WalArchiver log;
    private final BaseCopy copies;
    private final BackupProver prover;
    private volatile boolean closed;

    DatabaseBackups(DatabaseFolder folder, Path placeDefault, InstantSource clock) {
        this.placeDefault = placeDefault;
        this.clock = clock;
        this.log = new WalArchiver(clock);
        this.copies = new BaseCopy(log, clock, random);
        this.prover = new BackupProver(folder, clock);
    }

    BackupPlace freshPlace(String database) {
        return BackupPlace.fresh(database, placeDefault, random);
    }

    /** From now on the log is archived, and copies are made by schedule. */
    void watch(ResourceSpec spec, DatabaseCluster cluster) {
        BackupPlace.of(spec).ifPresent(place -> {
            WatchedDatabase known = watched.computeIfAbsent(
                    spec.id(),
                    id -> new WatchedDatabase(
                            spec, cluster, place, clock.instant(), text -> announce.accept(id, text)));
            known.spec = spec;
            if (!known.place.equals(place)) {
                known.archive = place.open();
                known.place = place;
                known.known = false;
                known.lastStarted = Optional.empty();
                known.attemptedAt = Optional.empty();
            }
        });
    }

    /** Waits for a copy that is under way. */
    void forget(ResourceSpec spec) {
        WatchedDatabase last = watched.remove(spec.id());
        if (last != null) {
            last.gone = true;
            last.copying.lock();
            try {
                LOG.log(Level.DEBUG, "no copy is under way any more database={0}", spec.name());
            } finally {
                last.copying.unlock();
            }
        }
    }

    /**
     * Begins with what goes on by itself.
     *
     * @param kept  where the backups of destroyed databases are remembered
     * @param trouble is told, of a database by its number, what has gone wrong, and when it is over
     */
    public void start(KeptArchive.Register kept, BiConsumer<Long, String> trouble) {
        register = Optional.of(kept);
        announce = trouble;
        Threads.start("backup-sweep", prover::sweep);
        Threads.start("wal-archive", () -> repeat(DRAIN_EVERY, this::drainAll));
        Threads.start("backup-schedule", () -> repeat(LOOK_EVERY, this::look));
        Threads.start("backup-purge", () -> repeat(PURGE_EVERY, this::purge));
    }

    private void repeat(Duration pause, Runnable task) {
        while (!closed) {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "backups failed unexpectedly, and go on", e);
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void drainAll() {
        watched.values().forEach(log::drainAgain);
    }

    private void look() {
        for (WatchedDatabase each : watched.values()) {
            if (closed || each.gone || !isDue(each)) {
                continue;
            }
            try {
                String backup = copy(each);
                if (!closed && !each.gone) {
                    prover.prove(each, backup);
                }
            } catch (StoaException e) {
                LOG.log(Level.DEBUG, "a backup failed", e);
            }
        }
    }

    private boolean isDue(WatchedDatabase of) {
        Instant now = clock.instant();
        if (of.attemptedAt.filter(at -> now.isBefore(at.plus(RETRY_AFTER))).isPresent()
                && of.copyProblem().isPresent()) {
            return false;
        }
        try {
            if (!of.known) {
                List<BackupArchive.Backup> there = of.archive.backups();
                of.lastStarted = there.isEmpty()
                        ? Optional.empty()
                        : Optional.of(there.getLast().manifest().startedAt());
                of.known = true;
                of.copyProblem(Optional.empty());
                if (!there.isEmpty() && there.getLast().proof().isEmpty()) {
                    prover.prove(of, there.getLast().id());
                }
            }
            BackupSchedule schedule = BackupSchedule.of(of.spec.settings());
            return of.lastStarted.isEmpty()
                    ? now.isAfter(of.since.plus(FIRST_AFTER))
                    : !schedule.schedule()
                            .next(of.lastStarted.get(), ZoneId.systemDefault())
                            .isAfter(now);
        } catch (IOException | StoaException e) {
            of.attemptedAt = Optional.of(now);
            of.copyProblem(Optional.of(
                    "the backups in %s cannot be read: %s".formatted(of.archive.text(), WatchedDatabase.why(e))));
            return false;
        }
    }

    private WatchedDatabase require(ResourceSpec spec) {
        WatchedDatabase known = watched.get(spec.id());
        if (known == null) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the database %s is not backed up by this platform".formatted(spec.name()),
                    Databases.isExternal(spec) ? "it is somewhere else; see to its backups there" : "");
        }
        return known;
    }

    /** Makes a backup now, and returns its id. */
    public String copy(ResourceSpec spec) {
        return copy(require(spec));
    }

    private String copy(WatchedDatabase of) {
        if (!of.copying.tryLock()) {
            throw new StoaException(
                    ErrorCode.TOO_BUSY,
                    "a backup of %s is being made already".formatted(of.spec.name()),
                    "see: stoa db backups " + of.spec.name());
        }
        of.attemptedAt = Optional.of(clock.instant());
        try {
            String id = copies.copy(of);
            of.lastStarted = of.attemptedAt;
            of.known = true;
            of.copyProblem(Optional.empty());
            copies.retain(of);
            return id;
        } catch (IOException | RuntimeException e) {
            StoaException problem = failed(of, e);
            of.copyProblem(Optional.of(problem.message()));
            throw problem;
        } finally {
            of.copying.unlock();
        }
    }

    private static StoaException failed(WatchedDatabase of, Exception e) {
        return new StoaException(
                DiskFull.causes(e) ? ErrorCode.DISK_FULL : ErrorCode.BACKUP_FAILED,
                "the backup of %s to %s failed: %s"
                        .formatted(of.spec.name(), of.archive.text(), WatchedDatabase.why(e)),
                "it is tried again in %d minutes; now: stoa db backup %s"
                        .formatted(RETRY_AFTER.toMinutes(), of.spec.name()),
                e);
    }

    /**
     * Has everything archived that is committed now. Returns the moment until which everything is; empty where the database
     * cannot be asked.
     */
    Optional<Instant> flush(ResourceSpec spec) {
        return Optional.ofNullable(watched.get(spec.id())).flatMap(log::flush);
    }

    /**
     * The archive in another place, that takes what is put there.
     *
     * @throws StoaException if it does not
     */
    public BackupPlace moved(ResourceSpec spec, Place to) {
        BackupPlace present = require(spec).place;
        BackupPlace moved = new BackupPlace(
                present.archive(), present.key(), to.to(), to.endpoint(), to.region(), to.accessKey(), to.secretKey());
        BackupTarget target = moved.target();
        try {
            moved.open().prepare(spec.name());
            String probe = moved.archive() + "/probe";
            target.put(probe, out -> out.write(1));
            target.delete(probe);
            return moved;
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "backups cannot be put into %s, and nothing was changed: %s"
                            .formatted(to.to(), WatchedDatabase.why(e)),
                    "see that the place is there, and that the platform may write to it",
                    e);
        }
    }

    /** The same, backed up to that place. */
    public ResourceSpec withPlace(ResourceSpec spec, BackupPlace place) {
        return spec.withSecret(BackupPlace.SECRET, place.json());
    }

    /** Without making the caller wait; what goes wrong is said as a problem. */
    public void proveLater(ResourceSpec spec, String backup) {
        Threads.start("backup-proof", () -> {
            try {
                prove(spec, backup);
            } catch (StoaException e) {
                LOG.log(Level.DEBUG, "a proof failed", e);
            }
        });
    }

    /** Restores the backup to a scratch folder, starts it and reads it. */
    public void prove(ResourceSpec spec, String backup) {
        prover.prove(require(spec), backup);
    }

    /** @throws StoaException if it has no backups here */
    public BackupPlace place(ResourceSpec spec) {
        return require(spec).place;
    }

    /** Of a database that there is. */
    public Backups list(ResourceSpec spec) {
        WatchedDatabase of = require(spec);
        return BackupListing.of(spec.name(), of.archive, of.place.to(), of.proving, of.problems());
    }

    /** Of one that was destroyed. */
    public Backups list(KeptArchive kept) {
        return BackupListing.of(kept);
    }

    public List<KeptArchive> kept() {
        return register.map(KeptArchive.Register::all).orElse(List.of());
    }

    /** Sentences: what keeps databases from being backed up. */
    public List<String> problems() {
        return watched.values().stream()
                .flatMap(each -> each.problems().stream()
                        .map(problem -> "backups of %s: %s".formatted(each.spec.name(), problem)))
                .sorted()
                .toList();
    }

    /** In a few words, for a glance at the database. */
    Optional<String> summary(ResourceSpec spec) {
        return Optional.ofNullable(watched.get(spec.id())).map(BackupListing::summary);
    }

    List<String> problems(ResourceSpec spec) {
        return Optional.ofNullable(watched.get(spec.id()))
                .map(WatchedDatabase::problems)
                .orElse(List.of());
    }

    /** The last backup of a database that is about to be destroyed; it and those before it are kept for a while. */
    Optional<String> keepLast(ResourceSpec spec) {
        WatchedDatabase of = watched.get(spec.id());
        if (of == null || register.isEmpty()) {
            return Optional.empty();
        }
        String id = proven(of);
        Instant now = clock.instant();
        register.get().keep(new KeptArchive(spec.name(), of.place, spec.settings(), now, now.plus(KEPT_AFTER_DESTROY)));
        return Optional.of(id);
    }

    private String proven(WatchedDatabase of) {
        of.copying.lock();
        try {
            String id = copy(of);
            prover.prove(of, id);
            return id;
        } finally {
            of.copying.unlock();
        }
    }

    /** Has a proven backup first. From the switch on the backups go to an archive of their own. */
    ResourceSpec during(ResourceSpec spec, ClusterSwitch change) throws IOException {
        WatchedDatabase of = require(spec);
        of.copying.lock();
        try {
            String _ = proven(of);
            BackupPlace former = of.place;
            ResourceSpec next = change.run(former.another(spec.name(), random), () -> finish(of));
            watch(next, of.cluster);
            return next;
        } finally {
            if (of.draining.isHeldByCurrentThread()) {
                of.draining.unlock();
            }
            of.copying.unlock();
        }
    }

    /**
     * Called while the server of the present cluster runs, and nobody writes to it; it is stopped afterwards. The log of the
     * next cluster is not moved before it has an archive of its own.
     */
    private void finish(WatchedDatabase of) throws IOException {
        if (log.flush(of).isEmpty()) {
            throw new IOException("the end of its log cannot be archived in " + of.archive.text());
        }
        of.draining.lock();
        Instant now = clock.instant();
        register.ifPresent(there -> there.keep(
                new KeptArchive(of.spec.name(), of.place, of.spec.settings(), now, now.plus(KEPT_AFTER_DESTROY))));
    }

    private boolean isInUse(KeptArchive kept) {
        return watched.values().stream()
                .anyMatch(each -> each.place.archive().equals(kept.place().archive()));
    }

    private void purge() {
        for (KeptArchive kept : kept()) {
            if (isInUse(kept)) {
                // An upgrade noted it, and was killed before it came to anything.
                register.ifPresent(there -> there.drop(kept.place().archive()));
            } else if (kept.until().isBefore(clock.instant())) {
                try {
                    kept.place().open().deleteEverything();
                    register.ifPresent(there -> there.drop(kept.place().archive()));
                } catch (IOException | RuntimeException e) {
                    LOG.log(
                            Level.WARNING,
                            "old backups could not be deleted archive="
                                    + kept.place().archive(),
                            e);
                }
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        prover.close();
        watched.values().forEach(prover::end);
    }
}
