package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The data directory is on a small disk. */
class DiskFullTest {
    private static final int DISK_MEGABYTES = 600;

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path disk;

    private Stoa stoa;

    @BeforeEach
    void up() throws Exception {
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=%dm".formatted(DISK_MEGABYTES), "tmpfs", disk.toString()) == 0,
                "a small disk can be mounted only by root");
        stoa = Stoa.upIn(disk.resolve("home"));
        stoa.ok("deploy", Folder.web("still here").toString(), "-a", "app");
    }

    @AfterEach
    void down() throws Exception {
        stoa.close();
        run("umount", "--lazy", disk.toString());
    }

    @Test
    void aBuildThatFillsTheDiskFailsAndTheAppGoesOn() {
        // As fast as a disk: this one is memory in truth, and would be full before anybody can look.
        Folder greedy = Folder.web("x").with("package.json", """
                {"name": "greedy", "version": "1.0.0", "scripts": {
                  "build": "for i in $(seq 100); do dd if=/dev/zero of=big$i bs=1M count=20 || exit; sleep 0.1; done"}}
                """);
        assertThat(stoa.fails("deploy", greedy.toString(), "-a", "app").err())
                .contains("the build was ended, as it left less than 200 MB free on the platform's disk")
                .contains("free some space");
        assertThat(stoa.get("app", "/").body()).isEqualTo("still here");
        stoa.ok("deploy", Folder.web("room again").toString(), "-a", "app");
        assertThat(stoa.get("app", "/").body()).isEqualTo("room again");
    }

    @Test
    void aDeployOntoADiskThatIsFullIsRefusedAndTheAppGoesOn() throws Exception {
        Path filler = disk.resolve("filler");
        fill(filler);
        assertThat(stoa.fails("deploy", Folder.web("x").toString(), "-a", "app").err())
                .contains("the disk of the data directory has less than");
        assertThat(stoa.get("app", "/").body()).isEqualTo("still here");
        Files.delete(filler);
        stoa.ok("deploy", Folder.web("room again").toString(), "-a", "app");
        assertThat(stoa.get("app", "/").body()).isEqualTo("room again");
    }

    private static void fill(Path file) throws IOException {
        byte[] megabyte = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < DISK_MEGABYTES; i++) {
                out.write(megabyte);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left on device");
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
    }
}
