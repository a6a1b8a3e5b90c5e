package dev.stoa.platform.engine.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.platform.engine.Exit;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.engine.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What an instance can see, change and use up. */
@Order(1)
@ParameterizedClass
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
class IsolationTest {
    private final Sandbox.Kind kind;
    private final EngineFixture fixture;

    IsolationTest(Sandbox.Kind kind, @TempDir Path base) throws IOException {
        this.kind = kind;
        this.fixture = new EngineFixture(base, kind);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void thePlatformsHomeAndOtherAppsAreInvisible() throws Exception {
        Path other = fixture.slug(2, Map.of("secret", "of another"));
        InstanceStatus neighbour = fixture.spec("echo neighbour; exec sleep 1000")
                .slug(other)
                .tenant(2)
                .start();
        Path key = Files.writeString(fixture.home.resolve("key"), "the platform's");

        String output = fixture.run("for path in " + fixture.home + " " + key + " " + other + " " + neighbour.output()
                + " /home /srv /mnt /boot /root; do ls -d $path 2>/dev/null && echo SEEN; done; ls /; exit 0");

        assertThat(output).doesNotContain("SEEN");
        assertThat(output.lines())
                .contains("app", "dev", "etc", "proc", "tmp", "usr")
                .isSubsetOf(
                        "app", "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "run", "sbin",
                        "sys", "tmp", "usr", "var");
    }

    @Test
    void aHiddenDirectoryBelowASystemDirectoryIsEmpty() throws Exception {
        Path hidden = Path.of("/usr/share");
        try (ProcessEngine engine = new ProcessEngine(
                Files.createDirectories(fixture.home.resolve("second")),
                java.util.List.of(hidden),
                java.time.InstantSource.system(),
                Sandbox.of(kind),
                Cgroups.none(),
                new Machine.Networking(java.util.Optional.empty(), ""))) {
            InstanceStatus status = engine.start(
                    fixture.spec("ls -A /usr/share | wc -l; ls -d /usr/bin").build());
            Exit exit = engine.await(status.id());

            assertThat(fixture.output(status)).isEqualTo("0\n/usr/bin\n");
            assertThat(exit.status()).isZero();
            engine.remove(status.id());
        }
    }

    @Test
    void processesOfOthersAreInvisible() throws Exception {
        String output = fixture.run("for p in /proc/[0-9]*; do echo $p; done | wc -l; kill -0 "
                + ProcessHandle.current().pid() + " 2>/dev/null && echo REACHED; exit 0");

        assertThat(output).doesNotContain("REACHED");
        assertThat(Integer.parseInt(output.strip())).isLessThan(8);
    }

    @Test
    void theSystemIsReadOnly() throws Exception {
        // The platform's user may own it, as root does when this test runs as root.
        String hostname = Sandbox.of(kind).uid(1) >= 0 ? " /proc/sys/kernel/hostname" : "";
        String output = fixture.run("for path in /usr/x /etc/x /usr/bin/x" + hostname + "; do"
                + " (echo x >$path) 2>/dev/null && echo WRITTEN $path; done; exit 0");

        assertThat(output).isEmpty();
        // Permissions alone would refuse it too, but not to whoever gets hold of root.
        assertThat(fixture.run("while read -r _ _ _ _ point options _; do case $point in /usr*|/etc*|/opt*)"
                                + " echo $options;; esac; done </proc/self/mountinfo")
                        .lines())
                .isNotEmpty()
                .allMatch(options -> options.startsWith("ro,"));
    }

    @Test
    void anInstanceHasNoPrivileges() throws Exception {
        if (Sandbox.of(kind).uid(1) < 0) {
            return; // without root, the platform's user is all there is, and has no privileges to lose
        }
        String output = fixture.run("id -u; id -un; cat /etc/shadow 2>/dev/null; grep -E 'CapEff|CapPrm|NoNewPrivs'"
                + " /proc/self/status; mount -t tmpfs tmpfs /tmp 2>/dev/null && echo MOUNTED; exit 0");

        assertThat(output)
                .isEqualTo("70001\napp\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
    }

    @Test
    void eachInstanceHasAWritableTmpAndSharedMemoryOfItsOwn() throws Exception {
        InstanceStatus first = fixture.spec("echo x >/tmp/mine && echo x >/dev/shm/mine && echo x >/var/tmp/mine2 &&"
                        + " echo done; exec sleep 1000")
                .start();
        await().until(() -> fixture.output(first), "done\n"::equals);

        assertThat(fixture.run("ls /tmp /dev/shm")).doesNotContain("mine");
        assertThat(Path.of("/tmp/mine")).doesNotExist();
    }

    @Test
    void whatAnInstanceWritesIntoItsSlugIsGoneWithIt() throws Exception {
        Path slug = fixture.slug(1, Map.of("file", "old"));

        assertThat(fixture.run(fixture.spec("echo new >file; echo y >other; cat file other")
                        .slug(slug)))
                .isEqualTo("new\ny\n");
        assertThat(slug.resolve("file")).hasContent("old");
        assertThat(slug.resolve("other")).doesNotExist();
        assertThat(fixture.run(fixture.spec("ls").slug(slug))).isEqualTo("file\n");
    }

    @Test
    void aBuildChangesTheSlugAndItsCacheInPlace() throws Exception {
        Path slug = fixture.slug(1, Map.of("file", "old"));
        Path cache = Files.createDirectories(fixture.home.resolve("cache/one"));
        fixture.engine().own(cache, 1);

        fixture.run(fixture.spec("echo new >file; echo kept >" + cache + "/kept")
                .slug(slug)
                .writable(cache)
                .inPlace());

        assertThat(slug.resolve("file")).hasContent("new");
        assertThat(cache.resolve("kept")).hasContent("kept");
    }

    @Test
    void aToolchainInAHiddenPlaceIsReadableAtItsPath() throws Exception {
        Path toolchain = Files.createDirectories(fixture.home.resolve("toolchains/deep/bin"));
        Path tool = Files.writeString(toolchain.resolve("tool"), "#!/bin/sh\necho works\n");
        Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));

        assertThat(fixture.run(fixture.spec(tool + "; touch " + toolchain + "/x 2>/dev/null && echo WRITTEN; exit 0")
                        .readable(toolchain)))
                .isEqualTo("works\n");
    }

    @Test
    void namesOfHostsResolve() throws Exception {
        assertThat(fixture.run("getent hosts localhost | wc -l")).isEqualTo("1\n");
        assertThat(fixture.run("cat /etc/resolv.conf")).isEqualTo(Files.readString(Path.of("/etc/resolv.conf")));
    }

    @Test
    void anInstanceThatUsesTooMuchMemoryIsKilledAndTheCauseIsKnown() throws Exception {
        assumeLimits();
        InstanceStatus status = fixture.spec("exec perl -e '$x .= \"x\" x 1048576 while 1'")
                .limits(new Limits(48L << 20, 1, 50))
                .start();

        Exit exit = fixture.engine().await(status.id());

        assertThat(exit.cause()).isEqualTo(Exit.Cause.OUT_OF_MEMORY);
        assertThat(exit.status()).isEqualTo(137);
    }

    @Test
    void aForkBombStaysWithinItsLimitAndCanBeKilled() throws Exception {
        assumeLimits();
        String mark = "6" + System.nanoTime();
        InstanceStatus status = fixture.spec("sh -c 'while :; do sleep " + mark + " & done'; exec sleep " + mark)
                .limits(new Limits(256L << 20, 1, 20))
                .start();
        await().until(() -> fixture.output(status).contains("fork"));

        assertThat(EngineFixture.processesWith("sleep " + mark)).hasSizeBetween(10, 24);
        fixture.engine().kill(status.id());
        fixture.engine().await(status.id());
        await().until(() -> EngineFixture.processesWith("sleep " + mark).isEmpty());
    }

    @Test
    void theGroupsOfARemovedInstanceAreGone() throws Exception {
        assumeLimits();
        InstanceStatus status = fixture.spec("exec sleep 1000").start();
        String group = "/" + status.id();
        String pid = String.valueOf(status.pid().orElseThrow());
        Path groups = Path.of("/proc", pid, "cgroup");
        String line = Files.readAllLines(groups).stream()
                .filter(text -> text.endsWith(group) && text.contains("memory"))
                .findFirst()
                .orElseThrow();
        Path directory = Path.of("/sys/fs/cgroup/memory" + line.substring(line.indexOf('/')));
        assertThat(directory).isDirectory();

        fixture.engine().remove(status.id());

        assertThat(directory).doesNotExist();
    }

    private void assumeLimits() {
        assumeTrue(
                fixture.engine().isolation().summary().contains("cpu, memory, pids"),
                "no control group is writable here");
    }
}
