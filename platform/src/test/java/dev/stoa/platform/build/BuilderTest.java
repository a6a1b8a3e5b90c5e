package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuilderTest {
    private static final Map<String, String> WITH_BUILD_SCRIPT = Map.of(
            "package.json", "{\"name\": \"x\", \"scripts\": {\"build\": \"sh build.sh\", \"start\": \"node x.js\"}}");

    @TempDir
    Path dir;

    private Workshop workshop;

    @BeforeEach
    void workshop() {
        workshop = new Workshop(dir);
    }

    @Test
    void aFolderWithNothingKnownIsToldWhatWasLookedFor() {
        StoaException error = failed(Map.of("readme.txt", "hi"));

        assertThat(error.code()).isEqualTo(ErrorCode.NOT_RECOGNISED);
        assertThat(error.message())
                .isEqualTo("nothing in the folder says what kind of app this is; looked for"
                        + " Gemfile (ruby), composer.json or index.php (php),"
                        + " requirements.txt, pyproject.toml, Pipfile, setup.py or app.py (python), pom.xml (java), build.gradle (gradle),"
                        + " go.mod (go), Cargo.toml (rust), deno.json or deno.lock (deno), bun.lock (bun),"
                        + " package.json (node), index.html (static), Procfile (procfile)");
        assertThat(error.hint().orElseThrow()).contains("web: ./server --port $PORT");
    }

    @Test
    void aRepositoryOfSeveralAppsIsToldWhichOfItsFoldersTheyAre() {
        StoaException error = failed(Map.of(
                "README.md", "hi", "server/go.mod", "module a", "client/package.json", "{}", "docs/notes.md", "hi"));

        assertThat(error.hint()).hasValue("deploy the folder in it that is the app: client (node), server (go)");
    }

    @Test
    void aDockerfileAloneIsToldThatThereIsNoDockerEngine() {
        StoaException error = failed(Map.of("Dockerfile", "FROM scratch"));

        assertThat(error.code()).isEqualTo(ErrorCode.NOT_RECOGNISED);
        assertThat(error.message()).contains("has a Dockerfile").contains("no Docker engine yet");
    }

    @Test
    void otherFilesForContainersAreToldTheSame() {
        assertThat(failed(Map.of("Containerfile", "FROM scratch")).message()).contains("has a Containerfile");
        assertThat(failed(Map.of("docker-compose.yml", "")).message()).contains("has a docker-compose.yml");
    }

    @Test
    void aLanguageThatBringsAPackageJsonForItsPagesIsFoundFirst() {
        workshop.environment = Map.of("PATH", dir.toString());
        Map<String, String> kinds = Map.of(
                "Gemfile", "Ruby",
                "composer.json", "Php",
                "requirements.txt", "Python",
                "deno.lock", "Deno",
                "Cargo.toml", "Rust",
                "bun.lock", "Bun");

        kinds.forEach((file, name) -> {
            failed(Map.of(file, "", "package.json", "{}"));
            assertThat(workshop.output).contains("-----> " + name + " detected");
        });
    }

    @Test
    void anUnknownBuildpackNamesTheNearest() {
        workshop.manifest = Workshop.manifest(Optional.of("pyhton"), Map.of(), Optional.empty());

        StoaException error = failed(Map.of("app.py", ""));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_MANIFEST);
        assertThat(error.message()).startsWith("\"pyhton\" is not a buildpack");
        assertThat(error.hint()).hasValue("did you mean \"python\"?   buildpack = \"python\"");
    }

    @Test
    void theManifestWinsOverTheProcfile() throws Exception {
        workshop.manifest = Workshop.manifest(Optional.empty(), Map.of("web", "./new"), Optional.of("./migrate new"));

        Slug slug = workshop.build(
                workshop.source(Map.of("Procfile", "web: ./old\nworker: ./work\nrelease: ./migrate old")));

        assertThat(slug.buildpack()).isEqualTo("procfile");
        assertThat(slug.processes()).isEqualTo(Map.of("web", "./new", "worker", "./work"));
        assertThat(slug.release()).hasValue("./migrate new");
    }

    @Test
    void theReleaseCommandComesFromTheProcfile() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of("Procfile", "web: ./s\nrelease: ./migrate")));

        assertThat(slug.release()).hasValue("./migrate");
        assertThat(slug.processes()).containsOnlyKeys("web");
        assertThat(slug.sizeBytes()).isEqualTo(27);
        assertThat(slug.mount()).isEqualTo(slug.root().toString());
    }

    @Test
    void aCommandInTheManifestIsEnough() throws Exception {
        workshop.manifest = Workshop.manifest(Optional.empty(), Map.of("web", "./server"), Optional.empty());

        assertThat(workshop.build(workshop.source(Map.of("server", ""))).processes())
                .isEqualTo(Map.of("web", "./server"));
    }

    @Test
    void anAppThatNothingStartsIsRefusedWithAnExample() {
        assertThat(failed(Map.of("Procfile", "# nothing yet")).message()).contains("nothing says how to start it");
    }

    @Test
    void aBadProcfileStopsTheBuildBeforeItBegins() {
        assertThat(failed(Map.of("Procfile", "what is this", "requirements.txt", ""))
                        .code())
                .isEqualTo(ErrorCode.BAD_PROCFILE);
        assertThat(workshop.shell.scripts).isEmpty();
    }

    @Test
    void aStaticSiteComesWithItsServerAndNothingRuns() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of("public/index.html", "hi")));

        assertThat(slug.buildpack()).isEqualTo("static");
        assertThat(slug.processes().get("web")).endsWith("-jar .stoa/static-server.jar public");
        assertThat(slug.root().resolve(".stoa/static-server.jar")).isRegularFile();
        assertThat(slug.readable().isEmpty()).isEqualTo(Toolchains.isSystem(Toolchains.realPath(Workshop.JAVA_HOME)));
        assertThat(workshop.shell.scripts).isEmpty();
        assertThat(workshop.output).contains("-----> Static detected", "       serving public/ as it is");
    }

    @Test
    void aServerThatBringsAPageIsNoStaticSite() throws Exception {
        assertThat(workshop.build(workshop.source(Map.of("index.html", "", "Procfile", "web: ./server")))
                        .buildpack())
                .isEqualTo("procfile");
    }

    @Test
    void whatTheSourcePutsIntoStoasOwnFolderIsGone() throws Exception {
        Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
        Path source = workshop.source(Map.of("index.html", "hi"));
        Files.createSymbolicLink(source.resolve(".stoa"), elsewhere);

        workshop.build(source);

        assertThat(elsewhere).isEmptyDirectory();
        assertThat(source.resolve(".stoa/static-server.jar")).isRegularFile();
    }

    @Test
    void aFileThatALinkLeadsToOutsideIsNotRead() throws IOException {
        Files.writeString(dir.resolve("Procfile"), "web: secret");
        Path source = workshop.source();
        Files.createSymbolicLink(source.resolve("Procfile"), dir.resolve("Procfile"));

        assertThatThrownBy(() -> workshop.build(source)).hasMessageNotContaining("secret");
    }

    @Test
    void aMissingToolIsNamedWithTheCommandThatInstallsIt() {
        workshop.environment = Map.of("PATH", dir.toString());

        StoaException python = failed(Map.of("requirements.txt", ""));
        StoaException node = failed(Map.of("package.json", "{}"));
        StoaException maven = failed(Map.of("pom.xml", "<project/>"));

        assertThat(python.code()).isEqualTo(ErrorCode.TOOL_MISSING);
        assertThat(python.message()).isEqualTo("this machine has no python3, which a Python app needs to be built");
        assertThat(python.hint().orElseThrow()).contains("apt install python3 python3-venv");
        assertThat(node.message()).contains("no node");
        assertThat(maven.message()).contains("no mvn");
    }

    @Test
    void aJdkThatIsTooOldIsNotUsed() {
        StoaException error =
                failed(Map.of("pom.xml", "<project><maven.compiler.release>99</maven.compiler.release></project>"));

        assertThat(error.code()).isEqualTo(ErrorCode.TOOL_MISSING);
        assertThat(error.message()).contains("JDK 99 or newer");
    }

    @Test
    void whenSeveralBuildpacksFitTheFirstIsTakenAndTheOtherNamed() {
        workshop.environment = Map.of("PATH", dir.toString());

        failed(Map.of("requirements.txt", "", "package.json", "{}", "Procfile", "web: x"));

        assertThat(workshop.output)
                .containsExactly(
                        "-----> Python detected",
                        "       also found package.json: to use it, write buildpack = \"node\" under [build] in stoa.toml");
    }

    @Test
    void aFailingStepIsNamedWithItsStatusAndItsOutputIsShown() {
        needsNode();
        Map<String, String> files = new HashMap<>(WITH_BUILD_SCRIPT);
        files.put("build.sh", "echo what is wrong; exit 3");

        StoaException error = failed(files);

        assertThat(error.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(error.message()).isEqualTo("npm run build failed with exit status 3");
        assertThat(workshop.output).contains("-----> Running the build script", "       what is wrong");
    }

    @Test
    void coloursAndCursorMovementsAreLeftOutOfTheOutput() throws Exception {
        needsNode();
        Map<String, String> files = new HashMap<>(WITH_BUILD_SCRIPT);
        files.put("build.sh", "printf '\\033[2J\\033[1;31mred\\033[0m \\033]0;title\\007ok\\n\\033[0m\\n'");

        workshop.build(workshop.source(files));

        assertThat(workshop.output).contains("       red ok").noneMatch(String::isBlank);
    }

    @Test
    void aFullDiskIsNotTheAppsFault() {
        needsNode();
        Map<String, String> files = new HashMap<>(WITH_BUILD_SCRIPT);
        files.put("build.sh", "cat build.sh > /dev/full");

        assertThat(failed(files).code()).isEqualTo(ErrorCode.DISK_FULL);
    }

    @Test
    void theBuildSeesNothingOfThePlatformsEnvironment() throws Exception {
        needsNode();
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("STOA_TOKEN", "t0psecret");
        environment.put("NO_PROXY", "passed.on");
        workshop.environment = environment;
        Map<String, String> files = new HashMap<>(WITH_BUILD_SCRIPT);
        files.put("build.sh", "env");

        workshop.build(workshop.source(files));

        assertThat(String.join("\n", workshop.output))
                .doesNotContain("t0psecret")
                .contains("NO_PROXY=passed.on");
    }

    @Test
    void aSiteThatABuildScriptMakesIsServed() throws Exception {
        needsNode();

        Slug slug = workshop.build(workshop.source(
                Map.of("package.json", "{\"scripts\": {\"build\": \"mkdir dist && echo hi > dist/index.html\"}}")));

        assertThat(slug.buildpack()).isEqualTo("node");
        assertThat(slug.processes().get("web")).endsWith("static-server.jar --single-page dist");
    }

    @Test
    void whatWasInstalledIsKeptAfterTheBuildOrBeforeAScriptThatMayChangeIt() throws Exception {
        needsNode();
        String lock = "{\"lockfileVersion\": 3, \"packages\": {}}";

        workshop.build(workshop.source(Map.of("package.json", "{}", "package-lock.json", lock, "server.js", "")));

        assertThat(workshop.shell.scripts.getLast())
                .contains("cache/node'/.new")
                .contains("du -sk");
        assertThat(workshop.shell.scripts)
                .filteredOn(script -> script.contains(".new"))
                .hasSize(1);

        workshop.shell.scripts.clear();
        Path failing = workshop.source(Map.of(
                "package.json", "{\"scripts\": {\"build\": \"exit 3\"}}", "package-lock.json", lock, "server.js", ""));
        assertThatThrownBy(() -> workshop.build(failing)).isInstanceOf(StoaException.class);

        List<String> scripts = workshop.shell.scripts;
        int saved = IntStream.range(0, scripts.size())
                .filter(i -> scripts.get(i).contains(".new"))
                .findFirst()
                .orElseThrow();
        assertThat(saved).isBetween(0, scripts.indexOf("npm run build") - 1);
    }

    @Test
    void aFailureOfWhatIsDoneAfterTheBuildFailsNothing() throws Exception {
        needsNode();
        Files.createDirectories(workshop.cache());
        // Where the entries belong stands a file.
        Files.writeString(workshop.cache().resolve("node"), "in the way");

        Slug slug = workshop.build(workshop.source(Map.of(
                "package.json", "{}",
                "package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {}}",
                "node_modules/here", "",
                "server.js", "")));

        assertThat(slug.processes()).containsKey("web");
    }

    @Test
    void aCancelledBuildEndsWithTheInterruption() {
        BuildShell cancelled = new BuildShell() {
            @Override
            public String slugMount(Path slug) {
                return slug.toString();
            }

            @Override
            public int run(Command command, Consumer<String> lines) throws InterruptedException {
                throw new InterruptedException();
            }
        };
        needsNode();

        assertThatThrownBy(() -> workshop.build(workshop.source(WITH_BUILD_SCRIPT), cancelled))
                .isInstanceOf(InterruptedException.class);
    }

    private StoaException failed(Map<String, String> files) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(workshop.source(files)));
        assertThat(error).isNotNull();
        return error;
    }

    private static void needsNode() {
        assumeTrue(Programs.present("node", "npm"), "needs node and npm: apt install nodejs npm");
    }
}
