package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.MemorySize;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import dev.stoa.api.VolumeSnapshot;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Volumes: folders of an app's own, which stand at a path of its instances and outlive them.
 *
 * <p>A volume belongs to one app at a time, as its files belong to that app's user.
 */
public final class Volumes implements ResourceKind {
    public static final String NAME = "volume";
    public static final String PATH = "path";
    public static final String QUOTA = "quota";
    public static final String SHARED = "shared";
    public static final String PROCESS = "process";

    /** Of a quota that is not there. */
    public static final String NONE = "none";

    /** So long the files of one that was destroyed are kept. */
    public static final Duration KEPT = Duration.ofDays(30);

    private static final List<String> SETTINGS = List.of(PATH, QUOTA, SHARED, PROCESS);
    private static final String PROCESS_FORM = "[A-Za-z][A-Za-z0-9_-]{0,62}";
    private static final Duration SWEEP_EVERY = Duration.ofHours(6);
    private static final System.Logger LOG = System.getLogger(Volumes.class.getName());

    private final Path directory;
    private final List<Path> hidden;
    private final Engine engine;
    private final InstantSource clock;
    private final Map<Long, ReentrantLock> locks = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * @param directory for their files
     * @param hidden    directories of the platform, at which none may stand
     */
    public Volumes(Path directory, List<Path> hidden, Engine engine, InstantSource clock) {
        this.directory = directory;
        this.hidden = List.copyOf(hidden);
        this.engine = engine;
        this.clock = clock;
        sweep();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> settle(Map<String, String> asked) {
        for (String key : asked.keySet()) {
            if (!SETTINGS.contains(key)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not a setting of volumes".formatted(key),
                        Nearest.of(key, SETTINGS)
                                .map("did you mean \"%s\"?"::formatted)
                                .orElse("there are: " + String.join(", ", SETTINGS)));
            }
        }
        String path = VolumePath.check(asked.getOrDefault(PATH, ""), hidden);
        String quota = asked.getOrDefault(QUOTA, NONE);
        if (!quota.equals(NONE) && MemorySize.parseBytes(quota).isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the quota \"%s\" is no amount of bytes".formatted(quota),
                    "for example: quota = \"10GB\"");
        }
        String shared = asked.getOrDefault(SHARED, "false");
        if (!Set.of("true", "false").contains(shared)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "shared is true, so that several instances may write at once, or false, and not \"%s\""
                            .formatted(shared),
                    "for example: shared = true");
        }
        String process = asked.getOrDefault(PROCESS, "");
        if (!process.isEmpty() && !process.matches(PROCESS_FORM)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" cannot be a process type".formatted(process),
                    "for example: process = \"worker\"");
        }
        Map<String, String> settled = new HashMap<>(Map.of(PATH, path, QUOTA, quota, SHARED, shared));
        if (!process.isEmpty()) {
            settled.put(PROCESS, process);
        }
        return settled;
    }

    @Override
    public boolean isForManyApps() {
        return false;
    }

    @Override
    public void checkTogether(Map<String, Map<String, String>> settingsByName) {
        List<Map.Entry<String, Map<String, String>>> all = List.copyOf(new TreeMap<>(settingsByName).entrySet());
        for (int i = 0; i < all.size(); i++) {
            for (Map.Entry<String, Map<String, String>> other : all.subList(i + 1, all.size())) {
                Map.Entry<String, Map<String, String>> one = all.get(i);
                VolumePath.clash(path(one.getValue()), path(other.getValue())).ifPresent(clash -> {
                    throw new StoaException(
                            ErrorCode.BAD_REQUEST,
                            "the volumes %s and %s cannot both be had: %s"
                                    .formatted(one.getKey(), other.getKey(), clash),
                            "give each a path of its own, such as /data and /cache");
                });
            }
        }
    }

    private static String path(Map<String, String> settings) {
        return settings.getOrDefault(PATH, "/");
    }

    private VolumeFolder folder(long id) {
        return new VolumeFolder(directory.resolve(String.valueOf(id)));
    }

    /** What instances see of it. */
    public Path data(ResourceSpec spec) {
        return folder(spec.id()).data();
    }

    @Override
    public Map<String, String> provision(ResourceSpec spec) {
        return locked(spec, () -> {
            VolumeFolder folder = folder(spec.id());
            folder.mend(true);
            limit(spec, folder);
            return spec.secrets();
        });
    }

    private void limit(ResourceSpec spec, VolumeFolder folder) {
        Optional<Long> quota = MemorySize.parseBytes(spec.setting(QUOTA));
        if (!folder.image().isThere() && !engine.users(folder.data()).isEmpty()) {
            return;
        }
        try {
            if (quota.isPresent() || folder.image().isThere()) {
                long bytes = quota.orElse(Files.getFileStore(folder.root()).getTotalSpace());
                boolean _ = folder.limit(bytes);
            }
        } catch (IOException e) {
            throw new StoaException(
                    DiskFull.causes(e) ? ErrorCode.BAD_REQUEST : ErrorCode.INTERNAL,
                    DiskFull.causes(e)
                            ? "the volume %s holds more than %s already".formatted(spec.name(), spec.setting(QUOTA))
                            : "cannot give the volume %s its quota: %s".formatted(spec.name(), e.getMessage()),
                    DiskFull.causes(e)
                            ? "delete some of its files first, or choose a larger quota"
                            : "a new volume may have it: stoa volume create NAME --path PATH --quota SIZE",
                    e);
        }
    }

    @Override
    public void resume(ResourceSpec spec) {}

    /** Gives the files to the app that has it. */
    @Override
    public void admit(ResourceSpec spec, Set<Integer> tenants) {
        locked(spec, () -> {
            VolumeFolder folder = folder(spec.id());
            folder.mend(false);
            int tenant = tenants.stream().findFirst().orElse(folder.owner());
            if (folder.isThere() && tenant != folder.owner()) {
                engine.own(folder.data(), tenant);
                folder.rememberOwner(tenant);
            }
            return tenant;
        });
    }

    @Override
    public Inspection inspect(ResourceSpec spec) {
        VolumeFolder folder = folder(spec.id());
        if (!folder.isThere()) {
            return lost(folder);
        }
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("size", MemorySize.shown(VolumeSize.of(folder.data())));
        if (!spec.setting(QUOTA).equals(NONE)) {
            facts.put("limit", limitOf(spec, folder));
        }
        facts.put("folder", folder.data().toString());
        List<VolumeSnapshot> snapshots = folder.list();
        facts.put("snapshots", String.valueOf(snapshots.size()));
        snapshots.stream()
                .findFirst()
                .ifPresent(newest -> facts.put("last snapshot", newest.takenAt().toString()));
        return new Inspection("ready", Optional.empty(), facts);
    }

    @Override
    public Inspection glance(ResourceSpec spec) {
        VolumeFolder folder = folder(spec.id());
        return folder.isThere()
                ? new Inspection(
                        "ready",
                        Optional.empty(),
                        Map.of(
                                "size",
                                MemorySize.shown(VolumeSize.of(folder.data())),
                                "snapshots",
                                "" + folder.list().size()))
                : lost(folder);
    }

    private static String limitOf(ResourceSpec spec, VolumeFolder folder) {
        long used = VolumeSize.of(folder.data());
        return folder.image().isThere()
                ? "what is more cannot be written"
                : used > MemorySize.parseBytes(spec.setting(QUOTA)).orElse(Long.MAX_VALUE)
                        ? "exceeded; on this volume it is only watched"
                        : "on this volume it is only watched";
    }

    private static Inspection lost(VolumeFolder folder) {
        return new Inspection("failed", Optional.of("its folder %s is gone".formatted(folder.data())), Map.of());
    }

    @Override
    public Set<String> vars(Binding binding) {
        return Set.of(variable(binding.as()));
    }

    /** The config var that says where it stands: where nothing can be mounted, not at its path. */
    public static String variable(String as) {
        return "STOA_VOLUME_" + new Binding(as, false, Map.of()).suffix();
    }

    @Override
    public Map<String, String> bind(ResourceSpec spec, Binding binding) {
        return Map.of(
                variable(binding.as()),
                engine.mounts() ? spec.setting(PATH) : data(spec).toString());
    }

    /** Newest first. */
    public List<VolumeSnapshot> snapshots(ResourceSpec spec) {
        return folder(spec.id()).list();
    }

    public void forget(ResourceSpec spec, String snapshot) {
        locked(spec, () -> {
            folder(spec.id()).drop(spec.name(), snapshot);
            return spec;
        });
    }

    /** Copies what it holds: what changes meanwhile is copied while its instances stand still. */
    public VolumeSnapshot snapshot(ResourceSpec spec) {
        return locked(spec, () -> new VolumeCopy(engine, clock).take(spec.name(), folder(spec.id())));
    }

    /** The snapshot's files are ready to take the place of the present ones. */
    public void prepare(ResourceSpec spec, String snapshot) {
        locked(spec, () -> {
            VolumeFolder folder = folder(spec.id());
            Path files = folder.snapshot(spec.name(), snapshot);
            long bytes = VolumeSize.of(files);
            VolumeCopy.checkRoom(bytes, folder.root());
            if (folder.image().isThere()
                    && bytes > MemorySize.parseBytes(spec.setting(QUOTA)).orElse(Long.MAX_VALUE)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "the snapshot %s has %s, and the quota of %s is %s; nothing was changed"
                                .formatted(snapshot, MemorySize.shown(bytes), spec.name(), spec.setting(QUOTA)),
                        "give it a larger quota first: stoa volume change %s --quota SIZE".formatted(spec.name()));
            }
            try {
                folder.prepare(files);
            } catch (IOException e) {
                throw VolumeCopy.failed("cannot copy the snapshot %s of %s".formatted(snapshot, spec.name()), e);
            }
            return spec;
        });
    }

    /** What was prepared is what it holds now; of what it held, a snapshot. To be said while no instance has it. */
    public VolumeSnapshot swap(ResourceSpec spec, String snapshot) {
        return locked(spec, () -> {
            VolumeFolder folder = folder(spec.id());
            List<String> users = engine.users(folder.data());
            if (!users.isEmpty()) {
                throw new IllegalStateException("%s is in use by %s".formatted(spec.name(), users));
            }
            try {
                return folder.swap(
                        new VolumeSnapshot(
                                "", now(), "before %s was restored".formatted(snapshot), VolumeSize.of(folder.data())),
                        snapshot);
            } catch (IOException e) {
                throw VolumeCopy.failed("cannot restore " + spec.name(), e);
            }
        });
    }

    /** Gives a new one what a snapshot of another has. */
    public void fill(ResourceSpec fresh, ResourceSpec source, String snapshot) {
        locked(source, () -> {
            fill(
                    fresh,
                    folder(source.id()).snapshot(source.name(), snapshot),
                    folder(source.id()).owner());
            return source;
        });
    }

    private void fill(ResourceSpec fresh, Path files, int owner) {
        locked(fresh, () -> {
            VolumeFolder folder = folder(fresh.id());
            VolumeCopy.checkRoom(VolumeSize.of(files), folder.root());
            try {
                long _ = new TreeCopy(files, folder.data()).again();
                folder.rememberOwner(owner);
            } catch (IOException e) {
                throw VolumeCopy.failed("cannot fill " + fresh.name(), e);
            }
            return fresh;
        });
    }

    /** The settings of the volume of that name that was destroyed last. */
    public Map<String, String> destroyedSettings(String name) {
        return destroyed(name).destroyed().orElseThrow().settings();
    }

    /** Gives a new one all that one had that was destroyed, with its snapshots. */
    public void revive(ResourceSpec fresh, String name) {
        VolumeFolder old = destroyed(name);
        locked(fresh, () -> {
            try {
                VolumeFolder folder = folder(fresh.id());
                folder.delete();
                old.close();
                Files.move(old.root(), folder.root());
                Files.deleteIfExists(folder.root().resolve("destroyed.json"));
                folder.mend(false);
            } catch (IOException e) {
                throw VolumeCopy.failed("cannot give %s what %s had".formatted(fresh.name(), name), e);
            }
            return fresh;
        });
    }

    private VolumeFolder destroyed(String name) {
        return folders().stream()
                .filter(folder -> folder.destroyed()
                        .filter(destroyed -> destroyed.name().equals(name))
                        .isPresent())
                .max(Comparator.comparing(
                        folder -> folder.destroyed().orElseThrow().at()))
                .orElseThrow(() -> new StoaException(
                        ErrorCode.RESOURCE_NOT_FOUND,
                        "there is no volume \"%s\" that was destroyed in the last %d days"
                                .formatted(name, KEPT.toDays()),
                        "of a volume that is there, name a snapshot: stoa volume snapshots NAME lists them"));
    }

    @Override
    public List<Kept> kept() {
        return folders().stream()
                .flatMap(folder -> folder.destroyed().stream())
                .map(destroyed -> new Kept(
                        destroyed.name(), destroyed.at(), destroyed.at().plus(KEPT)))
                .sorted(Comparator.comparing(Kept::destroyedAt).reversed())
                .toList();
    }

    private List<VolumeFolder> folders() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(directory)) {
            return folders.map(VolumeFolder::new).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + directory, e);
        }
    }

    @Override
    public Optional<String> backup(ResourceSpec spec) {
        return Optional.of("its files, for %d days".formatted(KEPT.toDays()));
    }

    @Override
    public void destroy(ResourceSpec spec) {
        locked(spec, () -> {
            VolumeFolder folder = folder(spec.id());
            if (folder.destroyed().isEmpty() && folder.isEmpty()) {
                folder.delete();
                return spec;
            }
            folder.close();
            if (folder.destroyed().isEmpty()) {
                folder.destroy(
                        new VolumeFolder.Destroyed(spec.name(), new HashMap<>(spec.settings()), clock.instant()));
            }
            return spec;
        });
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    /** Deletes one that was never of use, with nothing kept. */
    public void discard(ResourceSpec spec) {
        locked(spec, () -> {
            folder(spec.id()).delete();
            return spec;
        });
    }

    /** Deletes what was kept for long enough. */
    private void sweep() {
        if (closed) {
            return;
        }
        Instant before = clock.instant().minus(KEPT);
        for (VolumeFolder folder : folders()) {
            try {
                if (folder.destroyed()
                        .filter(destroyed -> destroyed.at().isBefore(before))
                        .isPresent()) {
                    folder.delete();
                }
            } catch (UncheckedIOException e) {
                LOG.log(Level.WARNING, "cannot delete a volume that was destroyed path=" + folder.root(), e);
            }
        }
        var _ = Threads.after(SWEEP_EVERY, "volumes-sweep", this::sweep);
    }

    private <T> T locked(ResourceSpec spec, java.util.function.Supplier<T> action) {
        ReentrantLock lock = locks.computeIfAbsent(spec.id(), id -> new ReentrantLock());
        lock.lock();
        try {
            return action.get();
        } catch (UncheckedIOException e) {
            throw DiskFull.causes(e) ? DiskFull.problem(e) : e;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void rest(List<ResourceSpec> specs) {
        for (ResourceSpec spec : specs) {
            try {
                folder(spec.id()).close();
            } catch (UncheckedIOException e) {
                LOG.log(Level.WARNING, "cannot unmount a volume name=" + spec.name(), e);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
