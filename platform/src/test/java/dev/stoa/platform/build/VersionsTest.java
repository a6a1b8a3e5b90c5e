package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which versions an app asks for, and which of the machine's it gets. */
class VersionsTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "3.12 ; 3.12.4 ; true",
                "3.1 ; 3.12.4 ; false",
                "3 ; 3.9.0 ; true",
                ">=3.10 ; 3.9.18 ; false",
                ">=3.9,<3.13 ; 3.12.1 ; true",
                ">=3.9,<3.13 ; 3.13.0 ; false",
                "~=3.11 ; 3.13.0 ; true",
                "~=3.11.2 ; 3.12.0 ; false",
                "!=3.12.*,>=3.11 ; 3.12.1 ; false",
                "^3.11 ; 3.13.0 ; true",
                "^3.11 ; 3.10.1 ; false",
                "~3.11 ; 3.12.0 ; false",
                "<3.10 || >=3.12 ; 3.11.0 ; false",
                "* ; 3.8.0 ; true"
            })
    void aVersionOfPythonFits(String specifier, String version, boolean fits) {
        assertThat(new PythonVersion("pyproject.toml", specifier).fits(version)).isEqualTo(fits);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "20.x ; v20.20.2 ; true",
                "20 ; v21.0.0 ; false",
                ">=18 <21 ; v20.1.0 ; true",
                ">=18 <21 ; v21.0.0 ; false",
                ">= 18.0.0 ; v18.0.0 ; true",
                "^18.17.0 || >=20.5.0 ; v19.0.0 ; false",
                "^18.17.0 || >=20.5.0 ; v18.20.1 ; true",
                "~20.1 ; v20.2.0 ; false",
                "18 - 20 ; v20.9.1 ; true",
                "<=20 ; v20.9.1 ; true",
                ">20 ; v20.9.1 ; false",
                "* ; v4.0.0 ; true",
                "20.11.0 ; v20.11.1 ; false",
                "^0.2.3 ; v0.3.0 ; false"
            })
    void aVersionOfNodeFits(String range, String version, boolean fits) {
        assertThat(SemverRange.parse(range)
                        .orElseThrow()
                        .contains(SemverRange.Version.parse(version).orElseThrow()))
                .isEqualTo(fits);
    }

    @Test
    void whatIsNoRangeIsNone() {
        assertThat(SemverRange.parse("twenty")).isEmpty();
        assertThat(SemverRange.parse(">=18 <latest")).isEmpty();
    }

    @Test
    void thePythonThatAVersionManagerKeepsIsFound() throws Exception {
        Workshop workshop = machine();
        python(dir.resolve("bin/python3"), "3.9.1");
        python(dir.resolve("home/.pyenv/versions/3.12.7/bin/python3"), "3.12.7");
        python(dir.resolve("home/.local/share/mise/installs/python/3.13.2/bin/python3"), "3.13.2");

        assertThat(built(workshop, Map.of("pyproject.toml", "[project]", "app.py", "", ".python-version", "3.12\n")))
                .contains("-----> Using Python 3.12.7, as .python-version asks for 3.12");
        assertThat(built(workshop, Map.of("pyproject.toml", "[project]\nrequires-python = '>=3.11'", "app.py", "")))
                .contains("-----> Using Python 3.13.2, as pyproject.toml asks for >=3.11");
        assertThat(built(workshop, Map.of("pyproject.toml", "[project]", "app.py", "", "runtime.txt", "python-3.12.4")))
                .contains(
                        "       runtime.txt asks for Python 3.12.4; this machine has 3.12.7 of the same series, which is used");
        assertThat(built(workshop, Map.of("pyproject.toml", "[project]", "app.py", "")))
                .contains("-----> Using Python 3.9.1");
    }

    @Test
    void aPythonThatIsNotThereIsNamedWithThoseThatAre() throws Exception {
        Workshop workshop = machine();
        python(dir.resolve("bin/python3"), "3.9.1");

        StoaException error = catchThrowableOfType(
                StoaException.class,
                () -> workshop.build(workshop.source(Map.of("requirements.txt", "", "runtime.txt", "python-3.14.2"))));

        assertThat(error.code()).isEqualTo(ErrorCode.TOOL_MISSING);
        assertThat(error.message())
                .isEqualTo("runtime.txt asks for Python 3.14.2, which this machine does not have: it has 3.9.1");
        assertThat(error.hint().orElseThrow()).contains("mise install python@3.14");
    }

    @Test
    void aRuntimeThatIsNoneIsRefused() throws Exception {
        Workshop workshop = machine();
        python(dir.resolve("bin/python3"), "3.9.1");

        StoaException error = catchThrowableOfType(
                StoaException.class,
                () -> workshop.build(workshop.source(Map.of("requirements.txt", "", "runtime.txt", "python3"))));

        assertThat(error.message()).isEqualTo("runtime.txt says \"python3\", which names no version of Python");
    }

    @Test
    void aNodeThatNoOneHasIsNamedWithThoseThatAre() throws Exception {
        Workshop workshop = machine();
        node(dir.resolve("bin/node"), "v20.1.0");
        node(dir.resolve("home/.nvm/versions/node/v22.3.0/bin/node"), "v22.3.0");
        program(dir.resolve("bin/npm"), "echo 'npm error nothing like that'; exit 1");

        StoaException error = catchThrowableOfType(
                StoaException.class,
                () -> workshop.build(workshop.source(Map.of("package.json", "{\"engines\": {\"node\": \"99.x\"}}"))));

        assertThat(error.code()).isEqualTo(ErrorCode.TOOL_MISSING);
        assertThat(error.message())
                .contains("engines.node of package.json asks for Node.js 99.x")
                .endsWith("it has v20.1.0, v22.3.0");
    }

    @Test
    void theNodeThatAVersionManagerKeepsIsFound() throws Exception {
        Workshop workshop = machine();
        node(dir.resolve("bin/node"), "v20.1.0");
        node(dir.resolve("home/.nvm/versions/node/v22.3.0/bin/node"), "v22.3.0");
        program(dir.resolve("bin/npm"), "exit 0");

        assertThat(built(workshop, Map.of("package.json", "{\"engines\": {\"node\": \">=22\"}}", "server.js", "")))
                .contains("-----> Using Node.js v22.3.0, as engines.node of package.json asks for >=22");
        assertThat(built(workshop, Map.of("package.json", "{}", ".nvmrc", "lts/jod", "server.js", "")))
                .contains("-----> Using Node.js v22.3.0, as .nvmrc asks for lts/jod");
        assertThat(built(workshop, Map.of("package.json", "{}", ".nvmrc", "lts/*", "server.js", "")))
                .contains("-----> Using Node.js v20.1.0");
    }

    @Test
    void aNodeThatIsTooOldForTheNpmThatIsThereGetsAnOlderNpm() throws Exception {
        Workshop workshop = machine();
        node(dir.resolve("bin/node"), "v22.3.0");
        node(dir.resolve("home/.nvm/versions/node/v16.3.0/bin/node"), "v16.3.0");
        Path real = dir.toRealPath().resolve("npm");
        Workshop.write(real, "package.json", "{\"engines\": {\"node\": \"^20.17.0 || >=22.9.0\"}}");
        program(real.resolve("bin/npm-cli.js"), """
                case "$*" in *--no-save*)
                  mkdir -p node_modules/.bin
                  printf '#!/bin/sh\\necho older npm: "$*"\\n' > node_modules/.bin/npm; chmod 755 node_modules/.bin/npm;;
                esac
                """);
        Files.createSymbolicLink(dir.resolve("bin/npm"), real.resolve("bin/npm-cli.js"));

        assertThat(built(workshop, Map.of("package.json", "{}", ".nvmrc", "16", "server.js", "")))
                .contains(
                        "-----> Using Node.js v16.3.0, as .nvmrc asks for 16",
                        "-----> Installing npm@8 from npm",
                        "       older npm: install --omit=dev");
    }

    @Test
    void enginesThatAreNoRangeAreRefused() throws Exception {
        Workshop workshop = machine();
        node(dir.resolve("bin/node"), "v20.1.0");

        StoaException error = catchThrowableOfType(
                StoaException.class,
                () -> workshop.build(workshop.source(Map.of("package.json", "{\"engines\": {\"node\": \"new\"}}"))));

        assertThat(error.message()).isEqualTo("engines.node of package.json is \"new\", which is no range of versions");
    }

    private List<String> built(Workshop workshop, Map<String, String> files) throws InterruptedException {
        workshop.build(workshop.source(files));
        return List.copyOf(workshop.output);
    }

    private Workshop machine() throws IOException {
        Path real = dir.toRealPath();
        Files.createDirectories(real.resolve("work"));
        Workshop workshop = new Workshop(real.resolve("work"));
        workshop.environment = Map.of(
                "PATH",
                real.resolve("bin").toString(),
                "HOME",
                real.resolve("home").toString());
        return workshop;
    }

    /** An interpreter that knows its version and how to make a virtual environment that is empty. */
    private static void python(Path file, String version) throws IOException {
        String name = "python" + version.replaceFirst("\\.\\d+$", "");
        String script = """
                if [ "$1" = -I ]; then printf '%%s\\n' '%s' '%s' '%s' complete; exit 0; fi
                mkdir -p .stoa/venv/bin
                """.formatted(file.resolve("../..").normalize(), version, name);
        program(file, script);
        program(file.resolveSibling(name), script);
    }

    private static void node(Path file, String version) throws IOException {
        program(file, "printf '%%s\\n' '%s' '%s'\n".formatted(file, version));
    }

    private static void program(Path file, String script) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
