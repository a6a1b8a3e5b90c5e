package dev.stoa.platform.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {
    @TempDir
    Path directory;

    @Test
    void ext4IsToldThatTheTreesInAFolderAreIndependent() throws IOException {
        boolean ext = Files.getFileStore(directory).type().startsWith("ext");
        Path top = FileTree.createTop(directory.resolve("a/top"));
        assertThat(attributes(top).contains("T")).isEqualTo(ext);
        assertThat(attributes(Files.createDirectory(top.resolve("tree")))).doesNotContain("T");
    }

    @Test
    void aFolderIsMadeThoughItsFileSystemTakesNoHints() throws IOException {
        Path shared = Files.createTempDirectory(Path.of("/dev/shm"), "stoa");
        try {
            assertThat(FileTree.createTop(shared.resolve("top"))).isEmptyDirectory();
        } finally {
            FileTree.delete(shared);
        }
    }

    private static String attributes(Path directory) throws IOException {
        Process lsattr = new ProcessBuilder("lsattr", "-d", directory.toString()).start();
        return new String(lsattr.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split(" ", 2)[0];
    }
}
