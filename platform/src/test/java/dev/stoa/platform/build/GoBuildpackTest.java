package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds Go apps with this machine's go and the module proxy. */
class GoBuildpackTest {
    private static final String SERVER = """
            package main

            import (
            	"fmt"
            	"net/http"
            	"os"

            	"rsc.io/quote"
            )

            func main() {
            	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "one", quote.Hello()) })
            	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
            }
            """;

    private static final String EMPTY_MAIN = "package main\n\nfunc main() {}\n";

    /** One for all tests, so that Go's own library is compiled once. */
    @TempDir
    static Path dir;

    private static Workshop workshop;

    @BeforeAll
    static void workshop() throws Exception {
        assumeTrue(Programs.present("go"), "needs go: apt-get install golang-go");
        workshop = new Workshop(dir.toRealPath());
    }

    @Test
    void aModuleWithADependencyRunsAndAChangedLineIsBuiltFromTheCache() throws Exception {
        Map<String, String> module =
                Map.of("go.mod", "module example.com/shop/v2\n\ngo 1.21\n\nrequire rsc.io/quote v1.5.2\n");
        Path first = workshop.source(module);
        Workshop.write(first, "main.go", SERVER);
        workshop.build(first);
        assertThat(workshop.output).contains("-----> Go detected", "-----> Building shop");

        Path second = workshop.source(module);
        Workshop.write(second, "main.go", SERVER.replace("one", "two"));
        Slug slug = workshop.build(second);

        assertThat(workshop.output).noneMatch(line -> line.contains("downloading"));
        assertThat(slug.processes()).isEqualTo(Map.of("web", "bin/shop"));
        assertThat(second.resolve("main.go")).exists();
        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/").body()).startsWith("two ").contains("world");
        }
    }

    @Test
    void ofSeveralProgramsTheServerIsTheWebProcessAndTheWorkerRunsBesideIt() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of(
                "go.mod", "module example.com/shop\n\ngo 1.21\n",
                "cmd/server/main.go", EMPTY_MAIN,
                "cmd/worker/main.go", EMPTY_MAIN,
                "cmd/migrate/main.go", EMPTY_MAIN,
                "examples/demo/main.go", "package main\n\nfunc main() { does not compile }\n")));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "bin/server", "worker", "bin/worker"));
        assertThat(slug.root().resolve("bin/migrate")).isExecutable();
        assertThat(slug.root().resolve("bin/demo")).doesNotExist();
    }

    @Test
    void theModulesOfAWorkspaceAreBuilt() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of(
                "go.work", "go 1.21\n\nuse (\n\t./api // the server\n\t./lib\n)\n",
                "api/go.mod", "module example.com/api\n\ngo 1.21\n",
                "api/main.go", "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.Serve() }\n",
                "lib/go.mod", "module example.com/lib\n\ngo 1.21\n",
                "lib/lib.go", "package lib\n\nfunc Serve() {}\n")));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "bin/api"));
    }

    @Test
    void programsAmongWhichNobodyChoseAreNamed() {
        StoaException error = failed(Map.of(
                "go.mod", "module example.com/shop\n\ngo 1.21\n",
                "cmd/left/main.go", EMPTY_MAIN,
                "cmd/right/main.go", EMPTY_MAIN));

        assertThat(error.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(error.message())
                .isEqualTo("the build made 2 programs, and nothing says which of them serves: left, right");
        assertThat(error.hint()).hasValue("write a Procfile with a line such as:  web: bin/left");
    }

    @Test
    void aCommentAsHerokuReadsItSaysWhatToBuild() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of(
                "go.mod", "module example.com/shop\n\n// +heroku install ./tools/serve\ngo 1.21\n",
                "cmd/left/main.go", EMPTY_MAIN,
                "tools/serve/main.go", EMPTY_MAIN)));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "bin/serve"));
    }

    @Test
    void aLibraryIsNoApp() {
        StoaException error =
                failed(Map.of("go.mod", "module example.com/shop\n\ngo 1.21\n", "shop.go", "package shop\n"));

        assertThat(error.message()).contains("no package main was found in ./...");
    }

    @Test
    void codeThatDoesNotCompileIsShownWithItsLine() {
        StoaException error = failed(Map.of(
                "go.mod",
                "module example.com/shop\n\ngo 1.21\n",
                "main.go",
                "package main\n\nfunc main() { nonsense() }\n"));

        assertThat(error.message()).isEqualTo("go build failed with exit status 1");
        assertThat(workshop.output).anyMatch(line -> line.contains("main.go:3:15: undefined: nonsense"));
    }

    @Test
    void aSumThatDoesNotFitTheModuleStopsTheBuild() {
        StoaException error = failed(Map.of(
                "go.mod",
                "module example.com/shop\n\ngo 1.21\n\nrequire rsc.io/quote v1.5.2\n",
                "go.sum",
                "rsc.io/quote v1.5.2 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                "main.go",
                SERVER));

        assertThat(error.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(workshop.output).anyMatch(line -> line.contains("checksum mismatch"));
    }

    private StoaException failed(Map<String, String> files) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(workshop.source(files)));
        assertThat(error).isNotNull();
        return error;
    }
}
