package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.StoaException;
import dev.stoa.cli.SourceFolder.Entry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceFolderTest {
    @TempDir
    private Path folder;

    private void file(String name, String text) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private void files(String... names) throws IOException {
        for (String name : names) {
            file(name, name);
        }
    }

    private List<String> sent() {
        return sent(folder);
    }

    private static List<String> sent(Path folder) {
        return SourceFolder.read(folder).entries().stream()
                .filter(e -> !(e instanceof Entry.Directory))
                .map(Entry::name)
                .toList();
    }

    @Test
    void everythingIsSentInOrderButNotGitsOwn() throws Exception {
        files("b.txt", "a/z.txt", "a/b/c.txt", "a-b.txt", ".git/HEAD", "sub/.git", ".env", "ä.txt");
        assertThat(sent()).containsExactly(".env", "a/b/c.txt", "a/z.txt", "a-b.txt", "b.txt", "ä.txt");
    }

    @Test
    void virtualEnvironmentsOfPythonStayHere() throws Exception {
        files("app.py", "venv/pyvenv.cfg", "venv/lib/a.py", "tools/.venv/pyvenv.cfg", "tools/a.sh", "env/a.py");
        assertThat(sent()).containsExactly("app.py", "env/a.py", "tools/a.sh");
    }

    @Test
    void gitignoreLeavesOutAsGitWould() throws Exception {
        files("app.py", "app.pyc", "keep.pyc", "logs/a.log", "src/logs/b.log", "src/main.py", "build/x", "src/build/y");
        file(".gitignore", "# comment\n*.pyc\n!keep.pyc\nlogs/\n/build\n");
        assertThat(sent()).containsExactly(".gitignore", "app.py", "keep.pyc", "src/build/y", "src/main.py");
    }

    @Test
    void aNestedGitignoreRulesItsOwnFolderAndWinsThere() throws Exception {
        files("a.tmp", "web/a.tmp", "web/b.tmp", "web/deep/a.tmp", "api/only.txt");
        file(".gitignore", "*.tmp\n");
        file("web/.gitignore", "!a.tmp\n");
        file("api/.gitignore", "/only.txt\n");
        assertThat(sent())
                .containsExactly(".gitignore", "api/.gitignore", "web/.gitignore", "web/a.tmp", "web/deep/a.tmp");
    }

    @Test
    void stoaignoreWinsOverGitignoreBothWays() throws Exception {
        files("dist/app.js", "dist/app.js.map", "secret.txt", "main.js", "web/dist/x.js");
        file(".gitignore", "dist/\n!secret.txt\n");
        file("web/.gitignore", "dist/\n");
        file(".stoaignore", "!dist/\n*.map\nsecret.txt\n");
        assertThat(sent())
                .containsExactly(
                        ".gitignore", ".stoaignore", "dist/app.js", "main.js", "web/.gitignore", "web/dist/x.js");
    }

    @Test
    void slugignoreCountsWhereThereIsNoStoaignore() throws Exception {
        files("app.js", "docs/a.md", "web/b.psd");
        file(".slugignore", "docs\n*.psd\n");
        assertThat(sent()).containsExactly(".slugignore", "app.js");
        file(".stoaignore", "*.psd\n");
        assertThat(sent()).containsExactly(".slugignore", ".stoaignore", "app.js", "docs/a.md");
    }

    @Test
    void theRulesOfTheRepositoryAroundTheFolderCountToo() throws Exception {
        files("apps/shop/node_modules/x.js", "apps/shop/index.js", "apps/shop/a.log");
        file(".gitignore", "node_modules/\n");
        file("apps/.gitignore", "*.log\n");
        assertThat(sent(folder.resolve("apps/shop"))).contains("a.log", "node_modules/x.js");
        Files.createDirectory(folder.resolve(".git"));
        assertThat(sent(folder.resolve("apps/shop"))).containsExactly("index.js");
    }

    @Test
    void aFolderThatIsItselfIgnoredIsSentWhenItIsNamed() throws Exception {
        files("target/site/index.html");
        file(".gitignore", "target/\n");
        Files.createDirectory(folder.resolve(".git"));
        assertThat(sent(folder.resolve("target/site"))).containsExactly("index.html");
    }

    @Test
    void anEmptyFolderAndOneWhereAllIsIgnoredAreErrorsThatSayWhich() throws Exception {
        Files.createDirectory(folder.resolve("only-a-folder"));
        assertThatThrownBy(() -> SourceFolder.read(folder)).hasMessageContaining("is empty");
        file("a.txt", "a");
        file(".stoaignore", "*\n");
        assertThatThrownBy(() -> SourceFolder.read(folder)).hasMessageContaining("leave out everything");
        assertThatThrownBy(() -> SourceFolder.read(folder.resolve("none"))).hasMessageContaining("no such folder");
        assertThatThrownBy(() -> SourceFolder.read(folder.resolve("a.txt"))).hasMessageContaining("it is a file");
    }

    @Test
    void theArchiveKeepsExecutableBitsLinksAndLongNames() throws Exception {
        String longName = "d/" + "long-".repeat(40) + "ß.txt";
        files("run.sh", "plain.txt", longName);
        Files.setPosixFilePermissions(folder.resolve("run.sh"), PosixFilePermissions.fromString("rwxr-x---"));
        Files.createSymbolicLink(folder.resolve("link"), Path.of("plain.txt"));
        Files.createSymbolicLink(folder.resolve("dangling"), Path.of("../elsewhere"));
        Files.createSymbolicLink(folder.resolve("to-folder"), Path.of("d"));

        List<String> seen = new ArrayList<>();
        for (TarArchiveEntry entry : untar(pack())) {
            seen.add("%s %o%s"
                    .formatted(
                            entry.getName(),
                            entry.getMode() & 0777,
                            entry.isSymbolicLink() ? " -> " + entry.getLinkName() : ""));
            assertThat(entry.getLongUserId()).isZero();
        }

        assertThat(seen)
                .containsExactly(
                        "d/ 755",
                        longName + " 644",
                        "dangling 777 -> ../elsewhere",
                        "link 777 -> plain.txt",
                        "plain.txt 644",
                        "run.sh 755",
                        "to-folder 777 -> d");
    }

    @Test
    void theSameFolderGivesTheSameBytes() throws Exception {
        files("b.txt", "a/c.txt");
        byte[] first = pack();
        Path copy = Files.createDirectory(folder.resolveSibling(folder.getFileName() + "-copy"));
        for (String name : List.of("a/c.txt", "b.txt")) {
            Files.createDirectories(copy.resolve(name).getParent());
            Files.copy(folder.resolve(name), copy.resolve(name), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.setLastModifiedTime(copy.resolve("a"), Files.getLastModifiedTime(folder.resolve("a")));
        ByteArrayOutputStream second = new ByteArrayOutputStream();
        SourceArchive.write(SourceFolder.read(copy), second);
        assertThat(second.toByteArray()).isEqualTo(first);
        Files.setLastModifiedTime(folder.resolve("b.txt"), FileTime.from(Instant.EPOCH));
        assertThat(pack()).isNotEqualTo(first);
    }

    @Test
    void aFileThatIsGoneOrShorterWhenItsTurnComesIsNamed() throws Exception {
        files("a.txt", "b.txt");
        SourceFolder source = SourceFolder.read(folder);
        file("b.txt", "b");
        assertThatThrownBy(() -> SourceArchive.write(source, new ByteArrayOutputStream()))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining(folder.resolve("b.txt") + ": it became shorter");
        Files.delete(folder.resolve("b.txt"));
        assertThatThrownBy(() -> SourceArchive.write(source, new ByteArrayOutputStream()))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining(folder.resolve("b.txt") + ": there is no such file");
    }

    @Test
    void aFileThatGrowsIsSentAsItWasSeen() throws Exception {
        files("a.txt");
        SourceFolder source = SourceFolder.read(folder);
        file("a.txt", "a.txt and more");
        ByteArrayOutputStream sink = new ByteArrayOutputStream();
        SourceArchive.write(source, sink);
        assertThat(untar(sink.toByteArray()))
                .singleElement()
                .satisfies(e -> assertThat(e.getSize()).isEqualTo(5));
    }

    @Test
    void aPipeIsLeftOutAndNamed() throws Exception {
        files("a.txt");
        Process mkfifo = new ProcessBuilder("mkfifo", folder.resolve("pipe").toString()).start();
        assertThat(mkfifo.waitFor()).isZero();
        assertThat(sent()).containsExactly("a.txt");
        assertThat(SourceFolder.read(folder).skipped()).containsExactly(folder.resolve("pipe"));
    }

    private byte[] pack() throws IOException {
        ByteArrayOutputStream sink = new ByteArrayOutputStream();
        SourceArchive.write(SourceFolder.read(folder), sink);
        return sink.toByteArray();
    }

    static List<TarArchiveEntry> untar(byte[] archive) throws IOException {
        List<TarArchiveEntry> entries = new ArrayList<>();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(
                new GzipCompressorInputStream(new ByteArrayInputStream(archive)), StandardCharsets.UTF_8.name())) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                entries.add(entry);
            }
        }
        return entries;
    }
}
