package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.StoaException;
import dev.stoa.api.VolumeSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VolumeFilesTest {
    private static final Path HOME = Path.of("/srv/stoa");

    @TempDir
    private Path temp;

    @ParameterizedTest
    @CsvSource({
        "/data,/data",
        "/data/,/data",
        "/app/storage,/app/storage",
        "/var/lib/my.app,/var/lib/my.app",
        "/srv/x,/srv/x"
    })
    void aPathOfAVolumeStandsAsItIsWithoutASlashAtTheEnd(String given, String settled) {
        assertThat(VolumePath.check(given, List.of(HOME))).isEqualTo(settled);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "//",
                "data",
                "./data",
                "../data",
                "/data/../etc",
                "/a/./b",
                "/a//b",
                "/proc",
                "/proc/1",
                "/etc/x",
                "/usr/local",
                "/tmp/x",
                "/app",
                "/app/",
                "/var",
                "/home",
                "/lib64/x",
                "/da ta",
                "/da\nta",
                "/dä",
                "/srv",
                "/srv/stoa/volumes",
                "/...x/..",
                "/run/x"
            })
    void aVolumeStandsNowhereWhereItWouldHideWhatIsNeeded(String path) {
        assertThatThrownBy(() -> VolumePath.check(path, List.of(HOME)))
                .isInstanceOf(StoaException.class)
                .satisfies(e -> assertThat(((StoaException) e).hint()).isPresent());
    }

    @Test
    void twoVolumesStandNeitherAtOnePathNorWithinEachOther() {
        assertThat(VolumePath.clash("/data", "/data")).hasValue("both stand at /data");
        assertThat(VolumePath.clash("/data", "/data/x")).isPresent();
        assertThat(VolumePath.clash("/data", "/database")).isEmpty();
    }

    @Test
    void aSecondCopyTakesOverExactlyWhatHasChanged() throws IOException {
        Path from = Files.createDirectory(temp.resolve("from"));
        Files.writeString(from.resolve("same"), "same");
        Files.writeString(from.resolve("changed"), "old");
        Files.writeString(from.resolve("gone"), "gone");
        Files.createDirectories(from.resolve("sub/deep"));
        Files.writeString(from.resolve("sub/deep/file"), "x");
        Files.createSymbolicLink(from.resolve("link"), Path.of("/etc/passwd"));
        Files.setPosixFilePermissions(from.resolve("sub"), PosixFilePermissions.fromString("rwx------"));
        TreeCopy copy = new TreeCopy(from, temp.resolve("to"));
        copy.again();
        Files.writeString(from.resolve("changed"), "new");
        Files.delete(from.resolve("gone"));
        Files.delete(from.resolve("sub/deep/file"));
        Files.delete(from.resolve("sub/deep"));
        Files.writeString(from.resolve("sub/deep"), "a file now");

        long bytes = copy.again();

        Path to = temp.resolve("to");
        assertThat(bytes).isEqualTo("new".length() + "a file now".length());
        assertThat(to.resolve("same")).hasContent("same");
        assertThat(to.resolve("changed")).hasContent("new");
        assertThat(to.resolve("gone")).doesNotExist();
        assertThat(to.resolve("sub/deep")).hasContent("a file now");
        assertThat(Files.readSymbolicLink(to.resolve("link"))).isEqualTo(Path.of("/etc/passwd"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(to.resolve("sub"))))
                .isEqualTo("rwx------");
    }

    @Test
    void aRestoreThatWasCutShortIsEndedOrUndoneAtTheNextStart() throws IOException {
        VolumeFolder folder = new VolumeFolder(temp.resolve("1"));
        folder.mend(true);
        Files.writeString(folder.data().resolve("file"), "first");
        Path draft = folder.draft();
        new TreeCopy(folder.data(), draft).again();
        VolumeSnapshot first = folder.keep(draft, new VolumeSnapshot("", Instant.EPOCH, "test", 5));
        Files.writeString(folder.data().resolve("file"), "second");
        folder.prepare(folder.snapshot("data", first.name()));

        // Killed before the swap: it is what it was.
        folder.mend(false);
        assertThat(folder.data().resolve("file")).hasContent("second");

        folder.prepare(folder.snapshot("data", first.name()));
        Path lost = temp.resolve("lost");
        Files.move(folder.data(), lost);

        // Killed in the middle of the swap: it is what was prepared.
        folder.mend(false);
        assertThat(folder.data().resolve("file")).hasContent("first");
        Files.createDirectory(temp.resolve("1/snapshots/.draft-1"));
        folder.mend(false);
        assertThat(folder.list()).extracting(VolumeSnapshot::name).containsExactly("19700101-000000");
    }

    @Test
    void aFileSystemOfItsOwnTakesItsQuotaAndNoMore() throws IOException {
        assumeTrue(
                VolumeImage.isPossible(),
                "needs root, loop devices and the tools of ext4: apt-get install e2fsprogs mount");
        VolumeFolder folder = new VolumeFolder(temp.resolve("a b"));
        try {
            folder.mend(true);
            boolean limited;
            try {
                limited = folder.limit(4_000_000);
            } catch (IOException e) {
                assumeTrue(false, "this machine mounts no image: " + e + "; apt-get install e2fsprogs");
                return;
            }
            assertThat(limited).isTrue();
            Files.write(folder.data().resolve("most"), new byte[3_500_000]);
            assertThatThrownBy(() -> Files.write(folder.data().resolve("more"), new byte[1_000_000]))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left");
            Files.delete(folder.data().resolve("more"));
            assertThat(folder.limit(8_000_000)).isTrue();
            Files.write(folder.data().resolve("more"), new byte[3_000_000]);
            assertThatThrownBy(() -> folder.limit(5_000_000)).isInstanceOf(IOException.class);

            folder.close();
            assertThat(Files.exists(folder.data(), LinkOption.NOFOLLOW_LINKS)).isFalse();
            folder.mend(false);
            assertThat(VolumeSize.of(folder.data())).isEqualTo(6_500_000);
        } finally {
            folder.delete();
        }
    }
}
