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
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
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
    private static final Duration DRAIN_RETRY = Duration.ofSeconds(5);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);
    private static final Duration PURGE_EVERY = Duration.ofHours(1);

    /** A database that is made and destroyed at once, as in a test of an app, needs no backup. */
    private static final Duration FIRST_AFTER = Duration.ofSeconds(10);

    private static final Duration RETRY_AFTER = Duration.ofMinutes(10);
    private static final Duration ARCHIVE_MAX = Duration.ofMinutes(5);
    private static final Duration STUCK_AFTER = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(50);

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss").withZone(ZoneOffset.UTC);

    private final DatabaseFolder folder;
    private final Path placeDefault;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, Watched> watched = new ConcurrentHashMap<>();
    private volatile Optional<KeptArchive.Register> register = Optional.empty();
    private volatile BiConsumer<Long, String> announce = (id, text) -> {};
    private volatile boolean closed;

    DatabaseBackups(DatabaseFolder folder, Path placeDefault, InstantSource clock) {
        this.folder = folder;
        this.placeDefault = placeDefault;
        this.clock = clock;
    }

    /** What is known of one database's backups. */
    private static final class Watched {
        final DatabaseCluster cluster;
        final Instant since;
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
        volatile Optional<String> archiveProblem = Optional.empty();
        volatile Optional<String> copyProblem = Optional.empty();
        volatile Optional<String> proofProblem = Optional.empty();
        volatile boolean gone;

        Watched(ResourceSpec spec, DatabaseCluster cluster, BackupPlace place, Instant since) {
            this.spec = spec;
            this.cluster = cluster;
            this.place = place;
            this.archive = place.open();
            this.since = since;
        }
    }

    BackupPlace freshPlace(String database) {
        return BackupPlace.fresh(database, placeDefault, random);
    }

    /** From now on the log is archived, and copies are made by schedule. */
    void watch(ResourceSpec spec, DatabaseCluster cluster) {
        BackupPlace.of(spec).ifPresent(place -> {
            Watched known =
                    watched.computeIfAbsent(spec.id(), id -> new Watched(spec, cluster, place, clock.instant()));
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
        Watched last = watched.remove(spec.id());
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
        Threads.start("backup-sweep", this::sweep);
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

    /** What proofs of a platform that was killed have left. */
    private void sweep() {
        try (java.util.stream.Stream<Path> files = java.nio.file.Files.list(folder.root())) {
            files.filter(file -> file.getFileName().toString().endsWith(BackupProof.SUFFIX))
                    .forEach(BackupProof::clear);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "nothing to sweep", e);
        }
    }

    private void drainAll() {
        for (Watched each : watched.values()) {
            if (each.drainFailedAt
                    .filter(at -> clock.instant().isBefore(at.plus(DRAIN_RETRY)))
                    .isEmpty()) {
                boolean _ = drain(each);
            }
        }
    }

    private boolean drain(Watched of) {
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
            archiveProblem(
                    of,
                    stuck.map(since -> "PostgreSQL cannot archive its log since %s; its own log, %s, says why"
                            .formatted(
                                    since.truncatedTo(ChronoUnit.SECONDS),
                                    of.cluster.home().resolve("log"))));
            return true;
        } catch (IOException | StoaException e) {
            of.drainFailedAt = Optional.of(clock.instant());
            archiveProblem(
                    of, Optional.of("the log cannot be archived in %s: %s".formatted(of.archive.text(), why(e))));
            return false;
        } finally {
            of.draining.unlock();
        }
    }

    private static String why(Exception e) {
        if (DiskFull.causes(e)) {
            return "the disk is full there";
        }
        return e instanceof StoaException known ? known.message() : String.valueOf(e);
    }

    private void archiveProblem(Watched of, Optional<String> now) {
        say(of, of.archiveProblem, now);
        of.archiveProblem = now;
    }

    private void say(Watched of, Optional<String> before, Optional<String> now) {
        if (of.gone || before.equals(now)) {
            return;
        }
        String text = now.map(problem -> "Backups of the database %s: %s".formatted(of.spec.name(), problem))
                .orElse("Backups of the database %s work again".formatted(of.spec.name()));
        LOG.log(now.isPresent() ? Level.ERROR : Level.INFO, text);
        announce.accept(of.spec.id(), text);
    }

    private void look() {
        for (Watched each : watched.values()) {
            if (closed || each.gone || !isDue(each)) {
                continue;
            }
            try {
                String backup = copy(each);
                if (!closed && !each.gone) {
                    prove(each, backup);
                }
            } catch (StoaException e) {
                LOG.log(Level.DEBUG, "a backup failed", e);
            }
        }
    }

    private boolean isDue(Watched of) {
        Instant now = clock.instant();
        if (of.attemptedAt.filter(at -> now.isBefore(at.plus(RETRY_AFTER))).isPresent() && of.copyProblem.isPresent()) {
            return false;
        }
        try {
            if (!of.known) {
                List<BackupArchive.Backup> there = of.archive.backups();
                of.lastStarted = there.isEmpty()
                        ? Optional.empty()
                        : Optional.of(there.getLast().manifest().startedAt());
                of.known = true;
                copyProblem(of, Optional.empty());
                if (!there.isEmpty() && there.getLast().proof().isEmpty()) {
                    prove(of, there.getLast().id());
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
            copyProblem(of, Optional.of("the backups in %s cannot be read: %s".formatted(of.archive.text(), why(e))));
            return false;
        }
    }

    private void copyProblem(Watched of, Optional<String> now) {
        say(of, of.copyProblem, now);
        of.copyProblem = now;
    }

    private Watched require(ResourceSpec spec) {
        Watched known = watched.get(spec.id());
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

    private String copy(Watched of) {
        if (!of.copying.tryLock()) {
            throw new StoaException(
                    ErrorCode.TOO_BUSY,
                    "a backup of %s is being made already".formatted(of.spec.name()),
                    "see: stoa db backups " + of.spec.name());
        }
        of.attemptedAt = Optional.of(clock.instant());
        try {
            String id = copied(of);
            of.lastStarted = of.attemptedAt;
            of.known = true;
            copyProblem(of, Optional.empty());
            retain(of);
            return id;
        } catch (IOException | RuntimeException e) {
            StoaException problem = failed(of, e);
            copyProblem(of, Optional.of(problem.message()));
            throw problem;
        } finally {
            of.copying.unlock();
        }
    }

    private static StoaException failed(Watched of, Exception e) {
        return new StoaException(
                DiskFull.causes(e) ? ErrorCode.DISK_FULL : ErrorCode.BACKUP_FAILED,
                "the backup of %s to %s failed: %s".formatted(of.spec.name(), of.archive.text(), why(e)),
                "it is tried again in %d minutes; now: stoa db backup %s"
                        .formatted(RETRY_AFTER.toMinutes(), of.spec.name()),
                e);
    }

    private String copied(Watched of) throws IOException {
        BackupArchive archive = of.archive;
        archive.prepare(of.spec.name());
        archive.dropUnfinished(Optional.empty());
        Instant startedAt = clock.instant();
        String id = "%s-%s".formatted(STAMP.format(startedAt), HexFormat.of().toHexDigits((short) random.nextInt()));
        PostgresBinaries binaries = of.cluster.binaries();
        int port = of.cluster.start();
        String password = of.cluster.superuserPassword();
        try (BaseBackupStore store = BaseBackupStore.open(port, password, binaries.major())) {
            String start = store.start("stoa " + id);
            ClusterFiles files = ClusterFiles.of(of.cluster.data());
            List<BackupManifest.Part> parts = BaseBackup.write(of.cluster.data(), files.files(), archive, id);
            BaseBackupStore.Stop stop = store.stop();
            Instant finishedAt = clock.instant();
            String timeline = store.timeline();
            long bytes = store.segmentBytes();
            WalName last = WalName.before(timeline, stop.lsn(), bytes);
            awaitArchived(of, last);
            archive.putManifest(new BackupManifest(
                    BackupManifest.FORMAT,
                    id,
                    of.spec.name(),
                    binaries.version(),
                    store.systemIdentifier(),
                    startedAt,
                    finishedAt,
                    start,
                    stop.lsn(),
                    WalName.at(timeline, start, bytes).text(),
                    last.text(),
                    bytes,
                    stop.label(),
                    password,
                    of.spec.setting(Databases.PLAN),
                    files.directories(),
                    parts));
        }
        return id;
    }

    private void awaitArchived(Watched of, WalName last) throws IOException {
        long deadline = System.nanoTime() + ARCHIVE_MAX.toNanos();
        while (true) {
            boolean drained = drain(of);
            if (drained && of.archive.wal().containsKey(last)) {
                return;
            }
            if (of.archiveProblem.isPresent() || System.nanoTime() > deadline) {
                throw new IOException(of.archiveProblem.orElseGet(
                        () -> "PostgreSQL did not archive %s in %s".formatted(last.text(), ARCHIVE_MAX)));
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
    Optional<Instant> flush(ResourceSpec spec) {
        Watched of = watched.get(spec.id());
        if (of == null) {
            return Optional.empty();
        }
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
            LOG.log(Level.WARNING, "the latest of a database cannot be archived database=" + spec.name(), e);
            return Optional.empty();
        }
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
                    "backups cannot be put into %s, and nothing was changed: %s".formatted(to.to(), e.getMessage()),
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
        prove(require(spec), backup);
    }

    private void prove(Watched of, String backup) {
        synchronized (of.proof) {
            of.proving = Optional.of(backup);
            Path scratch = folder.root().resolve(of.spec.id() + BackupProof.SUFFIX);
            try {
                BackupManifest manifest = of.archive.backups().stream()
                        .map(BackupArchive.Backup::manifest)
                        .filter(each -> each.id().equals(backup))
                        .findFirst()
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.NOT_FOUND,
                                "%s has no backup %s".formatted(of.spec.name(), backup),
                                "see: stoa db backups " + of.spec.name()));
                String checked = BackupProof.run(
                        scratch,
                        DatabaseFolder.uid(of.spec),
                        of.cluster.binaries(),
                        of.cluster.settings(),
                        of.archive,
                        manifest);
                of.archive.putProof(backup, new BackupArchive.Proof(clock.instant(), checked));
                say(of, of.proofProblem, Optional.empty());
                of.proofProblem = Optional.empty();
            } catch (IOException | RuntimeException e) {
                if (closed) {
                    return;
                }
                withdraw(of, backup, e);
                Optional<String> problem =
                        Optional.of("the backup %s could not be proven: %s".formatted(backup, why(e)));
                say(of, of.proofProblem, problem);
                of.proofProblem = problem;
                throw e instanceof StoaException known
                        ? known
                        : new StoaException(ErrorCode.BACKUP_FAILED, problem.get(), "", e);
            } finally {
                of.proving = Optional.empty();
            }
        }
    }

    /** Only what was found damaged loses its proof; a proof that lacked room says nothing of the backup. */
    private static void withdraw(Watched of, String backup, Exception e) {
        if (e instanceof StoaException known && known.code() == ErrorCode.DISK_FULL) {
            return;
        }
        try {
            of.archive.withdrawProof(backup);
        } catch (IOException | RuntimeException again) {
            e.addSuppressed(again);
        }
    }

    /**
     * Deletes what is older than what is kept: of the backups before that moment only the last stays, which is needed to get
     * from there to it, and the last that is proven.
     */
    private void retain(Watched of) throws IOException {
        Instant horizon =
                clock.instant().minus(BackupSchedule.of(of.spec.settings()).keep());
        List<BackupArchive.Backup> all = of.archive.backups();
        List<BackupArchive.Backup> before = all.stream()
                .filter(backup -> !backup.manifest().finishedAt().isAfter(horizon))
                .toList();
        int first = Math.min(Math.max(0, before.size() - 1), lastProven(all));
        for (BackupArchive.Backup old : all.subList(0, first)) {
            of.archive.delete(old.id());
        }
        of.archive.dropWalBefore(new WalName(all.get(first).manifest().startWal()));
    }

    /** The first, where none is proven. */
    private static int lastProven(List<BackupArchive.Backup> all) {
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).proof().isPresent()) {
                return i;
            }
        }
        return 0;
    }

    /** @throws StoaException if it has no backups here */
    public BackupPlace place(ResourceSpec spec) {
        return require(spec).place;
    }

    /** Of a database that there is. */
    public Backups list(ResourceSpec spec) {
        Watched of = require(spec);
        return BackupListing.of(spec.name(), of.archive, of.place.to(), of.proving, problems(of));
    }

    /** Of one that was destroyed. */
    public Backups list(KeptArchive kept) {
        Backups all =
                BackupListing.of(kept.name(), kept.place().open(), kept.place().to(), Optional.empty(), List.of());
        return new Backups(
                all.database(),
                all.archive(),
                all.place(),
                Optional.of(kept.destroyedAt()),
                Optional.of(kept.until()),
                all.backups(),
                all.problems());
    }

    public List<KeptArchive> kept() {
        return register.map(KeptArchive.Register::all).orElse(List.of());
    }

    /** Sentences: what keeps databases from being backed up. */
    public List<String> problems() {
        return watched.values().stream()
                .flatMap(each -> problems(each).stream()
                        .map(problem -> "backups of %s: %s".formatted(each.spec.name(), problem)))
                .sorted()
                .toList();
    }

    /** In a few words, for a glance at the database. */
    Optional<String> summary(ResourceSpec spec) {
        Watched of = watched.get(spec.id());
        if (of == null) {
            return Optional.empty();
        }
        try {
            List<BackupArchive.Backup> all = of.archive.backups();
            if (all.isEmpty()) {
                return Optional.of("none yet, to " + of.place.to());
            }
            BackupArchive.Backup last = all.getLast();
            return Optional.of("%d, the last %s (%s), to %s"
                    .formatted(
                            all.size(),
                            last.manifest().finishedAt().truncatedTo(ChronoUnit.SECONDS),
                            last.proof().isPresent() ? "proven" : "not proven",
                            of.place.to()));
        } catch (IOException | StoaException e) {
            return Optional.of("cannot be read: " + why(e));
        }
    }

    List<String> problems(ResourceSpec spec) {
        return Optional.ofNullable(watched.get(spec.id()))
                .map(DatabaseBackups::problems)
                .orElse(List.of());
    }

    private static List<String> problems(Watched of) {
        List<String> problems = new ArrayList<>();
        of.archiveProblem.ifPresent(problems::add);
        of.copyProblem.ifPresent(problems::add);
        of.proofProblem.ifPresent(problems::add);
        return problems;
    }

    /** The last backup of a database that is about to be destroyed; it and those before it are kept for a while. */
    Optional<String> keepLast(ResourceSpec spec) {
        Watched of = watched.get(spec.id());
        if (of == null || register.isEmpty()) {
            return Optional.empty();
        }
        String id;
        of.copying.lock();
        try {
            id = copy(of);
            prove(of, id);
        } finally {
            of.copying.unlock();
        }
        Instant now = clock.instant();
        register.get().keep(new KeptArchive(spec.name(), of.place, spec.settings(), now, now.plus(KEPT_AFTER_DESTROY)));
        return Optional.of(id);
    }

    private void purge() {
        for (KeptArchive kept : kept()) {
            if (kept.until().isBefore(clock.instant())) {
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
        for (Watched each : watched.values()) {
            if (each.proving.isPresent()) {
                Path scratch = folder.root().resolve(each.spec.id() + BackupProof.SUFFIX);
                Postmaster.running(scratch.resolve(PostgresCluster.DATA))
                        .ifPresent(server -> PostgresCluster.stop(scratch, server));
            }
        }
    }
}
