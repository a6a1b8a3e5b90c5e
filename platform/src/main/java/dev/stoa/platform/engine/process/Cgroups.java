package dev.stoa.platform.engine.process;

import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The control groups of one engine's instances, version 1 or 2. Each instance has a directory of its own in every
 * hierarchy that this process may write, below one directory of the engine's.
 */
final class Cgroups {
    private static final System.Logger LOG = System.getLogger(Cgroups.class.getName());

    /** The default period of the kernel's CPU bandwidth control, in microseconds. */
    private static final long CPU_PERIOD_MICROS = 100_000;

    /** The kernel refuses a smaller quota. */
    private static final long CPU_QUOTA_MICROS_MIN = 1_000;

    private static final int CPU_SHARES_MIN = 2;
    private static final int CPU_SHARES_NORMAL = 1024;

    /** The processes that hold the sandbox are in the group too. */
    private static final int SANDBOX_PROCESSES = 3;

    /** The file by which a process joins a group. */
    private static final String PROCS = "cgroup.procs";

    private static final String PLATFORM_GROUP = "stoa-platform";

    private static final List<String> LIMITED = List.of("cpu", "memory", "pids");

    /** What the JVM and others read besides, to recognise that they are limited at all. */
    private static final List<String> SHOWN = List.of("cpuacct", "cpuset");

    /** Ended processes take a moment to leave their group. */
    private static final int REMOVE_TRIES_MAX = 100;

    private static final int REMOVE_PAUSE_MILLIS = 20;

    /**
     * @param controllers of which it holds the limits
     * @param directory   the engine's own
     * @param inside      where instances see their own group
     */
    private record Hierarchy(int version, Set<String> controllers, Path directory, Path inside) {}

    /** A directory that the instance may read at another path. */
    record View(Path outside, Path inside) {}

    /**
     * The control groups of one instance.
     *
     * @param procs the files by which a process joins
     * @param oom   the file with the count of its processes that the kernel killed for want of memory
     */
    record Group(List<Path> procs, Optional<Path> oom, List<View> views) {
        static final Group NONE = new Group(List.of(), Optional.empty(), List.of());
    }

    private final List<Hierarchy> hierarchies;

    /** Where this process joins its own group of one of the hierarchies. */
    private final Optional<Path> own;

    private Cgroups(List<Hierarchy> hierarchies, Optional<Path> own) {
        this.hierarchies = List.copyOf(hierarchies);
        this.own = own;
    }

    static Cgroups none() {
        return new Cgroups(List.of(), Optional.empty());
    }

    /** @param name of the engine's directory, of no other engine on the machine */
    static Cgroups detect(String name) {
        List<Hierarchy> found = new ArrayList<>();
        Path mounts = Path.of("/proc/self/mounts");
        if (!Files.exists(mounts)) {
            return none();
        }
        try {
            for (String line : Files.readAllLines(mounts)) {
                String[] fields = line.split(" ", -1);
                if (fields[2].equals("cgroup")) {
                    version1(Path.of(fields[1]), Set.of(fields[3].split(",", -1)), name)
                            .ifPresent(found::add);
                } else if (fields[2].equals("cgroup2")) {
                    version2(Path.of(fields[1]), name).ifPresent(found::add);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("could not read " + mounts, e);
        }
        return new Cgroups(found, own(found));
    }

    private static Optional<Path> own(List<Hierarchy> hierarchies) {
        String pid = String.valueOf(ProcessHandle.current().pid());
        List<String> groups = new ArrayList<>(List.of("/" + PLATFORM_GROUP));
        lines(Path.of("/proc/self/cgroup")).forEach(line -> groups.add(line.replaceFirst("^\\d+:[^:]*:", "")));
        return hierarchies.stream()
                .map(hierarchy -> hierarchy.directory().resolveSibling("."))
                .flatMap(base ->
                        groups.stream().map(group -> base.resolve("." + group).resolve(PROCS)))
                .filter(procs -> Files.isWritable(procs) && lines(procs).contains(pid))
                .findFirst();
    }

    private static Optional<Hierarchy> version1(Path mount, Set<String> options, String name) {
        Set<String> controllers = new TreeSet<>(options);
        controllers.removeIf(option -> !LIMITED.contains(option) && !SHOWN.contains(option));
        Path directory = mount.resolve(name);
        if (controllers.isEmpty() || !makeWritable(directory)) {
            return Optional.empty();
        }
        inheritCpuset(directory);
        return Optional.of(new Hierarchy(1, controllers, directory, mount));
    }

    /** At the root for root; otherwise below the group that this process was given, if it was given one. */
    private static Optional<Hierarchy> version2(Path mount, String name) {
        try {
            Path own = mount.resolve("." + ownVersion2()).normalize();
            for (Path base : List.of(mount, own)) {
                Set<String> controllers = new TreeSet<>(List.of(Files.readString(base.resolve("cgroup.controllers"))
                        .strip()
                        .split(" ", -1)));
                controllers.retainAll(LIMITED);
                if (controllers.isEmpty() || !Files.isWritable(base.resolve(PROCS))) {
                    continue;
                }
                if (base.equals(own) && !own.equals(mount)) {
                    makeRoom(own);
                }
                delegate(base, controllers);
                Path directory = base.resolve(name);
                if (makeWritable(directory)) {
                    delegate(directory, controllers);
                    controllers.retainAll(Set.of(Files.readString(directory.resolve("cgroup.subtree_control"))
                            .strip()
                            .split(" ", -1)));
                    if (!controllers.isEmpty()) {
                        return Optional.of(new Hierarchy(2, controllers, directory, Path.of("/sys/fs/cgroup")));
                    }
                }
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cgroup v2 is not usable mount=" + mount, e);
        }
        return Optional.empty();
    }

    private static String ownVersion2() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
                .filter(line -> line.startsWith("0::"))
                .map(line -> line.substring("0::".length()))
                .findFirst()
                .orElse("/");
    }

    /** A group that has children with limits may not hold processes itself, so the platform moves to a child. */
    private static void makeRoom(Path own) throws IOException {
        Path platform = own.resolve(PLATFORM_GROUP);
        if (makeWritable(platform)) {
            write(
                    platform.resolve(PROCS),
                    String.valueOf(ProcessHandle.current().pid()));
        }
    }

    private static void delegate(Path directory, Set<String> controllers) {
        for (String controller : controllers) {
            tryWrite(directory.resolve("cgroup.subtree_control"), "+" + controller);
        }
    }

    private static boolean makeWritable(Path directory) {
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectory(directory);
            }
            return Files.isWritable(directory) && Files.isWritable(directory.resolve(PROCS));
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Some process is about to join a group. The first to do so in a while waits for the kernel, 7 to 15 ms, and those that
     * follow for a few milliseconds do not: so this process joins the group in which it is already, while that one starts.
     */
    void expectJoin() {
        if (own.isPresent()) {
            Threads.start("cgroup-join", () -> tryWrite(own.get(), "0"));
        }
    }

    /** Creates the groups of an instance and sets its limits. */
    Group create(String id, Limits limits) throws IOException {
        List<Path> procs = new ArrayList<>();
        List<View> views = new ArrayList<>();
        Optional<Path> oom = Optional.empty();
        for (Hierarchy hierarchy : hierarchies) {
            Path group = hierarchy.directory().resolve(id);
            if (!Files.isDirectory(hierarchy.directory())) {
                Files.createDirectory(hierarchy.directory());
                inheritCpuset(hierarchy.directory());
            }
            Files.createDirectories(group);
            inheritCpuset(group);
            limit(hierarchy, group, limits);
            procs.add(group.resolve(PROCS));
            views.add(new View(group, hierarchy.inside()));
            if (hierarchy.controllers().contains("memory")) {
                oom = Optional.of(group.resolve(hierarchy.version() == 1 ? "memory.oom_control" : "memory.events"));
            }
        }
        return new Group(List.copyOf(procs), oom, List.copyOf(views));
    }

    /** The files by which one more process joins the groups of an instance. */
    List<Path> procs(String id) {
        return hierarchies.stream()
                .map(hierarchy -> hierarchy.directory().resolve(id).resolve(PROCS))
                .filter(Files::exists)
                .toList();
    }

    private static void limit(Hierarchy hierarchy, Path group, Limits limits) throws IOException {
        boolean first = hierarchy.version() == 1;
        String memory = String.valueOf(limits.memoryBytes());
        String quota = String.valueOf(Math.max(CPU_QUOTA_MICROS_MIN, Math.round(limits.cpus() * CPU_PERIOD_MICROS)));
        for (String controller : hierarchy.controllers()) {
            switch (controller) {
                case "memory" -> {
                    write(group.resolve(first ? "memory.limit_in_bytes" : "memory.max"), memory);
                    // Not every kernel counts swap; without it an instance would swap instead of ending.
                    tryWrite(
                            group.resolve(first ? "memory.memsw.limit_in_bytes" : "memory.swap.max"),
                            first ? memory : "0");
                }
                case "cpu" -> {
                    if (first) {
                        write(group.resolve("cpu.cfs_period_us"), String.valueOf(CPU_PERIOD_MICROS));
                        write(group.resolve("cpu.cfs_quota_us"), quota);
                        write(group.resolve("cpu.shares"), String.valueOf(shares(limits.weight())));
                    } else {
                        write(group.resolve("cpu.max"), quota + " " + CPU_PERIOD_MICROS);
                        write(group.resolve("cpu.weight"), String.valueOf(limits.weight()));
                    }
                }
                case "pids" -> write(group.resolve("pids.max"), String.valueOf(limits.processes() + SANDBOX_PROCESSES));
                default -> {}
            }
        }
    }

    /** What version 1 calls the weight; its normal is 1024. */
    private static int shares(int weight) {
        return Math.max(CPU_SHARES_MIN, weight * CPU_SHARES_NORMAL / Limits.NORMAL_WEIGHT);
    }

    /** A cpuset of version 1 starts with no CPU at all, and nothing can join it. */
    private static void inheritCpuset(Path group) {
        for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
            Path own = group.resolve(file);
            if (Files.exists(own)) {
                try {
                    write(own, Files.readString(group.resolveSibling(file)).strip());
                } catch (IOException e) {
                    LOG.log(System.Logger.Level.DEBUG, "could not inherit a cpuset group=" + group, e);
                }
            }
        }
    }

    /** The processes of an instance, also those that have left the tree of its shim. */
    List<ProcessHandle> processes(String id) {
        List<ProcessHandle> processes = new ArrayList<>();
        for (Hierarchy hierarchy : hierarchies) {
            for (String pid : lines(hierarchy.directory().resolve(id).resolve(PROCS))) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(processes::add);
            }
        }
        return processes.stream().distinct().toList();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Removes the groups of an instance, once its last process has left them. */
    void remove(String id) {
        for (Hierarchy hierarchy : hierarchies) {
            Path group = hierarchy.directory().resolve(id);
            for (int tried = 0; !removed(group) && tried < REMOVE_TRIES_MAX; tried++) {
                try {
                    Thread.sleep(REMOVE_PAUSE_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    private static boolean removed(Path group) {
        try {
            Files.deleteIfExists(group);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Removes groups that belong to no instance, as after a platform that ended halfway. */
    void removeAllBut(Set<String> ids) {
        for (Hierarchy hierarchy : hierarchies) {
            try (DirectoryStream<Path> groups =
                    Files.newDirectoryStream(hierarchy.directory(), path -> Files.isDirectory(path))) {
                for (Path group : groups) {
                    if (!ids.contains(group.getFileName().toString())) {
                        removed(group);
                    }
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "could not look for stale groups in " + hierarchy.directory(), e);
            }
        }
    }

    /** Removes the engine's own directories, if no instance needs them any more. */
    void leave() {
        hierarchies.forEach(hierarchy -> removed(hierarchy.directory()));
    }

    private Set<String> limited() {
        Set<String> limited = new TreeSet<>();
        hierarchies.forEach(hierarchy -> limited.addAll(hierarchy.controllers()));
        limited.retainAll(LIMITED);
        return limited;
    }

    /** Such as {@code cgroup v1 (cpu, memory, pids)}. */
    String summary() {
        Set<String> limited = limited();
        if (limited.isEmpty()) {
            return "no limits";
        }
        boolean second = hierarchies.stream().anyMatch(hierarchy -> hierarchy.version() == 2);
        return String.format(Locale.ROOT, "cgroup v%d (%s)", second ? 2 : 1, String.join(", ", limited));
    }

    /** For people: which limits are not enforced, and what to do about it. */
    Optional<String> missing() {
        Set<String> absent = new TreeSet<>(LIMITED);
        absent.removeAll(limited());
        if (absent.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of("Limits are not enforced for: " + String.join(", ", absent)
                + ", as this process may not write those control groups. Run Stoa as root, or as a systemd service with"
                + " Delegate=yes.");
    }

    private static void tryWrite(Path file, String value) {
        try {
            write(file, value);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "could not write a control group file=" + file, e);
        }
    }

    private static void write(Path file, String value) throws IOException {
        Files.writeString(file, value, StandardOpenOption.WRITE);
    }
}
