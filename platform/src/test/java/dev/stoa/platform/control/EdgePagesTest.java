package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.EdgeManifest;
import dev.stoa.api.ManifestFile;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EdgePagesTest {
    private static final EdgeManifest EDGE = ManifestFile.parse(
                    "[edge]\nerrors = { 503 = \"down.html\" }\nmaintenance = { page = \"down.html\" }", "stoa.toml")
            .edge();

    @TempDir
    Path directory;

    private Path slug;
    private Path pages;

    @BeforeEach
    void make() throws IOException {
        slug = Files.createDirectory(directory.resolve("slug"));
        pages = directory.resolve("pages");
    }

    private String refused() {
        StoaException[] refused = new StoaException[1];
        assertThatThrownBy(() -> EdgePages.copy(slug, EDGE, pages))
                .isInstanceOfSatisfying(StoaException.class, e -> refused[0] = e);
        return refused[0].message();
    }

    @Test
    void pagesAreReadAsTheyWereWhenTheyWereCopied() throws IOException {
        Files.writeString(slug.resolve("down.html"), "<p>ä</p>");
        EdgePages.copy(slug, EDGE, pages);
        Files.writeString(slug.resolve("down.html"), "changed");

        assertThat(EdgePages.read(pages)).isEqualTo(Map.of("503", "<p>ä</p>", "maintenance", "<p>ä</p>"));
        assertThat(EdgePages.read(directory.resolve("never"))).isEmpty();
    }

    @Test
    void aPageOutsideOfTheAppIsNoPage() throws IOException {
        Path secret = Files.writeString(directory.resolve("secret.key"), "secret");
        Files.createSymbolicLink(slug.resolve("down.html"), secret);

        assertThat(refused()).contains("names the page down.html, and there is no such file");
        assertThat(pages).isEmptyDirectory();
    }

    @Test
    void whatIsNoPageIsRefused() throws IOException {
        assertThat(refused()).contains("there is no such file");
        Files.write(slug.resolve("down.html"), new byte[EdgePages.PAGE_BYTES_MAX + 1]);
        assertThat(refused()).contains("has 131073 bytes, and may have 131072");
        Files.write(slug.resolve("down.html"), new byte[] {(byte) 0xff});
        assertThat(refused()).contains("is not UTF-8");
    }
}
