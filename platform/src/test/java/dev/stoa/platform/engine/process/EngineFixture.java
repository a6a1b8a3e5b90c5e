package dev.stoa.platform.engine.process;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.engine.Limits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A platform's home in a temporary directory, with an engine of one kind in it. */
final class EngineFixture implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private static final AtomicInteger IDS = new AtomicInteger();

    final Path home;
    final Path directory;
    private final Sandbox.Kind kind;
    private ProcessEngine engine;

    EngineFixture(Path base, Sandbox.Kind kind) throws IOException {
        this.kind = kind;
        home = base.toRealPath().resolve("home");
        directory = Files.createDirectories(home.resolve("instances"));
        assumeTrue(
                kind == Sandbox.Kind.NONE || Machine.works(Sandbox.of(kind), directory),
                () -> kind + " does not work here: it needs "
                        + (kind == Sandbox.Kind.NAMESPACES
                                ? "root and apt package util-linux"
                                : "apt package bubblewrap"));
        engine = opened();
    }

    private ProcessEngine opened() {
        return new ProcessEngine(
                directory,
                List.of(home),
                InstantSource.fixed(NOW),
                Sandbox.of(kind),
                Cgroups.detect("stoa-" + Scripts.fingerprint(directory.toString())),
                Machine.networking(Sandbox.of(kind), directory));
    }

    ProcessEngine engine() {
        return engine;
    }

    /** As a new platform would. */
    ProcessEngine reopen() {
        engine.close();
        engine = opened();
        return engine;
    }

    Path slug(int tenant, Map<String, String> files) throws IOException {
        Path slug = Files.createDirectories(home.resolve("slugs/slug-" + IDS.incrementAndGet()));
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(slug.resolve(file.getKey()), file.getValue());
        }
        engine.own(slug, tenant);
        return slug;
    }

    Spec spec(String command) throws IOException {
        return new Spec(command, slug(1, Map.of()));
    }

    String output(InstanceStatus status) throws IOException {
        return Files.readString(status.output(), StandardCharsets.UTF_8);
    }

    /** Runs a command to its end and returns its output. */
    String run(String command) throws IOException, InterruptedException {
        return run(spec(command));
    }

    String run(Spec spec) throws IOException, InterruptedException {
        return run(spec.build());
    }

    String run(InstanceSpec spec) throws IOException, InterruptedException {
        InstanceStatus status = engine.start(spec);
        var exit = engine.await(status.id());
        assertThat(exit.status()).as(output(status)).isZero();
        return output(status);
    }

    /** The process that holds an instance, or what was made ready for one, once it says so. */
    String shim(String id) throws IOException {
        Path pid = directory.resolve(id).resolve("pid");
        await().until(() -> Files.exists(pid) && !Files.readString(pid).isEmpty());
        return Files.readString(pid).strip();
    }

    @Override
    public void close() {
        engine.instances().forEach(instance -> engine.remove(instance.id()));
        engine.close();
    }

    /** Pids of this machine's processes whose command line holds the text. */
    static List<Long> processesWith(String text) {
        return ProcessHandle.allProcesses()
                .filter(process -> ProcessTree.commandLine(process).contains(text))
                .map(ProcessHandle::pid)
                .toList();
    }

    final class Spec {
        private final String command;
        private String id = "i" + IDS.incrementAndGet() + "-" + Long.toString(System.nanoTime(), 36);
        private final Map<String, String> env = new HashMap<>();
        private Path slug;
        private int tenant = 1;
        private InstanceSpec.SlugUse use = InstanceSpec.SlugUse.EPHEMERAL;
        private List<Path> readable = List.of();
        private List<Path> writable = List.of();
        private Limits limits = new Limits(512L << 20, 1, 200);
        private boolean listens;
        private Optional<Integer> port = Optional.empty();
        private List<String> names = List.of();
        private List<InstanceSpec.Mount> mounts = List.of();

        private Spec(String command, Path slug) {
            this.command = command;
            this.slug = slug;
        }

        Spec id(String given) {
            id = given;
            return this;
        }

        Spec env(String name, String value) {
            env.put(name, value);
            return this;
        }

        Spec slug(Path path) {
            slug = path;
            return this;
        }

        Spec tenant(int number) {
            tenant = number;
            return this;
        }

        Spec inPlace() {
            use = InstanceSpec.SlugUse.IN_PLACE;
            return this;
        }

        Spec readable(Path path) {
            readable = List.of(path);
            return this;
        }

        Spec writable(Path path) {
            writable = List.of(path);
            return this;
        }

        Spec limits(Limits wanted) {
            limits = wanted;
            return this;
        }

        Spec listens() {
            listens = true;
            return this;
        }

        Spec port(int number) {
            port = Optional.of(number);
            return listens();
        }

        Spec names(String... given) {
            names = List.of(given);
            return this;
        }

        Spec mounts(InstanceSpec.Mount... given) {
            mounts = List.of(given);
            return this;
        }

        InstanceSpec build() {
            return new InstanceSpec(
                    id,
                    tenant,
                    requireNonNull(slug),
                    use,
                    engine.slugMount(slug),
                    command,
                    env,
                    readable,
                    writable,
                    limits,
                    new InstanceSpec.Net(listens, port, names),
                    mounts);
        }

        InstanceStatus start() {
            return engine.start(build());
        }
    }
}
