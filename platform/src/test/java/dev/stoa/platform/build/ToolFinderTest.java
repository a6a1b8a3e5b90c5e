package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolFinderTest {
    @TempDir
    Path dir;

    private Path home;
    private Map<String, String> environment;

    @BeforeEach
    void home() throws IOException {
        home = Files.createDirectories(dir.toRealPath().resolve("home"));
        environment = Map.of("PATH", home.resolve("path") + ":/usr/bin:/bin", "HOME", home.toString());
    }

    @Test
    void theVersionThatTheAppAsksForIsTakenFromAVersionManager() throws IOException {
        Path onPath = bun("path/bun", "1.1.0");
        Path older = bun(".local/share/mise/installs/bun/1.2.3/bin/bun", "1.2.3");
        Path newer = bun(".asdf/installs/bun/1.10.0/bin/bun", "1.10.0");

        assertThat(find(Optional.empty())).hasValue(onPath);
        assertThat(find(wish("1.1"))).hasValue(onPath);
        assertThat(find(wish("1.2"))).hasValue(older);
        assertThat(find(wish("1.10"))).hasValue(newer);
        assertThat(find(wish("9"))).hasValue(onPath);
    }

    @Test
    void withoutOneOnThePathTheNewestOfAVersionManagerIsTaken() throws IOException {
        bun(".asdf/installs/bun/1.9.0/bin/bun", "1.9.0");
        Path newest = bun(".asdf/installs/bun/1.10.0/bin/bun", "1.10.0");

        assertThat(find(Optional.empty())).hasValue(newest);
    }

    @Test
    void theUsualPlacesOfInstallersAreLookedInto() throws IOException {
        Path usual = bun(".bun/bin/bun", "1.0.0");

        assertThat(find(Optional.empty())).hasValue(usual);
    }

    @Test
    void aShimThatLeadsNowhereIsPassedOver() throws IOException {
        Path shim = bun("path/bun", "");
        Files.writeString(shim, "#!/bin/sh\nexit 126\n");
        Path real = bun(".asdf/installs/bun/1.2.3/bin/bun", "1.2.3");

        assertThat(find(wish("1.2.3"))).hasValue(real);
    }

    @Test
    void aSingleProgramBringsNoneOfItsNeighboursIntoTheSandbox() throws IOException {
        Path bun = bun("path/bun", "1.1.0");
        Files.writeString(bun, "#!/bin/sh\nprintf '%s\\n' \"$0\" 1.1.0\n");

        assertThat(new Toolchains(environment, Workshop.JAVA_HOME)
                        .of(ToolKind.BUN, Optional.empty())
                        .readable())
                .containsExactly(bun);
    }

    @Test
    void aWholeHomeIsNeverReadable() throws IOException {
        Path ruby = bun("bin/ruby", "");
        Files.writeString(ruby, "#!/bin/sh\nprintf '%s\\n' \"$0\" 3.3.5 \"$HOME\" 3.3.0 none\n");
        Map<String, String> own = Map.of("PATH", home + "/bin:/usr/bin:/bin", "HOME", home.toString());

        assertThat(new Toolchains(own, Workshop.JAVA_HOME)
                        .of(ToolKind.RUBY, Optional.empty())
                        .readable())
                .containsExactly(home.resolve("bin"));
    }

    @Test
    void aMissingToolIsNamedWithItsVersionTheFileAndTheWaysToInstallIt() {
        Map<String, String> bare = Map.of("PATH", home.toString());

        assertThatThrownBy(() -> new Toolchains(bare, Workshop.JAVA_HOME)
                        .of(ToolKind.RUBY, Optional.of(new ToolWish("3.3.5", ".ruby-version"))))
                .isInstanceOfSatisfying(StoaException.class, error -> {
                    assertThat(error.message())
                            .isEqualTo(
                                    "this machine has no ruby, which a Ruby app needs to be built (.ruby-version asks for 3.3.5)");
                    assertThat(error.hint().orElseThrow())
                            .contains("apt install ruby", "dnf install ruby", "brew install ruby")
                            .endsWith("or with mise \"mise use -g ruby@3.3.5\"");
                });
    }

    @Test
    void versionManagersFilesAreRead() throws IOException {
        assertThat(declared(".tool-versions", "# tools\nnodejs 22.1.0\ngolang 1.26.1 # or so\n"))
                .hasValue(new ToolWish("1.26.1", ".tool-versions"));
        assertThat(declared("mise.toml", "[tools]\ngo = \"1.25\"\n")).hasValue(new ToolWish("1.25", "mise.toml"));
        assertThat(declared("mise.toml", "[tools\n")).isEmpty();
    }

    @Test
    void versionsAreComparedByTheirNumbers() {
        assertThat(new ToolWish("1.2", "x").metBy("1.20.0")).isFalse();
        assertThat(new ToolWish("1.2", "x").metBy("v1.2.9")).isTrue();
        assertThat(new ToolWish("latest", "x").metBy("7")).isTrue();
        assertThat(ToolWish.compare("1.9", "1.10")).isNegative();
        assertThat(ToolWish.compare("go1.26.1", "1.26")).isZero();
    }

    private Optional<ToolWish> declared(String file, String text) throws IOException {
        Path source = Files.createTempDirectory(dir, "source").toRealPath();
        Files.writeString(source.resolve(file), text);
        return ToolWish.declared(new SourceFolder(source, Manifest.EMPTY), List.of("go", "golang"));
    }

    private Optional<Path> find(Optional<ToolWish> wish) {
        return new ToolFinder(environment).find(ToolKind.BUN, wish);
    }

    private static Optional<ToolWish> wish(String version) {
        return Optional.of(new ToolWish(version, ".bun-version"));
    }

    private Path bun(String file, String version) throws IOException {
        Path program = home.resolve(file);
        return new StandIn(program.resolve("..").normalize())
                .program(ToolFinder.nameOf(program), "printf '%s\\n' \"$0\" " + version);
    }
}
