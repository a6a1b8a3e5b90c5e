package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.api.TerminalSize;
import dev.stoa.platform.engine.Attached;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.engine.Isolation;
import dev.stoa.platform.engine.PortForwarding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Runs instances as processes of this machine, in the best sandbox that works on it.
 *
 * <p>Each instance has a directory, and a shell script, the shim, as the parent of its processes. The shim is in a session
 * of its own, so it lives on when the platform ends in whatever way, and writes the exit status to the directory. What
 * the engine has in memory can be found again from these directories, and a new engine does just that.
 */
public final class ProcessEngine implements Engine {
    private static final System.Logger LOG = System.getLogger(ProcessEngine.class.getName());

    private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    /** Where the slug stands for instances that have a file system of their own. */
    private static final String APP_MOUNT = "/app";

    private static final int TENANT_UNKNOWN = -1;

    /** No exit status was recorded. */
    private static final int STATUS_UNKNOWN = 255;

    private static final int KILL_ROUNDS_MAX = 50;

    /** For a killed process to end: it takes longer only if the kernel is stuck, as on a dead network disk. */
    private static final int END_SECONDS_MAX = 10;

    private final Path directory;
    private final InstantSource clock;
    private final Sandbox sandbox;
    private final Cgroups cgroups;
    private final boolean root;
    private final Preparer preparer;
    private final Doorway doorway;
    private final Ports ports;
    private final Optional<Network> network;
    private final String sharedWhy;
    private final ExitWatch watch;
    private final Map<String, ProcessInstance> instances = new ConcurrentHashMap<>();
    private final Map<String, Prepared> spares = new ConcurrentHashMap<>();
    private final Set<String> starting = ConcurrentHashMap.newKeySet();
    private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();

    ProcessEngine(
            Path directory,
            List<Path> hidden,
            InstantSource clock,
            Sandbox sandbox,
            Cgroups cgroups,
            Machine.Networking networking) {
        this.directory = directory;
        this.clock = clock;
        this.sandbox = sandbox;
        this.cgroups = cgroups;
        this.root = Machine.root();
        Scripts scripts = Scripts.extract(directory.resolve(".scripts"));
        this.doorway = new Doorway(scripts, clock);
        this.network = networking.own();
        this.sharedWhy = networking.sharedWhy();
        this.ports = new Ports(directory.hashCode());
        this.preparer = new Preparer(
                directory, clock, sandbox, cgroups, new Launcher(sandbox, scripts, hidden), ports, networking);
        this.watch = new ExitWatch(this::settle);
        reopen();
    }

    /**
     * Finds out what this machine allows, and the instances that an earlier engine left in the directory.
     *
     * @param directory for the files of instances, created if need be; of no other engine at the same time
     * @param hidden    directories that no instance may see, such as the platform's own
     */
    public static ProcessEngine open(Path directory, List<Path> hidden, InstantSource clock) {
        Path absolute = directory.toAbsolutePath().normalize();
        List<Path> absolutes =
                hidden.stream().map(path -> path.toAbsolutePath().normalize()).toList();
        try {
            Files.createDirectories(absolute);
        } catch (IOException e) {
            throw new UncheckedIOException("could not create the directory of instances " + absolute, e);
        }
        Cgroups cgroups = Cgroups.detect("stoa-" + Scripts.fingerprint(absolute.toString()));
        Sandbox sandbox = Machine.bestSandbox(absolute);
        return new ProcessEngine(absolute, absolutes, clock, sandbox, cgroups, Machine.networking(sandbox, absolute));
    }

    @Override
    public String name() {
        return "process";
    }

    @Override
    public Isolation isolation() {
        List<String> missing = new ArrayList<>();
        sandbox.missing(root).ifPresent(missing::add);
        cgroups.missing().ifPresent(missing::add);
        if (network.isEmpty()) {
            missing.add(
                    "Instances share the machine's network, and `port` in stoa.toml does not work: " + sharedWhy + ".");
        }
        String own = network.isPresent() ? ", own network" : "";
        return new Isolation(sandbox.summary() + own + ", " + cgroups.summary(), missing);
    }

    @Override
    public String slugMount(Path slug) {
        return sandbox.isolated() ? APP_MOUNT : slug.toAbsolutePath().toString();
    }

    @Override
    public boolean mounts() {
        return sandbox.isolated();
    }

    @Override
    public List<String> users(Path folder) {
        return instances.values().stream()
                .filter(instance -> instance.running() && instance.mounts().contains(folder))
                .map(ProcessInstance::id)
                .sorted()
                .toList();
    }

    @Override
    public Hold hold(List<String> ids) {
        List<ProcessInstance> held = ids.stream()
                .flatMap(id -> Optional.ofNullable(instances.get(id)).stream())
                .filter(ProcessInstance::running)
                .toList();
        return Standstill.of(() -> held.stream()
                .flatMap(instance -> processes(instance).stream())
                .map(ProcessHandle::pid)
                .toList());
    }

    @Override
    public void own(Path tree, int tenant) {
        int uid = sandbox.uid(tenant);
        if (uid < 0) {
            return;
        }
        try {
            Files.walkFileTree(tree, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes)
                        throws IOException {
                    InstanceFiles.chown(visited, uid);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    InstanceFiles.chown(file, uid);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("could not give " + tree + " to tenant " + tenant, e);
        }
    }

    @Override
    public InstanceStatus start(InstanceSpec spec) {
        Process _ = start(spec, Stdio.LOGGED);
        return known(spec.id()).status();
    }

    @Override
    public Attached attach(InstanceSpec spec, Optional<TerminalSize> terminal) {
        Optional<Pty> pty = terminal.map(size -> AttachedProcess.open(size, sandbox.uid(spec.tenant())));
        try {
            Process shim = start(spec, AttachedProcess.stdio(pty));
            ProcessInstance instance = known(spec.id());
            return new AttachedProcess(shim, pty, () -> exit(instance), () -> remove(spec.id()));
        } catch (RuntimeException e) {
            pty.ifPresent(Pty::close);
            throw e;
        }
    }

    @Override
    public Attached exec(String id, String command, Map<String, String> env, Optional<TerminalSize> terminal) {
        ProcessInstance instance = known(id);
        long app = instance.status().pid().orElseThrow(() -> Doorway.gone(id));
        boolean isolated = instance.tree().map(ProcessTree::isolated).orElse(false);
        try {
            String home = isolated ? APP_MOUNT : instance.files().slug().toString();
            return doorway.open(
                    id,
                    app,
                    cgroups.procs(id),
                    home,
                    Launcher.environment(env, home, instance.port()),
                    command,
                    terminal);
        } catch (IOException e) {
            throw new UncheckedIOException("could not find the files of instance " + id, e);
        }
    }

    @Override
    public void prepare(InstanceSpec spec) {
        // A folder that stands in the instance would be in use.
        if (spec.mounts().isEmpty()) {
            claim(spec);
            try {
                spares.put(spec.id(), preparer.prepare(spec, Stdio.LOGGED));
            } finally {
                starting.remove(spec.id());
            }
        }
    }

    private Process start(InstanceSpec spec, Stdio stdio) {
        claim(spec);
        try {
            return launch(spec, stdio);
        } finally {
            starting.remove(spec.id());
        }
    }

    private void claim(InstanceSpec spec) {
        if (!ID.matcher(spec.id()).matches()) {
            throw new IllegalArgumentException("not an instance id: " + spec.id());
        }
        if (instances.containsKey(spec.id())) {
            throw new IllegalStateException("instance " + spec.id() + " exists already");
        }
        if (!starting.add(spec.id())) {
            throw new IllegalStateException("instance " + spec.id() + " is being started already");
        }
    }

    private Process launch(InstanceSpec spec, Stdio stdio) {
        Optional<Prepared> spare = Optional.ofNullable(spares.remove(spec.id()));
        if (spare.isPresent() && spare.get().fits(spec) && stdio instanceof Stdio.Logged) {
            try {
                return launch(spare.get(), spec, stdio);
            } catch (StoaException e) {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "what was made ready for an instance is gone instance=" + spec.id(),
                        e);
            }
        } else {
            spare.ifPresent(preparer::discard);
        }
        return launch(preparer.prepare(spec, stdio), spec, stdio);
    }

    private Process launch(Prepared prepared, InstanceSpec spec, Stdio stdio) {
        Instant startedAt = preparer.launch(prepared, spec, stdio);
        ProcessInstance instance = new ProcessInstance(
                prepared.files(),
                spec.tenant(),
                prepared.port(),
                prepared.address(),
                startedAt,
                Optional.of(prepared.files().tree(prepared.shim().toHandle(), sandbox.isolated())),
                spec.mounts().stream().map(InstanceSpec.Mount::folder).toList(),
                new CompletableFuture<>());
        instances.put(spec.id(), instance);
        watch.child(instance, prepared.shim());
        return prepared.shim();
    }

    @Override
    public List<InstanceStatus> instances() {
        return instances.values().stream()
                .map(ProcessInstance::status)
                .sorted(Comparator.comparing(InstanceStatus::startedAt).thenComparing(InstanceStatus::id))
                .toList();
    }

    @Override
    public Optional<InstanceStatus> instance(String id) {
        return Optional.ofNullable(instances.get(id)).map(ProcessInstance::status);
    }

    @Override
    public void terminate(String id) {
        ProcessInstance instance = known(id);
        if (instance.running()) {
            processes(instance).forEach(ProcessHandle::destroy);
        }
    }

    @Override
    public void kill(String id) {
        ProcessInstance instance = known(id);
        if (!instance.running()) {
            return;
        }
        Optional<ProcessTree> sandboxed = instance.tree().filter(ProcessTree::isolated);
        // Process 1 of the namespace ends with the app, and by that the kernel ends all others.
        Optional<ProcessHandle> main =
                sandboxed.flatMap(ProcessTree::app).or(() -> sandboxed.flatMap(ProcessTree::init));
        if (main.isPresent()) {
            main.get().destroyForcibly();
        } else {
            killAll(instance);
        }
    }

    /** More than one round, as a process may fork while the others are killed. */
    private void killAll(ProcessInstance instance) {
        for (int round = 0; round < KILL_ROUNDS_MAX; round++) {
            List<ProcessHandle> processes = processes(instance);
            processes.forEach(ProcessHandle::destroyForcibly);
            if (processes.isEmpty()) {
                return;
            }
        }
    }

    private List<ProcessHandle> processes(ProcessInstance instance) {
        List<ProcessHandle> processes =
                new ArrayList<>(instance.tree().map(ProcessTree::processes).orElse(List.of()));
        if (instance.tree().flatMap(ProcessTree::init).isEmpty()) {
            processes.addAll(cgroups.processes(instance.id()));
        }
        return processes.stream().filter(ProcessHandle::isAlive).distinct().toList();
    }

    @Override
    public Exit await(String id) throws InterruptedException {
        return exit(known(id));
    }

    private static Exit exit(ProcessInstance instance) throws InterruptedException {
        try {
            return instance.exit().get();
        } catch (ExecutionException e) {
            throw new AssertionError("an exit is never completed with an error", e);
        }
    }

    @Override
    public void remove(String id) {
        Optional.ofNullable(spares.remove(id)).ifPresent(preparer::discard);
        ProcessInstance instance = instances.get(id);
        if (instance == null) {
            return;
        }
        kill(id);
        try {
            Exit _ = instance.exit().get(END_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.INTERRUPTED, "the removal of instance " + id + " was interrupted", "", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "instance " + id + " did not end within " + END_SECONDS_MAX + " s of being killed",
                    "A process that waits for a disk cannot be ended; look for one in state D.",
                    e);
        }
        instances.remove(id);
        preparer.forget(instance.files(), instance.port(), instance.address());
    }

    @Override
    public List<String> listening(String id) {
        ProcessInstance instance = known(id);
        return instance.running() ? Listening.of(processes(instance)) : List.of();
    }

    @Override
    public Optional<InetAddress> gateway() {
        return network.map(Network::gateway);
    }

    @Override
    public Optional<PortForwarding> forwarding() {
        return network.map(Network::forwarding);
    }

    @Override
    public Optional<Integer> tenantAt(InetAddress address) {
        return instances.values().stream()
                .filter(instance -> instance.running() && instance.address().equals(Optional.of(address)))
                .map(ProcessInstance::tenant)
                .findFirst();
    }

    @Override
    public void serveGateway(int port) {
        try {
            network.orElseThrow().serve(port);
        } catch (IOException e) {
            throw new UncheckedIOException("could not open the gateway of the instances", e);
        }
    }

    @Override
    public void names(String id, List<String> names) {
        Optional<ProcessInstance> instance =
                Optional.ofNullable(instances.get(id)).filter(ProcessInstance::running);
        if (network.isPresent() && instance.isPresent()) {
            try {
                HostNames.write(instance.get().files(), network.get().gateway(), names);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "could not give an instance its names instance=" + id, e);
            }
        }
    }

    @Override
    public void onExit(Consumer<String> listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        listeners.clear();
        watch.close();
        // They end by themselves now, and whoever opens the directory next clears them away.
        spares.values().forEach(Prepared::release);
        cgroups.leave();
        network.ifPresent(instances.isEmpty() && spares.isEmpty() ? Network::dissolve : Network::close);
    }

    private ProcessInstance known(String id) {
        ProcessInstance instance = instances.get(id);
        if (instance == null) {
            throw new StoaException(ErrorCode.NOT_FOUND, "there is no instance " + id, "");
        }
        return instance;
    }

    /** Takes note of an exit. The shim is gone or about to go. */
    private void settle(ProcessInstance instance) {
        Exit exit = instance.files().exit().orElseGet(this::lost);
        if (exit.cause() == Exit.Cause.LOST
                || !instance.tree().map(ProcessTree::isolated).orElse(false)) {
            killAll(instance);
        }
        if (instance.exit().complete(exit)) {
            listeners.forEach(listener -> listener.accept(instance.id()));
        }
    }

    private Exit lost() {
        return new Exit(STATUS_UNKNOWN, Exit.Cause.LOST, clock.instant());
    }

    private void reopen() {
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(directory)) {
            for (Path found : directories) {
                if (ID.matcher(found.getFileName().toString()).matches()) {
                    ProcessInstance instance = reopen(new InstanceFiles(found));
                    instances.put(instance.id(), instance);
                    ports.hold(instance.port());
                    instance.address()
                            .ifPresent(address -> network.ifPresent(shared -> shared.hold(address, instance.tenant())));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("could not read the directory of instances " + directory, e);
        }
        cgroups.removeAllBut(instances.keySet());
        network.ifPresent(shared -> shared.removeAllBut(instances.values().stream()
                .flatMap(instance -> instance.address().stream())
                .toList()));
    }

    private ProcessInstance reopen(InstanceFiles files) throws IOException {
        Optional<InstanceFiles.Recorded> recorded = files.recorded();
        // The shim is looked for first: in the other order, one that ends in between would count as lost.
        Optional<ProcessHandle> shim = files.shim();
        Optional<Exit> exit = files.exit();
        boolean isolated = recorded.map(InstanceFiles.Recorded::isolated).orElse(sandbox.isolated());
        ProcessInstance instance = new ProcessInstance(
                files,
                recorded.map(InstanceFiles.Recorded::tenant).orElse(TENANT_UNKNOWN),
                recorded.map(InstanceFiles.Recorded::port).orElse(0),
                recorded.flatMap(InstanceFiles.Recorded::address).map(InetAddress::ofLiteral),
                recorded.isPresent()
                        ? recorded.get().startedAt()
                        : Files.getLastModifiedTime(files.directory()).toInstant(),
                shim.map(handle -> files.tree(handle, isolated)),
                recorded.map(InstanceFiles.Recorded::folders).orElse(List.of()),
                new CompletableFuture<>());
        if (exit.isPresent()) {
            instance.exit().complete(exit.get());
        } else if (shim.isPresent()) {
            watch.adopted(instance, shim.get());
        } else {
            settle(instance);
        }
        return instance;
    }
}
