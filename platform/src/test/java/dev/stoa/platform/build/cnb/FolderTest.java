package dev.stoa.platform.build.cnb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderTest {
    @TempDir
    Path dir;

    private Path root;
    private Folder folder;

    @BeforeEach
    void folder() throws IOException {
        root = Files.createDirectories(dir.resolve("app"));
        Files.createDirectories(root.resolve("a/b"));
        Files.writeString(root.resolve("a/b/file"), "inside");
        Files.writeString(dir.resolve("file"), "outside");
        folder = new Folder(root, "/app");
    }

    @Test
    void aLinkLeadsWhereItLeadsForTheApp() throws IOException {
        link("absolute", "/app/a/b/file");
        link("relative", "a/b/../b/file");
        link("folder", "/app/a");
        link("a/up", "../relative");

        assertThat(folder.text("absolute")).hasValue("inside");
        assertThat(folder.text("relative")).hasValue("inside");
        assertThat(folder.text("folder/b/file")).hasValue("inside");
        assertThat(folder.text("a/up")).hasValue("inside");
        assertThat(folder.names("folder/b")).containsExactly("file");
    }

    @Test
    void aLinkThatLeadsOutLeadsNowhere() throws IOException {
        link("absolute", dir.resolve("file").toString());
        link("relative", "../file");
        link("folder", "..");
        link("sly", "/app/../file");
        link("deep", "a/../../file");
        link("similar", "/application/file");
        link("circle", "circle");

        for (String name : new String[] {"absolute", "relative", "folder/file", "sly", "deep", "similar", "circle"}) {
            assertThat(folder.text(name)).as(name).isEmpty();
        }
        assertThat(folder.text("../file")).isEmpty();
        assertThat(folder.names("folder")).isEmpty();
        assertThat(folder.hasFolder("folder")).isFalse();
    }

    @Test
    void writingReplacesLinksAndNeverFollowsThem() throws IOException {
        link("out", dir.toString());
        link("leaf", dir.resolve("file").toString());

        folder.write("out/file", "new");
        folder.write("leaf", "new");

        assertThat(dir.resolve("file")).hasContent("outside");
        assertThat(root.resolve("out/file")).hasContent("new");
        assertThat(root.resolve("leaf")).hasContent("new").isRegularFile();
    }

    private void link(String name, String target) throws IOException {
        Files.createSymbolicLink(root.resolve(name), Path.of(target));
    }
}
