package dev.stoa.platform.engine.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.StoaException;
import dev.stoa.platform.engine.Engine;
import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceSpec;
import dev.stoa.platform.engine.InstanceSpec.Mount;
import dev.stoa.platform.engine.InstanceStatus;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What every kind of sandbox does alike, with or without isolation. */
@Order(1)
@ParameterizedClass
@EnumSource(Sandbox.Kind.class)
class ProcessEngineTest {
    private static final String LISTEN =
            "exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => \"0.0.0.0\","
                    + " LocalPort => $ENV{PORT}) or die; $| = 1; print \"ready\\n\"; while ($c = $s->accept) { close $c }'";

    private final EngineFixture fixture;

    ProcessEngineTest(Sandbox.Kind kind, @TempDir Path base) throws IOException {
        this.fixture = new EngineFixture(base, kind);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aFolderStandsAtAPathOfTheInstancesOwnAndKeepsWhatIsWrittenToIt() throws Exception {
        Path kept = fixture.slug(1, Map.of("old", "before"));
        Path nested = fixture.slug(1, Map.of());
        Path slug = fixture.slug(1, Map.of("file", "of the slug"));
        if (!fixture.engine().mounts()) {
            assertThat(fixture.run(fixture.spec("ls").mounts(new Mount(kept, "/data", false))))
                    .isEmpty();
            return;
        }

        String output =
                fixture.run(fixture.spec("cat /srv/deep/old; echo new >/srv/deep/made; echo x >/app/var/y; cat file;"
                                + " (echo no >/shown/z) 2>/dev/null || echo refused")
                        .slug(slug)
                        .mounts(
                                new Mount(kept, "/srv/deep", false),
                                new Mount(nested, "/app/var", false),
                                new Mount(kept, "/shown", true)));

        assertThat(output).isEqualTo("beforeof the slugrefused\n");
        assertThat(kept.resolve("made")).hasContent("new");
        assertThat(nested.resolve("y")).hasContent("x");
        Files.createSymbolicLink(slug.resolve("link"), Path.of("/etc"));
        assertThatThrownBy(
                        () -> fixture.run(fixture.spec("true").slug(slug).mounts(new Mount(kept, "/app/link", false))))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("have a link at /app/link");
    }

    @Test
    void instancesThatAreHeldStandStillUntilTheyAreLetGo() throws Exception {
        Path kept = fixture.slug(1, Map.of());
        InstanceStatus status = fixture.spec("while true; do echo x; sleep 0.01; done")
                .mounts(new Mount(kept, "/data", false))
                .start();
        await().until(() -> fixture.output(status).length() > 2);
        assertThat(fixture.engine().users(kept)).containsExactly(status.id());
        long standing;
        try (Engine.Hold _ = fixture.engine().hold(List.of(status.id(), "nobody"))) {
            // What is in the pipe is still written.
            Thread.sleep(100);
            standing = fixture.output(status).length();
            Thread.sleep(200);
            assertThat(fixture.output(status)).hasSize((int) standing);
        }
        await().until(() -> fixture.output(status).length() > standing + 4);
        assertThat(fixture.reopen().users(kept)).containsExactly(status.id());
    }

    @Test
    void aCommandRunsInItsSlugWithItsEnvironment() throws Exception {
        String value = "a 'quoted' $HOME `id` \"text\"\nof two lines with ä and \\n \u0001";
        Path slug = fixture.slug(1, Map.of("greeting", "hello"));

        String output = fixture.run(
                fixture.spec("cat greeting; printf '|%s|' \"$VALUE\"; pwd; echo $HOME $TMPDIR ${PORT-none} $PATH")
                        .slug(slug)
                        .env("VALUE", value));

        String mount = fixture.engine().slugMount(slug);
        assertThat(output)
                .isEqualTo("hello|" + value + "|" + mount + "\n" + mount
                        + " /tmp none /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
    }

    @Test
    void whatWasMadeReadyBecomesTheInstanceWithWhatIsToldLast() throws Exception {
        InstanceSpec spec = fixture.spec("cat file; echo $VALUE")
                .slug(fixture.slug(1, Map.of("file", "of the slug ")))
                .env("VALUE", "told last")
                .build();
        fixture.engine()
                .prepare(fixture.spec("false").id(spec.id()).slug(spec.slug()).build());
        assertThat(fixture.engine().instances()).isEmpty();
        String shim = fixture.shim(spec.id());

        InstanceStatus status = fixture.engine().start(spec);

        assertThat(fixture.engine().await(status.id()).status()).isZero();
        assertThat(fixture.output(status)).isEqualTo("of the slug told last\n");
        assertThat(fixture.shim(spec.id())).isEqualTo(shim);
    }

    @Test
    void whatWasMadeReadyForSomethingElseOrHasEndedIsReplaced() throws Exception {
        InstanceSpec other = fixture.spec("cat file")
                .slug(fixture.slug(1, Map.of("file", "new")))
                .build();
        fixture.engine()
                .prepare(fixture.spec("cat file")
                        .id(other.id())
                        .slug(fixture.slug(1, Map.of("file", "old")))
                        .build());
        assertThat(fixture.run(other)).isEqualTo("new");

        InstanceSpec ended = fixture.spec("echo runs").build();
        fixture.engine().prepare(ended);
        ProcessHandle shim =
                ProcessHandle.of(Long.parseLong(fixture.shim(ended.id()))).orElseThrow();
        shim.destroyForcibly();
        shim.onExit().join();
        assertThat(fixture.run(ended)).isEqualTo("runs\n");
    }

    @Test
    void whatWasMadeReadyEndsWithTheEngine() throws Exception {
        InstanceSpec spec = fixture.spec("true").build();
        fixture.engine().prepare(spec);
        String shim = fixture.shim(spec.id());

        fixture.reopen();

        await().until(() -> ProcessHandle.of(Long.parseLong(shim))
                .filter(ProcessHandle::isAlive)
                .isEmpty());
        fixture.engine().remove(spec.id());
        assertThat(fixture.directory.resolve(spec.id())).doesNotExist();
    }

    @Test
    void theEnvironmentHoldsNothingOfThePlatforms() throws Exception {
        String output = fixture.run(fixture.spec("env | cut -d= -f1 | sort").env("GIVEN", "1"));

        assertThat(output.lines())
                .contains("GIVEN", "HOME")
                .isSubsetOf("GIVEN", "HOME", "PATH", "PWD", "OLDPWD", "TMPDIR");
    }

    @Test
    void anAppInheritsNoDescriptorsAndNoIgnoredSignals() throws Exception {
        String output = fixture.run("ls /proc/self/fd | wc -l; grep SigIgn /proc/self/status | cut -f2");

        // The three standard ones, and the directory that ls reads.
        assertThat(output).startsWith("4\n");
        // The C library itself ignores 32 and 33, which are its own.
        assertThat(Long.parseLong(output.substring(2).strip(), 16) & 0x7fff_ffffL)
                .isZero();
    }

    @Test
    void theOutputOfBothStreamsIsWholeAndInOrder() throws Exception {
        String output = fixture.run("i=0; while [ $i -lt 20000 ]; do echo $i; echo $i >&2; i=$((i+1)); done");

        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            expected.append(i).append('\n').append(i).append('\n');
        }
        assertThat(output).isEqualTo(expected.toString());
    }

    @Test
    void openingTheOutputByItsNameCutsNothingOff() throws Exception {
        assertThat(fixture.run("echo one; echo two >/dev/stderr; echo three >/dev/stdout; echo four"))
                .isEqualTo("one\ntwo\nthree\nfour\n");
    }

    @Test
    void anExitIsReportedOnceWithItsStatus() throws Exception {
        BlockingQueue<String> exits = new LinkedBlockingQueue<>();
        fixture.engine().onExit(exits::add);

        InstanceStatus status = fixture.spec("exit 3").start();

        assertThat(exits.poll(10, TimeUnit.SECONDS)).isEqualTo(status.id());
        Exit exit = fixture.engine().await(status.id());
        assertThat(exit.status()).isEqualTo(3);
        assertThat(exit.cause()).isEqualTo(Exit.Cause.EXITED);
        assertThat(fixture.engine().instance(status.id()).orElseThrow().pid()).isEmpty();
        assertThat(exits).isEmpty();
    }

    @Test
    void thePidIsTheAppsAndKillingItEndsTheInstance() throws Exception {
        InstanceStatus status = fixture.spec("exec sleep 1234567").start();
        long pid = status.pid().orElseThrow();
        await().until(() -> ProcessTree.commandLine(ProcessHandle.of(pid).orElseThrow()), "sleep 1234567 "::equals);

        ProcessHandle.of(pid).orElseThrow().destroyForcibly();

        Exit exit = fixture.engine().await(status.id());
        assertThat(exit.status()).isEqualTo(137);
        assertThat(exit.describe()).isEqualTo("was ended by SIGKILL");
    }

    @Test
    void terminateReachesEveryProcessAndLetsThemFinish() throws Exception {
        InstanceStatus status = fixture.spec(
                        "sh -c 'trap \"echo child; exit\" TERM; echo up; while :; do sleep 0.05; done' &"
                                + " trap 'wait; echo parent; exit 7' TERM; wait; wait")
                .start();
        await().until(() -> fixture.output(status), "up\n"::equals);

        fixture.engine().terminate(status.id());

        assertThat(fixture.engine().await(status.id()).status()).isEqualTo(7);
        assertThat(fixture.output(status)).contains("child\n").endsWith("parent\n");
        fixture.engine().terminate(status.id());
    }

    @Test
    void killLeavesNothingBehindNotEvenADaemon() throws Exception {
        String mark = "sleep 7" + System.nanoTime();
        InstanceStatus status = fixture.spec("trap '' TERM; (setsid " + mark + " &) ; (" + mark + " &); echo up; "
                        + mark + " & wait; wait; exec " + mark)
                .start();
        await().until(() -> EngineFixture.processesWith(mark).size() >= 4);

        fixture.engine().kill(status.id());

        assertThat(fixture.engine().await(status.id()).status()).isEqualTo(137);
        await().until(() -> EngineFixture.processesWith(mark).isEmpty());
    }

    @Test
    void nothingSurvivesTheEndOfTheMainProcess() throws Exception {
        String mark = "sleep 8" + System.nanoTime();
        InstanceStatus status =
                fixture.spec("(setsid " + mark + " &); sleep 0.2; exit 0").start();

        assertThat(fixture.engine().await(status.id()).status()).isZero();
        await().until(() -> EngineFixture.processesWith(mark).isEmpty());
    }

    @Test
    void removeDeletesTheFilesAndEndsWhatRuns() throws Exception {
        InstanceStatus status = fixture.spec("mkdir -p a/b; echo x >a/b/c; chmod 0 a/b; echo up; exec sleep 1000")
                .start();
        await().until(() -> fixture.output(status), "up\n"::equals);
        long pid = status.pid().orElseThrow();

        fixture.engine().remove(status.id());

        assertThat(fixture.engine().instance(status.id())).isEmpty();
        assertThat(status.output().getParent()).doesNotExist();
        await().until(() -> ProcessHandle.of(pid).isEmpty());
    }

    @Test
    void aSecretIsInNoFileAndNoCommandLine() throws Exception {
        String secret = "s3cr3t-" + System.nanoTime();
        InstanceStatus status = fixture.spec("echo up; while :; do sleep 0.05; done")
                .env("SECRET", secret)
                .start();
        await().until(() -> fixture.output(status), "up\n"::equals);

        try (Stream<Path> files = Files.walk(fixture.home)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(secret);
            }
        }
        assertThat(EngineFixture.processesWith(secret)).isEmpty();
    }

    @Test
    void itsAddressAnswersAndIsWhatItListensOn() throws Exception {
        InstanceStatus status = fixture.spec(LISTEN).listens().start();
        await().until(() -> fixture.output(status), "ready\n"::equals);

        var address = status.address().orElseThrow();
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            assertThat(socket.isConnected()).isTrue();
        }
        assertThat(fixture.engine().listening(status.id())).containsExactly("0.0.0.0:" + address.getPort());
    }

    @Test
    void twoInstancesGetTwoPorts() throws Exception {
        InstanceStatus one = fixture.spec("exec sleep 1000").listens().start();
        InstanceStatus two = fixture.spec("exec sleep 1000").listens().start();

        assertThat(one.address()).isNotEqualTo(two.address());
    }

    @Test
    void aNewEngineFindsARunningInstanceAndNoticesItsEnd() throws Exception {
        InstanceStatus before = fixture.spec(LISTEN + "; exit 5").listens().start();
        await().until(() -> fixture.output(before), "ready\n"::equals);

        ProcessEngine engine = fixture.reopen();

        InstanceStatus after = engine.instance(before.id()).orElseThrow();
        assertThat(after).isEqualTo(before);
        BlockingQueue<String> exits = new LinkedBlockingQueue<>();
        engine.onExit(exits::add);
        ProcessHandle.of(after.pid().orElseThrow()).orElseThrow().destroyForcibly();
        // Sooner than the JDK looks at processes that are not its children.
        assertThat(exits.poll(2, TimeUnit.SECONDS)).isEqualTo(before.id());
        assertThat(engine.await(before.id()).status()).isEqualTo(137);
    }

    @Test
    void aNewEngineKnowsHowAnInstanceEndedMeanwhile() throws Exception {
        InstanceStatus status =
                fixture.spec("read line <go; exit 4").slug(withPipe()).start();
        fixture.engine().close();
        Files.writeString(pipe(status), "\n");
        await().until(() -> Files.exists(status.output().resolveSibling("exit")));

        Exit exit = fixture.reopen().await(status.id());

        assertThat(exit.status()).isEqualTo(4);
        assertThat(exit.cause()).isEqualTo(Exit.Cause.EXITED);
    }

    private Path withPipe() throws Exception {
        Path slug = fixture.slug(1, Map.of());
        assertThat(new ProcessBuilder("mkfifo", "-m", "666", slug.resolve("go").toString())
                        .start()
                        .waitFor())
                .isZero();
        return slug;
    }

    /** The pipe as the instance sees it, which may be a copy in a layer of its own. */
    private static Path pipe(InstanceStatus status) {
        return Path.of("/proc/" + status.pid().orElseThrow() + "/cwd/go");
    }

    @Test
    void anInstanceWhoseShimWasKilledIsLostAndLeavesNothing() throws Exception {
        String mark = "sleep 9" + System.nanoTime();
        InstanceStatus status = fixture.spec("exec " + mark).start();
        await().until(
                        () -> EngineFixture.processesWith(mark),
                        List.of(status.pid().orElseThrow())::equals);
        long shim = Long.parseLong(
                Files.readString(status.output().resolveSibling("pid")).strip());

        ProcessHandle.of(shim).orElseThrow().destroyForcibly();

        assertThat(fixture.engine().await(status.id()).cause()).isEqualTo(Exit.Cause.LOST);
        await().until(() -> EngineFixture.processesWith(mark).isEmpty());
    }

    @Test
    void aStartThatEndedHalfwayIsLost() throws Exception {
        Files.createDirectory(fixture.directory.resolve("halfway"));

        ProcessEngine engine = fixture.reopen();

        assertThat(engine.await("halfway").cause()).isEqualTo(Exit.Cause.LOST);
        engine.remove("halfway");
        assertThat(fixture.directory.resolve("halfway")).doesNotExist();
    }

    @Test
    void aPidThatNowBelongsToAnotherProcessIsNotTakenForTheInstance() throws Exception {
        Path directory = Files.createDirectory(fixture.directory.resolve("reused"));
        Files.writeString(
                directory.resolve("pid"), String.valueOf(ProcessHandle.current().pid()));

        assertThat(fixture.reopen().await("reused").cause()).isEqualTo(Exit.Cause.LOST);
    }

    @Test
    void aSlugThatIsGoneIsAClearErrorAndLeavesNothing() throws Exception {
        EngineFixture.Spec spec = fixture.spec("true").slug(fixture.home.resolve("gone"));

        assertThatThrownBy(spec::start)
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("could not be launched: " + fixture.home.resolve("gone") + " does not exist");
        assertThat(fixture.engine().instances()).isEmpty();
        assertThat(fixture.directory).isDirectoryNotContaining("glob:**/i*");
    }

    @Test
    void aLaunchThatFailsSaysWhatTheSandboxSaid() throws Exception {
        Path slug = fixture.slug(1, Map.of());
        EngineFixture.Spec spec = fixture.spec("true").slug(slug.resolve("file"));
        Files.writeString(slug.resolve("file"), "not a directory");

        assertThatThrownBy(spec::start)
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("could not be launched: ")
                .hasMessageNotContaining("said nothing");
        assertThat(fixture.directory).isDirectoryNotContaining("glob:**/i*");
    }

    @Test
    void aLargeEnvironmentArrivesWhole() throws Exception {
        EngineFixture.Spec spec = fixture.spec("printf %s \"$A$B$C\" | wc -c");
        List.of("A", "B", "C").forEach(name -> spec.env(name, "x".repeat(60_000)));

        assertThat(fixture.run(spec).strip()).isEqualTo("180000");
    }
}
