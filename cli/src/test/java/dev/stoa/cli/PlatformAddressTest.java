package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlatformAddressTest {
    @TempDir
    private Path folder;

    private Path home = Path.of(".");

    @BeforeEach
    void makeHome() throws Exception {
        home = Files.createDirectory(folder.resolve("stoa-home"));
    }

    @Test
    void withoutAPlatformTheErrorSaysWhereItLookedAndHowToStartOne() {
        Call.Result result = Call.in(folder).stoa("ps");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo("error: no platform runs here (looked at %s)\n  start one: stoa up --detach\n"
                        .formatted(home.resolve("platform.json")));
    }

    @Test
    void aPlatformThatIsGoneIsNotTakenForOneThatRuns() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Files.writeString(home.resolve("token"), "right");
        Files.writeString(
                home.resolve("platform.json"), "{\"pid\":%d,\"url\":\"http://127.0.0.1:1\"}".formatted(gone.pid()));
        assertThat(Call.in(folder).stoa("ps").err())
                .contains("names process " + gone.pid() + ", which is gone")
                .contains("stoa up --detach");
        assertThat(Call.in(folder).stoa("down").out()).startsWith("Nothing to stop");
    }

    @Test
    void thePlatformOfThisMachineIsFoundInTheDataDirectory() throws Exception {
        try (FakePlatform platform = new FakePlatform()) {
            Files.writeString(home.resolve("platform.json"), platform.beacon());
            Files.writeString(home.resolve("token"), FakePlatform.TOKEN + "\n");
            assertThat(Call.in(folder).stoa("status").status()).isZero();
        }
    }

    @Test
    void aWrongTokenFileIsNamed() throws Exception {
        try (FakePlatform platform = new FakePlatform()) {
            Files.writeString(home.resolve("platform.json"), platform.beacon());
            assertThat(Call.in(folder).stoa("status").err())
                    .contains("cannot read the platform's token from " + home.resolve("token"));
            Files.writeString(home.resolve("token"), "wrong\n");
            assertThat(Call.in(folder).stoa("status").err())
                    .contains("does not take the token from " + home.resolve("token"));
        }
    }

    @Test
    void aBrokenPlatformFileIsNamed() throws Exception {
        Files.writeString(home.resolve("platform.json"), "{");
        assertThat(Call.in(folder).stoa("status").err())
                .contains("cannot read where the platform runs from " + home.resolve("platform.json"));
    }

    @Test
    void anAddressWhereNothingListensIsNamed() {
        Call.Result result = Call.in(folder)
                .with("STOA_URL", "http://127.0.0.1:1")
                .with("STOA_TOKEN", "x")
                .stoa("status", "--json");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("no platform answers at http://127.0.0.1:1: connection refused");
        assertThat(result.json().path("error").path("code").asString()).isEqualTo("no_platform");
    }

    @Test
    void anAddressThatIsNoneIsNamed() {
        assertThat(Call.in(folder)
                        .with("STOA_URL", "localhost:7070")
                        .stoa("status")
                        .err())
                .contains("STOA_URL is \"localhost:7070\"");
        assertThat(Call.in(folder)
                        .with("STOA_URL", "http://127.0.0.1:7070")
                        .stoa("status")
                        .err())
                .contains("STOA_TOKEN is not set");
    }
}
