package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.Json;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a process of its own: signals, and a platform in the background. */
class ProcessTest {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    @TempDir
    private Path folder;

    private static List<String> java(String main) {
        return List.of(
                JAVA,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main);
    }

    private ProcessBuilder stoa(String... args) throws IOException {
        List<String> command = new ArrayList<>(java("dev.stoa.cli.Main"));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(Files.createDirectories(folder.resolve("shop")).toFile())
                .redirectOutput(file("out"))
                .redirectError(file("err"));
        builder.environment().remove("STOA_URL");
        builder.environment().put("STOA_HOME", folder.resolve("home").toString());
        return builder;
    }

    private File file(String name) {
        return folder.resolve(name).toFile();
    }

    private String text(String name) throws IOException {
        return Files.readString(folder.resolve(name));
    }

    private int end(Process process) throws InterruptedException {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    /** Runs a command against a platform that never gets done, and presses Ctrl-C as soon as that was asked for. */
    private int interrupted(FakePlatform platform, String waitsAt, String... args) throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        platform.answer(waitsAt, exchange -> {
            String first = waitsAt.startsWith("POST")
                    ? "{\"type\":\"started\",\"id\":\"r1\",\"release\":\"v1\"}\n{\"type\":\"output\",\"text\":\"running\\n\"}\n"
                    : "{\"type\":\"line\",\"text\":\"-----> Installing\"}\n";
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(first.getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
            asked.countDown();
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        ProcessBuilder builder = stoa(args);
        builder.environment().put("STOA_URL", platform.url());
        builder.environment().put("STOA_TOKEN", FakePlatform.TOKEN);
        Files.writeString(folder.resolve("shop/app.py"), "x");
        Process process = builder.start();
        try {
            assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
            await().until(() -> text("out").contains("ing\n") || text("err").contains("Installing"));
            String signal = ignoresInterrupts(process) ? "TERM" : "INT";
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            return end(process) - (signal.equals("INT") ? 130 : 143);
        } finally {
            done.countDown();
            process.destroyForcibly();
        }
    }

    /** As whatever was started in the background of a script does; its hooks run at SIGTERM too. */
    private static boolean ignoresInterrupts(Process process) throws IOException {
        Path status = Path.of("/proc/%d/status".formatted(process.pid()));
        return Files.exists(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }

    @Test
    void ctrlCDuringADeployCancelsItAndSaysSo() throws Exception {
        try (FakePlatform platform = new FakePlatform()) {
            assertThat(interrupted(platform, "GET /v1/apps/shop/deploys/d1/events", "deploy"))
                    .isZero();
            assertThat(platform.requests()).contains("POST /v1/apps/shop/deploys/d1/cancel");
            assertThat(text("err"))
                    .contains("Cancelling the deploy of shop…")
                    .contains("error: the deploy of shop was cancelled\n  what ran before still runs");
        }
    }

    @Test
    void ctrlCWithJsonStillGivesOneDocument() throws Exception {
        try (FakePlatform platform = new FakePlatform()) {
            assertThat(interrupted(platform, "GET /v1/apps/shop/deploys/d1/events", "deploy", "--json"))
                    .isZero();
            assertThat(Json.MAPPER
                            .readTree(text("out"))
                            .path("error")
                            .path("code")
                            .asString())
                    .isEqualTo("cancelled");
        }
    }

    @Test
    void ctrlCDuringARunEndsTheCommand() throws Exception {
        try (FakePlatform platform = new FakePlatform()) {
            platform.answer("DELETE /v1/apps/shop/runs/r1", exchange -> FakePlatform.send(exchange, 204, ""));
            assertThat(interrupted(platform, "POST /v1/apps/shop/runs", "run", "--", "sleep", "100"))
                    .isZero();
            assertThat(platform.requests()).contains("DELETE /v1/apps/shop/runs/r1");
        }
    }

    private void launcher(String script) throws IOException {
        Path launcher = Files.writeString(folder.resolve("launcher"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwx------"));
    }

    private void launcherOfAFakePlatform() throws IOException {
        String quoted = String.join("' '", java("dev.stoa.cli.FakePlatform"));
        launcher("exec '" + quoted + "' \"$STOA_HOME\" \"$@\"\n");
    }

    private int run(String... args) throws Exception {
        ProcessBuilder builder = stoa(args);
        builder.environment().put("STOA_LAUNCHER", folder.resolve("launcher").toString());
        return end(builder.start());
    }

    @Test
    void upDetachStartsAPlatformThatOutlivesItAndDownEndsIt() throws Exception {
        launcherOfAFakePlatform();
        assertThat(run("up", "--detach", "--api-port", "7171")).as(text("err")).isZero();
        assertThat(text("out")).contains("process, isolation: none").contains("Next: stoa deploy");
        assertThat(text("home/platform.log")).contains("[up, --api-port, 7171]");
        long pid = Json.MAPPER.readTree(text("home/platform.json")).path("pid").asLong();
        assertThat(PlatformAddress.alive(pid)).isTrue();

        assertThat(run("up", "--detach", "--json")).isZero();
        assertThat(Json.MAPPER.readTree(text("out")).path("pid").asLong()).isEqualTo(pid);

        assertThat(run("down")).isZero();
        assertThat(text("out")).contains("Stopped");
        await().atMost(Duration.ofSeconds(10)).until(() -> !PlatformAddress.alive(pid));
    }

    @Test
    void twoThatStartAtOnceShareOnePlatform() throws Exception {
        launcherOfAFakePlatform();
        ProcessBuilder first = stoa("up", "--detach");
        first.environment().put("STOA_LAUNCHER", folder.resolve("launcher").toString());
        Process one = first.start();
        assertThat(run("up", "--detach")).isZero();
        assertThat(end(one)).isZero();
        assertThat(text("home/platform.log").lines()).hasSize(1);
        assertThat(run("down")).isZero();
    }

    @Test
    void aPlatformThatDiesAtItsStartShowsItsLastWords() throws Exception {
        launcher("echo starting; echo 'error: port 7070 is taken' >&2; exit 3\n");
        assertThat(run("up", "--detach")).isEqualTo(1);
        assertThat(text("err"))
                .contains("error: the platform ended with status 3 before it was ready")
                .contains("  error: port 7070 is taken");
    }

    @Test
    void deployStartsAPlatformWhereNoneRuns() throws Exception {
        launcherOfAFakePlatform();
        Files.createDirectories(folder.resolve("shop"));
        Files.writeString(folder.resolve("shop/app.py"), "x");
        assertThat(run("deploy")).as(text("err")).isZero();
        assertThat(text("err")).contains("-----> Starting Stoa in the background");
        assertThat(text("out")).endsWith("http://shop.localhost:8080\n");
        assertThat(run("down")).isZero();
    }

    @Test
    void upWithJsonInTheForegroundPrintsTheStatusAndStaysUntilItIsStopped() throws Exception {
        launcherOfAFakePlatform();
        Files.createDirectories(folder.resolve("home"));
        ProcessBuilder builder = stoa("up", "--json");
        builder.environment().put("STOA_LAUNCHER", folder.resolve("launcher").toString());
        Process up = builder.start();
        await().atMost(Duration.ofSeconds(20)).until(() -> text("out").contains("\"pid\""));
        long pid = Json.MAPPER.readTree(text("out")).path("pid").asLong();
        assertThat(text("err")).contains("a platform with arguments");
        up.destroy();
        end(up);
        assertThat(PlatformAddress.alive(pid)).isFalse();
    }
}
