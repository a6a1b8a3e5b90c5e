package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** What databases begin with: nothing, the files of another one, or a backup. */
public final class DatabaseSeeds {
    /** The clocks of the platform and of the command line that was asked may differ so much. */
    private static final Duration SKEW_MAX = Duration.ofSeconds(2);

    /** Room beside the files themselves: the log that PostgreSQL writes. */
    private static final long ROOM_BYTES = 256L << 20;

    private final DatabaseTemplate templates;
    private final DatabaseBackups backups;
    private final LongFunction<Optional<DatabaseCluster>> clusters;
    private final UnaryOperator<Map<String, String>> settle;
    private final RandomGenerator random;
    private final InstantSource clock;

    /**
     * @param clusters by the number of their database
     * @param settle   what was asked for, with what goes without saying
     */
    DatabaseSeeds(
            DatabaseTemplate templates,
            DatabaseBackups backups,
            LongFunction<Optional<DatabaseCluster>> clusters,
            UnaryOperator<Map<String, String>> settle,
            RandomGenerator random,
            InstantSource clock) {
        this.templates = templates;
        this.backups = backups;
        this.clusters = clusters;
        this.settle = settle;
        this.random = random;
        this.clock = clock;
    }

    /** The settings and secrets of a database that is made of another. */
    public record Seed(Map<String, String> settings, Map<String, String> secrets) {
        public Seed {
            settings = Map.copyOf(settings);
            secrets = Map.copyOf(secrets);
        }
    }

    /** Makes the files of a database that is new. */
    void fill(ResourceSpec spec, DatabaseCluster cluster, String user, String password) throws IOException {
        Optional<DatabaseOrigin> origin = DatabaseOrigin.of(spec);
        if (origin.isEmpty()) {
            cluster.make(templates.of(cluster.binaries()), user, password);
        } else if (origin.get().fork().isPresent()) {
            DatabaseCluster source = clusters.apply(origin.get().fork().get())
                    .orElseThrow(() -> new StoaException(
                            ErrorCode.RESOURCE_NOT_FOUND, "the database that was to be forked is gone", ""));
            cluster.take(home -> DatabaseFork.copy(source, home, random), user, password);
        } else {
            BackupArchive archive = origin.get().place().orElseThrow().open();
            ClusterRestore.Choice choice = ClusterRestore.choose(
                    archive,
                    origin.get().to(),
                    origin.get().known(),
                    clock.instant().plus(SKEW_MAX));
            cluster.take(home -> restore(spec, cluster, archive, choice, home), user, password);
        }
    }

    /** @throws StoaException if the disk has no room for another one like it, and the dump between them */
    void checkRoom(DatabaseCluster cluster) throws IOException {
        long free = Files.getFileStore(cluster.home()).getUsableSpace();
        long needed = 2 * FileTree.sizeBytes(cluster.home()) + ROOM_BYTES;
        if (free < needed) {
            throw new StoaException(
                    ErrorCode.DISK_FULL,
                    "the disk is too small for a second %s beside the first: that needs %d MB, and %d MB are free"
                            .formatted(cluster.spec().name(), needed >> 20, free >> 20),
                    "free some room there");
        }
    }

    /**
     * Makes a cluster of a newer version that has everything the other one has, and is on the disk. Neither server runs
     * afterwards.
     */
    void succeed(
            ResourceSpec spec,
            DatabaseCluster old,
            DatabaseCluster fresh,
            PostgresBinaries target,
            DumpTools tools,
            ClusterSwitch.Finish finish)
            throws IOException {
        boolean done = false;
        try {
            new DatabaseUpgrade(old, fresh, tools)
                    .run(templates.of(target), spec.secret(Databases.USER), spec.secret(Databases.PASSWORD));
            fresh.stop();
            DatabaseFolder.sync(fresh.home());
            finish.run();
            old.stop();
            done = true;
        } finally {
            if (!done) {
                fresh.destroy();
            }
        }
    }

    private static void restore(
            ResourceSpec spec, DatabaseCluster cluster, BackupArchive archive, ClusterRestore.Choice choice, Path home)
            throws IOException {
        ClusterRestore restore =
                new ClusterRestore(home, DatabaseFolder.uid(spec), cluster.binaries(), cluster.settings());
        PostgresCluster.stop(home, restore.run(archive, choice.backup(), choice.log(), choice.goal()));
    }

    public Seed fork(ResourceSpec spec) {
        if (Databases.isExternal(spec)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the database %s is somewhere else, where Stoa cannot copy its files".formatted(spec.name()),
                    "");
        }
        return new Seed(
                spec.settings(),
                Map.of(DatabaseOrigin.SECRET, DatabaseOrigin.ofFork(spec.id()).json()));
    }

    /** What it has committed until now is archived before. */
    public Seed restore(ResourceSpec spec, Optional<Instant> to) {
        return restore(backups.place(spec), spec.settings(), to, backups.flush(spec));
    }

    /** From the backups of a database that was destroyed. */
    public Seed restore(KeptArchive kept, Optional<Instant> to) {
        return restore(kept.place(), kept.settings(), to, Optional.empty());
    }

    /**
     * From an archive that need not be of this platform.
     *
     * @param settings of the database that it was, as far as they are known
     * @throws StoaException if there is no such moment in it
     */
    public Seed restore(
            BackupPlace place, Map<String, String> settings, Optional<Instant> to, Optional<Instant> known) {
        try {
            BackupArchive archive = place.open();
            BackupArchive.Head _ = archive.checkKey();
            ClusterRestore.Choice choice = ClusterRestore.choose(archive, to, known, clock.instant());
            Map<String, String> asked = new HashMap<>(settings);
            asked.putIfAbsent(Databases.PLAN, choice.backup().plan());
            asked.put(Databases.VERSION, Integer.toString(choice.backup().major()));
            DatabaseOrigin origin = new DatabaseOrigin(Optional.empty(), Optional.of(place), to, known);
            return new Seed(settle.apply(asked), Map.of(DatabaseOrigin.SECRET, origin.json()));
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BACKUP_DAMAGED,
                    "the backups in %s cannot be read: %s".formatted(place.to(), e.getMessage()),
                    "see that the place is there, and that the platform may read it",
                    e);
        }
    }
}
