package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.DeployEvent;
import dev.stoa.api.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeployCommandTest {
    @TempDir
    private Path parent;

    private final FakePlatform platform = new FakePlatform();
    private Path folder = Path.of(".");
    private Call call = Call.in(Path.of("."));

    @BeforeEach
    void makeFolder() throws Exception {
        folder = Files.createDirectory(parent.resolve("shop"));
        Files.writeString(folder.resolve("app.py"), "print('hello')\n");
        call = Call.in(folder).to(platform);
    }

    @AfterEach
    void stop() {
        platform.close();
    }

    @Test
    void theFolderArrivesTheBuildIsShownAndTheLastLineIsTheUrl() throws Exception {
        Call.Result result = call.stoa("deploy");
        assertThat(result.status()).isZero();
        assertThat(result.out()).isEqualTo("""
                        -----> Sending shop: 1 file, 15 bytes
                        -----> Installing
                               flask 3.1
                        http://shop.localhost:8080
                        """);
        assertThat(platform.requests().getFirst()).isEqualTo("POST /v1/apps/shop/deploys");
        assertThat(SourceFolderTest.untar(platform.upload()))
                .extracting(TarArchiveEntry::getName)
                .containsExactly("app.py");
    }

    @Test
    void aPathNamesTheFolderAndWithItTheApp() throws Exception {
        Path other = Files.createDirectory(parent.resolve("Other App"));
        Files.writeString(other.resolve("stoa.toml"), "name = \"shop\"\n");
        assertThat(call.stoa("deploy", "../Other App").lastLine()).isEqualTo("http://shop.localhost:8080");
        assertThat(SourceFolderTest.untar(platform.upload()))
                .extracting(TarArchiveEntry::getName)
                .containsExactly("stoa.toml");
    }

    @Test
    void withJsonTheDocumentIsTheDeployWithItsUrlAndTheBuildIsOnStderr() {
        Call.Result result = call.stoa("deploy", "--json");
        assertThat(result.json().path("id").asString()).isEqualTo("d1");
        assertThat(result.json().path("release").asString()).isEqualTo("v14");
        assertThat(result.json().path("url").asString()).isEqualTo("http://shop.localhost:8080");
        assertThat(result.err()).contains("-----> Installing");
    }

    @Test
    void aBuildThatFailsEndsWithThePlatformsWordsAndStatus1() {
        Problem problem = new Problem("build_failed", 422, "pip install ended with exit status 1", "see above");
        platform.stream(
                "GET /v1/apps/shop/deploys/d1/events",
                new DeployEvent.Line("       no such package"),
                new DeployEvent.End(
                        FakePlatform.finished("deploy", "failed", Optional.empty(), Optional.of(problem)),
                        Optional.empty()));
        Call.Result result = call.stoa("deploy");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).endsWith("       no such package\n");
        assertThat(result.err()).isEqualTo("error: pip install ended with exit status 1\n  see above\n");
    }

    @Test
    void aDeployThatSomebodyElseCancelledSaysSo() {
        platform.stream(
                "GET /v1/apps/shop/deploys/d1/events",
                new DeployEvent.End(FakePlatform.deploy("deploy", "cancelled"), Optional.empty()));
        Call.Result result = call.stoa("deploy");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("the deploy of shop was cancelled").contains("still runs");
    }

    @Test
    void anAppWithoutAUrlEndsWithThePlatformsLastLine() {
        platform.stream(
                "GET /v1/apps/shop/deploys/d1/events",
                new DeployEvent.Line("-----> v1 serves"),
                new DeployEvent.End(FakePlatform.deploy("deploy", "done"), Optional.empty()));
        assertThat(call.stoa("deploy").lastLine()).isEqualTo("-----> v1 serves");
    }

    @Test
    void anEmptyFolderIsRefusedBeforeAnythingIsSent() throws Exception {
        Files.delete(folder.resolve("app.py"));
        Call.Result result = call.stoa("deploy");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("nothing to deploy").contains(folder.toString());
        assertThat(platform.requests()).isEmpty();
    }

    @Test
    void aLargeFolderArrivesWhole() throws Exception {
        byte[] noise = new byte[20_000_000];
        new Random(7).nextBytes(noise);
        Files.write(folder.resolve("noise.bin"), noise);
        assertThat(call.stoa("deploy").status()).isZero();
        assertThat(SourceFolderTest.untar(platform.upload()))
                .extracting(TarArchiveEntry::getSize)
                .containsExactly(15L, 20_000_000L);
    }

    @Test
    void aFileThatCannotBePackedIsNamedAndNothingIsDeployed() throws Exception {
        SourceFolder source = SourceFolder.read(folder);
        Files.delete(folder.resolve("app.py"));
        Pipe pipe = new Pipe();
        DeployCommand.pack(source, pipe);
        assertThat(pipe.failure())
                .hasValueSatisfying(e -> assertThat(e.message()).contains("app.py"));
        assertThatThrownBy(() -> pipe.source().transferTo(OutputStream.nullOutputStream()))
                .isInstanceOf(IOException.class);
    }

    @Test
    void aPlatformThatVanishesDuringTheUploadIsReported() throws Exception {
        byte[] noise = new byte[20_000_000];
        new Random(7).nextBytes(noise);
        Files.write(folder.resolve("noise.bin"), noise);
        try (ServerSocket rude = new ServerSocket(0)) {
            Threads.start("rude", () -> {
                try (Socket socket = rude.accept()) {
                    socket.getInputStream().readNBytes(1000);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            Call.Result result = Call.in(folder)
                    .with("STOA_URL", "http://127.0.0.1:" + rude.getLocalPort())
                    .with("STOA_TOKEN", "x")
                    .stoa("deploy");
            assertThat(result.status()).isEqualTo(1);
            assertThat(result.err()).contains("broke").contains("while shop was being sent");
        }
    }
}
