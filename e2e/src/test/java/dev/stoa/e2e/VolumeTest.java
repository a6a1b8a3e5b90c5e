package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeTest {
    private static final String TABLE = "[volumes.data]\npath = \"/data\"\n";
    private static final String WRITES = "worker: echo $STOA_RELEASE >>$STOA_VOLUME_DATA/log; exec sleep 1000\n";

    private static Stoa stoa;
    private static Folder folder;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        folder = Folder.empty().with("Procfile", WRITES).with("stoa.toml", TABLE);
        assertThat(stoa.ok("deploy", folder.toString(), "-a", "shop").out()).contains("Making the volume shop-data");
    }

    @AfterAll
    static void down() {
        if (stoa != null) {
            stoa.close();
        }
    }

    private static String log() {
        return stoa.ok("run", "-a", "shop", "--", "sh", "-c", "cat $STOA_VOLUME_DATA/log")
                .out()
                .replace("\n", " ")
                .strip();
    }

    @Test
    void aVolumeOutlivesReleasesAndPlatformsAndComesBackAsItWas() {
        assertThat(stoa.ok("deploy", folder.toString(), "-a", "shop").out())
                .contains("one writer at a time: worker stops before the new one starts");
        assertThat(log()).isEqualTo("v1 v2");
        assertThat(stoa.fails("scale", "worker=2", "-a", "shop").err()).contains("one writer at a time");
        assertThat(stoa.fails("deploy", folder.toString(), "-a", "shop", "--canary", "10%")
                        .err())
                .contains("no web process");

        stoa.kill();
        stoa.start();
        String snapshot = stoa.ok("volume", "snapshot", "data", "-a", "shop", "--json")
                .json()
                .path("name")
                .asString();
        folder.with("Procfile", WRITES.replace("exec sleep 1000", "exit 3"));
        assertThat(stoa.fails("deploy", folder.toString(), "-a", "shop").err()).contains("exited with status 3");
        folder.with("Procfile", WRITES);
        assertThat(log()).isEqualTo("v1 v2 v3 v2");

        assertThat(stoa.ok("volume", "restore", "data", snapshot, "-a", "shop").out())
                .contains("What it held before is the snapshot");

        assertThat(log()).isEqualTo("v1 v2 v2");
        assertThat(stoa.ok("volume", "snapshots", "shop-data").out())
                .contains(snapshot, "before " + snapshot + " was restored");
        assertThat(stoa.fails("volume", "destroy", "shop-data").err()).contains("is used by shop");
    }

    @Test
    void filesAreCopiedToAVolumeAndFromItAndNoLinkLeadsOut(@TempDir Path here) throws IOException {
        Files.createDirectories(here.resolve("site/deep"));
        Files.writeString(here.resolve("site/deep/a b"), "held");
        stoa.ok("volume", "cp", here.resolve("site").toString(), "shop-data:files");
        stoa.ok("run", "-a", "shop", "--", "sh", "-c", "ln -s /etc/shadow $STOA_VOLUME_DATA/files/secret");
        assertThat(stoa.ok("volume", "ls", "shop-data", "files").out()).contains("folder  deep", "link  secret");

        stoa.ok("volume", "cp", "shop-data:files", here.resolve("back").toString());
        assertThat(here.resolve("back/deep/a b")).hasContent("held");
        assertThat(here.resolve("back/secret")).isSymbolicLink();
        assertThat(stoa.fails("volume", "ls", "shop-data", "../x").err()).contains("leads out of the volume");
        assertThat(stoa.fails("volume", "cp", "shop-data:none", here.toString()).err())
                .contains("cannot be read");
        try (Stream<Path> left = Files.list(here)) {
            assertThat(left.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("site", "back");
        }
    }

    @Test
    void ofAnEmptyVolumeNothingIsKeptAndABadPathIsSaid() {
        stoa.ok("volume", "create", "lone", "--path", "/x", "--shared");
        assertThat(stoa.ok("volume", "destroy", "lone", "--confirm", "lone").out())
                .doesNotContain("kept");
        assertThat(stoa.fails("volume", "restore", "lone").err())
                .contains("there is no volume \"lone\" that was destroyed");
        assertThat(stoa.fails("volume", "create", "bad", "--path", "/etc/x").err())
                .contains("/etc is the system's");
        assertThat(stoa.fails("volume", "create", "bad", "--path", "/data/x", "-a", "shop")
                        .err())
                .contains("stand within each other");
    }
}
