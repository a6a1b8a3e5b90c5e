package dev.stoa.platform.engine.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.StoaException;
import dev.stoa.api.TerminalSize;
import dev.stoa.platform.engine.Attached;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Commands that somebody talks to, in an instance of their own and in one that runs. */
@Order(1)
@ParameterizedClass
@EnumSource(Sandbox.Kind.class)
class AttachedTest {
    private static final Optional<TerminalSize> TERMINAL = Optional.of(new TerminalSize(101, 37));
    private static final Optional<TerminalSize> PIPES = Optional.empty();
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Reading blocks in the operating system. */
    private static final Executor THREADS =
            task -> Thread.ofPlatform().daemon().name("reader").start(task);

    private final Sandbox.Kind kind;
    private final EngineFixture fixture;

    AttachedTest(Sandbox.Kind kind, @TempDir Path base) throws IOException {
        this.kind = kind;
        this.fixture = new EngineFixture(base, kind);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void bytesPassThroughPipesAsTheyAre() throws Exception {
        byte[] bytes = new byte[3_000_000];
        new Random(7).nextBytes(bytes);
        try (Attached attached = attach("cat; echo done >&2; exit 7", PIPES)) {
            CompletableFuture<byte[]> output = all(attached.output());
            CompletableFuture<byte[]> errors = all(attached.errors());

            attached.input().write(bytes);
            attached.input().close();

            assertThat(Arrays.equals(output.get(), bytes)).isTrue();
            assertThat(new String(errors.get(), StandardCharsets.UTF_8)).isEqualTo("done\n");
            assertThat(attached.await().status()).isEqualTo(7);
        }
    }

    @Test
    void streamsCanBeOpenedAgainByTheirNames() throws Exception {
        String script = "echo out >/dev/stdout; echo err >/dev/stderr; cat </dev/stdin";
        try (Attached attached = attach(script, PIPES)) {
            CompletableFuture<byte[]> output = all(attached.output());
            CompletableFuture<byte[]> errors = all(attached.errors());
            attached.input().write("in\n".getBytes(StandardCharsets.UTF_8));
            attached.input().close();

            assertThat(new String(output.get(), StandardCharsets.UTF_8)).isEqualTo("out\nin\n");
            assertThat(new String(errors.get(), StandardCharsets.UTF_8)).isEqualTo("err\n");
        }
        try (Attached attached = attach("echo tty >/dev/tty; echo err >/dev/stderr", TERMINAL)) {
            assertThat(new String(all(attached.output()).get(), StandardCharsets.UTF_8))
                    .isEqualTo("tty\r\nerr\r\n");
        }
    }

    @Test
    void aTerminalHasTheSizeThatItIsGivenAndIsToldOfAnother() throws Exception {
        String script = "test -t 0 && test -t 1 && test -t 2 && stty size; trap 'stty size; exit 5' WINCH;"
                + " echo ready; while :; do sleep 0.05; done";
        try (Attached attached = attach(script, TERMINAL)) {
            Screen screen = new Screen(attached);
            screen.shows("37 101\r\nready");

            attached.resize(new TerminalSize(55, 22));

            screen.shows("22 55");
            assertThat(attached.await().status()).isEqualTo(5);
        }
    }

    @Test
    void theKeysOfATerminalInterruptAndEndTheCommandAndNotItsSandbox() throws Exception {
        try (Attached attached =
                attach("trap 'echo caught' INT; sh -c 'echo ready; exec cat'; cat; echo end; exit 3", TERMINAL)) {
            Screen screen = new Screen(attached);
            screen.shows("ready");

            type(attached, "\u0003");
            screen.shows("caught");
            type(attached, "héllo\n");
            screen.shows("héllo\r\nhéllo\r\n");
            type(attached, "\u0004");
            screen.shows("end");

            assertThat(attached.await().status()).isEqualTo(3);
        }
        try (Attached attached = attach("echo ready; exec sleep 1000", TERMINAL)) {
            new Screen(attached).shows("ready");
            type(attached, "\u0003");
            assertThat(attached.await()).extracting(Exit::status).isEqualTo(130);
        }
    }

    @Test
    void whatAnAttachedCommandWritesIsNotKeptOnDisk() throws Exception {
        InstanceSpec spec =
                fixture.spec("head -c 1000000 /dev/zero; echo; sleep 1000").build();
        try (Attached attached = fixture.engine().attach(spec, PIPES)) {
            assertThat(attached.output().readNBytes(1_000_000)).hasSize(1_000_000);
            assertThat(fixture.engine().instance(spec.id()).orElseThrow().output())
                    .hasSize(0);
        }
        assertThat(fixture.engine().instance(spec.id())).isEmpty();
        assertThat(fixture.directory.resolve(spec.id())).doesNotExist();
    }

    @Test
    void aCommandEndsWhenItsClientLeaves() throws Exception {
        InstanceSpec spec =
                fixture.spec("trap '' HUP INT TERM; sleep 4711 & wait").build();
        Attached attached = fixture.engine().attach(spec, TERMINAL);
        await().atMost(PATIENCE)
                .until(() -> !EngineFixture.processesWith("sleep 4711").isEmpty());

        attached.close();

        await().atMost(PATIENCE)
                .until(() -> EngineFixture.processesWith("sleep 4711").isEmpty());
    }

    @Test
    void execSeesWhatTheInstanceSees() throws Exception {
        InstanceStatus instance = fixture.spec("echo here >made; echo tmp >/tmp/made-" + kind + "; exec sleep 1000")
                .listens()
                .start();
        int port = instance.address().orElseThrow().getPort();
        String look = "while ! test -e /tmp/made-" + kind + "; do sleep 0.02; done; cat made; echo $SECRET $PORT;"
                + " id -u; id -g; cat /proc/self/uid_map; grep -E 'NoNewPrivs|CapEff|CapPrm|Groups' /proc/self/status;"
                + " for n in mnt pid ipc uts net cgroup user; do readlink /proc/self/ns/$n; done;"
                + " cat /proc/self/cgroup; pwd; ls /proc/self/fd | wc -l";

        String seen = exec(instance, look);

        String facts = seen.substring(seen.indexOf('\n', seen.indexOf("hidden")) + 1);
        assertThat(seen).startsWith("here\nhidden " + port + "\n");
        long pid = fixture.engine().instance(instance.id()).orElseThrow().pid().orElseThrow();
        for (String name : List.of("mnt", "pid", "ipc", "uts", "net", "cgroup", "user")) {
            assertThat(facts)
                    .contains(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + name))
                            .toString());
        }
        List<String> own = Files.readAllLines(Path.of("/proc/" + pid + "/status"));
        // Root uses the sandbox of users in tests alone, and has all rights in it.
        boolean odd = kind == Sandbox.Kind.BUBBLEWRAP_AS_USER && Machine.root();
        for (String key : odd ? List.of("NoNewPrivs") : List.of("NoNewPrivs", "CapEff", "CapPrm")) {
            assertThat(facts)
                    .contains(own.stream()
                            .filter(line -> line.startsWith(key))
                            .findFirst()
                            .orElseThrow());
        }
        assertThat(facts).contains(Files.readString(Path.of("/proc/" + pid + "/uid_map")));
        // The three standard ones, and the directory that ls reads.
        assertThat(facts).endsWith("\n4\n");
        Files.deleteIfExists(Path.of("/tmp/made-" + kind));
    }

    @Test
    void execCountsWithinTheInstancesLimits() throws Exception {
        InstanceStatus instance = fixture.spec("exec sleep 1000").start();
        try (Attached attached = exec(instance.id(), "echo $$; exec sleep 4712", PIPES)) {
            new Screen(attached).shows("\n");
            long pid = EngineFixture.processesWith("sleep 4712").getLast();
            assertThat(Files.readString(Path.of("/proc/" + pid + "/cgroup"))).contains("/" + instance.id());
        }
        await().atMost(PATIENCE)
                .until(() -> EngineFixture.processesWith("sleep 4712").isEmpty());
        assertThat(fixture.engine().instance(instance.id()).orElseThrow().running())
                .isTrue();
    }

    @Test
    void execHasATerminalAndAnExitStatusOfItsOwn() throws Exception {
        InstanceStatus instance =
                fixture.spec("trap 'exit 44' INT; while :; do sleep 0.1; done").start();
        try (Attached attached = exec(
                instance.id(), "stty size; trap 'echo caught; exit 12' INT; sh -c 'echo ready; exec cat'", TERMINAL)) {
            Screen screen = new Screen(attached);
            screen.shows("37 101\r\nready");
            type(attached, "\u0003");
            screen.shows("caught");
            assertThat(attached.await().status()).isEqualTo(12);
        }
        assertThat(fixture.engine().instance(instance.id()).orElseThrow().running())
                .isTrue();
    }

    @Test
    void execEndsWithTheInstance() throws Exception {
        InstanceStatus instance = fixture.spec("exec sleep 1000").start();
        try (Attached attached = exec(instance.id(), "echo ready; exec sleep 4713", PIPES)) {
            new Screen(attached).shows("ready");
            fixture.engine().remove(instance.id());
            assertThat(attached.await().status()).isEqualTo(137);
        }
        assertThat(EngineFixture.processesWith("sleep 4713")).isEmpty();
    }

    @Test
    void theEnvironmentStandsInNoArgument() throws Exception {
        InstanceStatus instance = fixture.spec("exec sleep 1000").start();
        try (Attached attached = exec(instance.id(), "echo ready; sleep 1000", TERMINAL);
                Attached other = attach("echo ready; sleep 1000", PIPES)) {
            new Screen(attached).shows("ready");
            new Screen(other).shows("ready");
            assertThat(EngineFixture.processesWith("hidden")).isEmpty();
        }
    }

    @Test
    void execSaysThatAnInstanceDoesNotRun() throws Exception {
        InstanceStatus instance = fixture.spec("exit 1").start();
        fixture.engine().await(instance.id());
        assertThatThrownBy(() -> exec(instance.id(), "true", PIPES))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("instance " + instance.id() + " does not run");
        assertThatThrownBy(() -> exec("nobody", "true", PIPES))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("there is no instance nobody");
    }

    private Attached attach(String command, Optional<TerminalSize> terminal) throws IOException {
        return fixture.engine()
                .attach(fixture.spec(command).env("SECRET", "hidden").build(), terminal);
    }

    private Attached exec(String id, String command, Optional<TerminalSize> terminal) {
        return fixture.engine().exec(id, command, Map.of("SECRET", "hidden"), terminal);
    }

    private String exec(InstanceStatus instance, String command) throws Exception {
        try (Attached attached = exec(instance.id(), command, PIPES)) {
            CompletableFuture<byte[]> errors = all(attached.errors());
            attached.input().close();
            String output = new String(all(attached.output()).get(), StandardCharsets.UTF_8);
            assertThat(new String(errors.get(), StandardCharsets.UTF_8)).isEmpty();
            assertThat(attached.await().status()).isZero();
            return output;
        }
    }

    private static void type(Attached attached, String keys) throws IOException {
        attached.input().write(keys.getBytes(StandardCharsets.UTF_8));
        attached.input().flush();
    }

    private static CompletableFuture<byte[]> all(InputStream stream) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return stream.readAllBytes();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                THREADS);
    }

    /** What a command has shown so far. */
    private static final class Screen {
        private final StringBuilder shown = new StringBuilder();

        Screen(Attached attached) {
            THREADS.execute(() -> {
                byte[] buffer = new byte[4096];
                try (InputStream output = attached.output()) {
                    for (int read = output.read(buffer); read >= 0; read = output.read(buffer)) {
                        show(new String(buffer, 0, read, StandardCharsets.UTF_8));
                    }
                } catch (IOException e) {
                    show(e.toString());
                }
            });
        }

        void shows(String text) {
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(5))
                    .untilAsserted(() -> assertThat(shown()).contains(text));
        }

        private synchronized void show(String text) {
            shown.append(text);
        }

        private synchronized String shown() {
            return shown.toString();
        }
    }
}
