package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmptyVenvsTest {
    @TempDir
    private Path dir;

    private final Toolchains tools = new Toolchains(System.getenv(), Workshop.JAVA_HOME);

    @Test
    void anEnvironmentIsMadeOnceAndNamesOnlyTheSlugThatItIsCopiedTo() throws Exception {
        EmptyVenvs venvs = new EmptyVenvs(dir.resolve("kept"));
        Path made = venvs.of(tools.python()).orElseThrow().entry();
        Object inode = Files.getAttribute(made, "unix:ino");
        assertThat(new EmptyVenvs(dir.resolve("kept"))
                        .of(tools.python())
                        .orElseThrow()
                        .entry())
                .isEqualTo(made);
        assertThat(Files.getAttribute(made, "unix:ino")).isEqualTo(inode);

        Workshop workshop = new Workshop(dir);
        Slug slug = workshop.build(workshop.source(Map.of("app.py", "print(1)\n", "requirements.txt", "\n")));
        Path venv = slug.root().resolve(PythonEnvironment.VENV);
        Process pip = new ProcessBuilder(venv.resolve("bin/pip").toString(), "--version")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(pip.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains(venv.toString());
        assertThat(venv.resolve("bin/activate")).content().contains(venv.toString());
        assertThat(namesInPrograms(venv)).noneMatch(line -> line.contains("/new-"));
    }

    @Test
    void aPythonThatMakesNoneIsNoFailure() throws Exception {
        Path broken = Files.createSymbolicLink(dir.resolve("python3"), Path.of("/bin/false"));
        assertThat(new EmptyVenvs(dir.resolve("kept")).of(new Toolchains.Tool(broken, "3.99.0", List.of())))
                .isEqualTo(Optional.empty());
        assertThat(dir.resolve("kept")).isEmptyDirectory();
    }

    private static List<String> namesInPrograms(Path venv) throws IOException {
        try (Stream<Path> programs = Files.list(venv.resolve("bin"))) {
            return Stream.concat(
                            programs.filter(file -> !Files.isSymbolicLink(file)), Stream.of(venv.resolve("pyvenv.cfg")))
                    .flatMap(file -> {
                        try {
                            return Files.readAllLines(file).stream();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    })
                    .toList();
        }
    }
}
