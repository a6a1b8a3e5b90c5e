package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the launcher against JDKs that are a {@code release} file and a script, and a Maven that is a script. */
class LauncherTest {
    private static final Path SCRIPT = Path.of("..", "stoa").toAbsolutePath().normalize();

    /** What the launcher needs of the machine; java and mvn must not be there by accident. */
    private static final List<String> TOOLS = List.of(
            "sh",
            "awk",
            "cat",
            "find",
            "grep",
            "head",
            "kill",
            "ln",
            "mkdir",
            "mv",
            "readlink",
            "rm",
            "rmdir",
            "sed",
            "sleep",
            "touch",
            "uname");

    @TempDir
    private Path root;

    private final Map<String, String> variables = new TreeMap<>();
    private Path work = Path.of(".");

    @BeforeEach
    void prepare() throws Exception {
        // A space, so that every test is one of paths with spaces.
        work = Files.createDirectory(root.resolve("my work"));
        Path tools = Files.createDirectory(work.resolve("tools"));
        for (String tool : TOOLS) {
            for (String folder : List.of("/bin", "/usr/bin")) {
                Path real = Path.of(folder, tool);
                if (Files.exists(real) && !Files.exists(tools.resolve(tool))) {
                    Files.createSymbolicLink(tools.resolve(tool), real);
                }
            }
        }
        variables.put("PATH", tools.toString());
        variables.put("HOME", work.toString());
        variables.put("STOA_JVM_DIRS", work.resolve("jvms").toString());
    }

    private record Result(int status, String out, String err) {}

    private Process start(Path script, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of("/bin/sh", script.toString()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).directory(root.toFile());
        builder.environment().clear();
        builder.environment().putAll(variables);
        return builder.start();
    }

    private Result run(Path script, String... args) throws Exception {
        Process process = start(script, args);
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err);
    }

    private static void script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A JDK whose java prints its folder and its arguments, one a line. */
    private Path jdk(String folder, String version) throws IOException {
        Path jdk = work.resolve(folder);
        script(jdk.resolve("bin/java"), "printf '%s\\n' \"java of " + jdk + "\" \"$@\"\n");
        script(jdk.resolve("bin/javac"), "");
        Files.writeString(jdk.resolve("release"), """
                IMPLEMENTOR="Somebody"
                JAVA_RUNTIME_VERSION="%s+1"
                JAVA_VERSION="%s"
                """.formatted(version, version));
        return jdk;
    }

    private Path packaged() throws IOException {
        Path stoa = work.resolve("stoa-1/bin/stoa");
        Files.createDirectories(stoa.getParent());
        Files.copy(SCRIPT, stoa, StandardCopyOption.COPY_ATTRIBUTES);
        Path lib = Files.createDirectories(work.resolve("stoa-1/lib"));
        Files.createFile(lib.resolve("stoa-cli-1.jar"));
        Files.createFile(lib.resolve("stoa-platform-1.jar"));
        return stoa;
    }

    private String javaHome() throws Exception {
        Result result = run(packaged(), "--print-java-home");
        assertThat(result.status()).as(result.err()).isZero();
        return result.out().strip();
    }

    @Test
    void aNamedJdkComesFirstThenJavaHomeThenThePathThenTheMachines() throws Exception {
        Path machine = jdk("jvms/jdk-26", "26");
        Path stoa = packaged();
        assertThat(run(stoa, "--print-java-home").out()).isEqualTo(machine + "\n");

        Path onPath = jdk("on path", "25.0.1");
        Files.createSymbolicLink(work.resolve("tools/java"), onPath.resolve("bin/java"));
        assertThat(run(stoa, "--print-java-home").out()).isEqualTo(onPath + "\n");

        Path javaHome = jdk("java-home", "25");
        variables.put("JAVA_HOME", javaHome.toString());
        assertThat(run(stoa, "--print-java-home").out()).isEqualTo(javaHome + "\n");

        Path named = jdk("named", "27-ea");
        variables.put("STOA_JAVA_HOME", named.toString());
        assertThat(run(stoa, "--print-java-home").out()).isEqualTo(named + "\n");
    }

    @Test
    void olderJdksArePassedOver() throws Exception {
        variables.put("STOA_JAVA_HOME", jdk("eight", "1.8.0_392").toString());
        variables.put("JAVA_HOME", jdk("seventeen", "17.0.15").toString());
        jdk("jvms/a-24", "24.0.2");
        Path good = jdk("jvms/b-25", "25.0.3");
        assertThat(javaHome()).isEqualTo(good.toString());
    }

    @Test
    void sdkmansJdksAreFound() throws Exception {
        Path sdkman = jdk(".sdkman/candidates/java/25-tem", "25");
        assertThat(javaHome()).isEqualTo(sdkman.toString());
    }

    @Test
    void withoutAJdkTheErrorSaysWhatWasLookedAtAndHowToInstallOneHere() throws Exception {
        variables.put("JAVA_HOME", jdk("seventeen", "17.0.15").toString());
        Path osRelease = Files.writeString(work.resolve("os-release"), "ID=fedora\n");
        variables.put("STOA_OS_RELEASE", osRelease.toString());
        Result result = run(packaged(), "status");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .contains("error: Stoa needs a JDK 25 or newer")
                .contains("JAVA_HOME: Java 17 in " + work.resolve("seventeen"))
                .contains(work.resolve("jvms") + ": nothing there")
                .contains("dnf install java-25-openjdk-devel")
                .contains("STOA_JAVA_HOME");
        Files.writeString(osRelease, "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n");
        assertThat(run(installed(), "status").err()).contains("apt-get install ");
    }

    private Path installed() {
        return work.resolve("stoa-1/bin/stoa");
    }

    @Test
    void argumentsArriveWholeFromAnywhereAndThroughLinks() throws Exception {
        jdk("jvms/jdk", "25");
        Path link = Files.createSymbolicLink(work.resolve("a link"), Path.of("stoa-1/bin/stoa"));
        Path far = Files.createSymbolicLink(root.resolve("far"), link);
        packaged();
        List<String> words =
                run(far, "run", "--", "sh -c", "", "a b").out().lines().toList();
        assertThat(words).containsSubsequence("dev.stoa.cli.Main", "run", "--", "sh -c", "", "a b");
        assertThat(words)
                .containsSubsequence(
                        "-cp",
                        work.toRealPath().resolve("stoa-1/lib/stoa-cli-1.jar").toString());
    }

    @Test
    void upStartsThePlatformItselfUnlessDetached() throws Exception {
        jdk("jvms/jdk", "25");
        Path stoa = packaged();
        assertThat(run(stoa, "up", "--http-port", "81").out().lines())
                .containsSubsequence("dev.stoa.platform.Main", "--http-port", "81")
                .doesNotContain("up");
        assertThat(run(stoa, "up", "--detach").out().lines())
                .containsSubsequence("dev.stoa.cli.Main", "up", "--detach");
        assertThat(run(stoa, "up", "--help").out().lines()).containsSubsequence("dev.stoa.cli.Main", "up", "--help");
    }

    @Test
    void anAotCacheIsUsedByTheJvmThatMadeItAndNoOther() throws Exception {
        Path jdk = jdk("jvms/jdk", "25");
        Path stoa = packaged();
        Path cache = work.resolve("stoa-1/lib/cli.aot");
        variables.put("STOA_AOT_OUTPUT", cache.toString());
        assertThat(run(stoa, "status").out()).contains("-XX:AOTCacheOutput=" + cache);
        variables.remove("STOA_AOT_OUTPUT");
        assertThat(run(stoa, "status").out()).doesNotContain("AOTCache");
        Files.createFile(cache);
        assertThat(run(stoa, "status").out()).contains("-XX:AOTCache=" + cache.toRealPath());

        Files.writeString(jdk.resolve("release"), "JAVA_RUNTIME_VERSION=\"25+2\"\nJAVA_VERSION=\"25\"\n");
        Result other = run(stoa, "status");
        assertThat(other.out()).doesNotContain("AOTCache");
        assertThat(other.err()).isEmpty();
    }

    /** A checkout whose Maven counts its calls and makes the package. */
    private Path checkout(String maven) throws IOException {
        Path stoa = work.resolve("checkout/stoa");
        Files.createDirectories(work.resolve("checkout/cli/src"));
        Files.createDirectories(work.resolve("checkout/dist"));
        Files.copy(SCRIPT, stoa, StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(work.resolve("checkout/pom.xml"), "<project>\n  <version>7.1</version>\n</project>\n");
        Files.writeString(work.resolve("checkout/dist/pom.xml"), "<project/>\n");
        Files.writeString(work.resolve("checkout/cli/src/A.java"), "class A {}\n");
        Files.writeString(work.resolve("checkout/cli/src/B.java"), "class B {}\n");
        script(
                work.resolve("tools/mvn"),
                "echo called >> '%s'\n%s\nmkdir -p dist/target/stoa-7.1/lib\n".formatted(calls(), maven)
                        + ": > dist/target/stoa-7.1/lib/stoa-cli-7.1.jar\n");
        return stoa;
    }

    private Path calls() {
        return work.resolve("calls");
    }

    private long builds() throws IOException {
        return Files.exists(calls()) ? Files.readAllLines(calls()).size() : 0;
    }

    @Test
    void aCheckoutIsBuiltOnceAndAgainWhenItsSourcesChange() throws Exception {
        jdk("jvms/jdk", "25");
        Path stoa = checkout("");
        Result first = run(stoa, "status");
        assertThat(first.err()).isEqualTo("Building Stoa (first time takes a minute)…\n");
        assertThat(first.out()).contains("dev.stoa.cli.Main");
        assertThat(run(stoa, "status").err()).isEmpty();
        assertThat(builds()).isEqualTo(1);

        Path sources = work.resolve("checkout/cli/src");
        Files.writeString(sources.resolve("A.java"), "class A { int x; }\n");
        assertThat(run(stoa, "status").err()).isEqualTo("Building Stoa…\n");
        assertThat(builds()).isEqualTo(2);
        Files.delete(sources.resolve("B.java"));
        run(stoa, "status");
        assertThat(builds()).isEqualTo(3);
        Files.move(sources.resolve("A.java"), sources.resolve("C.java"));
        run(stoa, "status");
        assertThat(builds()).isEqualTo(4);
        Files.setLastModifiedTime(sources.resolve("C.java"), FileTime.fromMillis(0));
        run(stoa, "status");
        assertThat(builds()).as("a file that was copied over with an old time").isEqualTo(5);
        run(stoa, "status");
        assertThat(builds()).isEqualTo(5);
    }

    @Test
    void whatIsSavedWhileABuildRunsIsBuiltNextTime() throws Exception {
        jdk("jvms/jdk", "25");
        Path stoa = checkout("sleep 0.1; echo 'class A { }' > cli/src/A.java");
        run(stoa, "status");
        run(stoa, "status");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        jdk("jvms/jdk", "25");
        Path stoa = checkout("sleep 1");
        Process one = start(stoa, "status");
        Process two = start(stoa, "status");
        assertThat(one.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(two.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(List.of(one.exitValue(), two.exitValue())).containsExactly(0, 0);
        assertThat(builds()).isEqualTo(1);
        assertThat(work.resolve("checkout/dist/target/stoa.lock")).doesNotExist();
    }

    @Test
    void theLockOfALauncherThatDiedIsTaken() throws Exception {
        jdk("jvms/jdk", "25");
        Path stoa = checkout("");
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Files.createDirectories(work.resolve("checkout/dist/target"));
        Files.createSymbolicLink(work.resolve("checkout/dist/target/stoa.lock"), Path.of("pid-" + dead.pid()));
        assertThat(run(stoa, "status").status()).isZero();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void aFailedBuildShowsMavensErrorsAndIsTriedAgain() throws Exception {
        jdk("jvms/jdk", "25");
        Path stoa = checkout("echo '[INFO] busy'; echo '[ERROR] A.java:[1,2] cannot find symbol'; exit 1");
        Result failed = run(stoa, "status");
        assertThat(failed.status()).isEqualTo(1);
        assertThat(failed.out()).isEmpty();
        assertThat(failed.err())
                .contains("[ERROR] A.java:[1,2] cannot find symbol")
                .contains("error: building Stoa from " + work.toRealPath().resolve("checkout") + " failed")
                .doesNotContain("busy");
        run(stoa, "status");
        assertThat(builds()).isEqualTo(2);
    }
}
