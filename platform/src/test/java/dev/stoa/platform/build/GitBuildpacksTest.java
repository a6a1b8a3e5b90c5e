package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fetches buildpacks from a repository that a plain file server offers, which is the least that git can work with. */
class GitBuildpacksTest {
    @TempDir
    Path dir;

    private Workshop workshop;
    private Path repository;
    private HttpServer server;

    @BeforeEach
    void repository() throws Exception {
        assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/git")) || Files.isExecutable(Path.of("/usr/local/bin/git")),
                "needs git: apt-get install git");
        workshop = new Workshop(dir);
        repository = Files.createDirectories(dir.resolve("work"));
        git("init", "-q", "-b", "main");
        git("init", "-q", "--bare", "-b", "main", dir.resolve("www/pack.git").toString());
        commit("one");
        git("tag", "v1");
        git("checkout", "-q", "-b", "feature/two");
        commit("two");
        git("checkout", "-q", "main");
        commit("three");
        publish();
        server = SimpleFileServer.createFileServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                dir.resolve("www"),
                SimpleFileServer.OutputLevel.NONE);
        server.start();
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.stop(0);
        }
    }

    @Test
    void aBranchATagACommitAndTheDefaultAreFetched() throws Exception {
        assertThat(built("")).isEqualTo("three");
        assertThat(built("#v1")).isEqualTo("one");
        assertThat(built("#feature/two")).isEqualTo("two");
        assertThat(built("#" + git("rev-parse", "v1").strip())).isEqualTo("one");
        assertThat(built("#main")).isEqualTo("three");
    }

    @Test
    void aBranchIsFetchedAsItIsNow() throws Exception {
        assertThat(built("#main")).isEqualTo("three");
        commit("four");
        publish();

        assertThat(built("#main")).isEqualTo("four");
    }

    @Test
    void aRefThatIsNotThereAndAServerThatIsNotThereAreNamed() throws Exception {
        StoaException noRef = failed(url() + "#none");
        assertThat(noRef.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(noRef.message()).endsWith("has no branch, tag or commit \"none\"");

        StoaException noServer = failed("http://user:secret@127.0.0.1:1/pack.git#main");
        assertThat(noServer.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(noServer.message()).startsWith("buildpack http://127.0.0.1:1/pack.git could not be fetched");
        assertThat(workshop.output)
                .anyMatch(line -> line.contains("127.0.0.1"))
                .noneMatch(line -> line.contains("secret"));

        assertThat(failed(url() + "#main:folder").message()).contains("is not there: there is no such folder");
    }

    private String url() {
        return "http://127.0.0.1:%d/pack.git".formatted(server.getAddress().getPort());
    }

    private String built(String ref) throws Exception {
        Path source = build(url() + ref);
        return Files.readString(source.resolve("made"));
    }

    private StoaException failed(String buildpack) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> build(buildpack));
        assertThat(error).isNotNull();
        return error;
    }

    private Path build(String buildpack) throws InterruptedException {
        workshop.manifest = new Manifest(
                Optional.empty(),
                List.of(),
                Optional.empty(),
                new Manifest.BuildManifest(Optional.empty(), List.of(buildpack), List.of(), Optional.empty()),
                Map.of(),
                Manifest.ReleaseManifest.NONE,
                Map.of(),
                Manifest.NetworkManifest.CLOSED,
                Map.of(),
                Manifest.EMPTY.edge(),
                Manifest.EMPTY.routing(),
                Manifest.EMPTY.resources());
        Path source = workshop.source(Map.of("Procfile", "web: ./server"));
        workshop.build(source);
        return source;
    }

    private void publish() throws Exception {
        String bare = dir.resolve("www/pack.git").toString();
        git("push", "-q", "--all", bare);
        git("push", "-q", "--tags", bare);
        git("--git-dir", bare, "update-server-info");
    }

    private void commit(String says) throws Exception {
        Workshop.write(repository, "buildpack.toml", "api = \"0.11\"\n[buildpack]\nid = \"acme/git\"\n");
        Workshop.write(repository, "bin/detect", "#!/bin/sh\n");
        Workshop.write(repository, "bin/build", "#!/bin/sh\nprintf %s > made\n".formatted(says));
        assertThat(repository.resolve("bin/detect").toFile().setExecutable(true))
                .isTrue();
        assertThat(repository.resolve("bin/build").toFile().setExecutable(true)).isTrue();
        git("add", "-A");
        git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", says);
    }

    private String git(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(repository.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }
}
