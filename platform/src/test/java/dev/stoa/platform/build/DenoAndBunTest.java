package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds apps for Deno and for Bun, whose programs npm brings. */
class DenoAndBunTest {
    private static final int INSTALL_SECONDS_MAX = 120;

    @TempDir
    static Path tools;

    @TempDir
    Path dir;

    private Workshop workshop;

    @BeforeAll
    static void install() throws Exception {
        assumeTrue(Programs.present("npm"), "needs npm: apt-get install npm");
        Process npm = new ProcessBuilder("npm", "install", "--silent", "--no-audit", "deno@2", "bun@1")
                .directory(tools.toFile())
                .redirectErrorStream(true)
                .redirectOutput(tools.resolve("npm.txt").toFile())
                .start();
        assertThat(npm.waitFor(INSTALL_SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
        assertThat(npm.exitValue())
                .as(Files.readString(tools.resolve("npm.txt")))
                .isZero();
    }

    @BeforeEach
    void workshop() throws IOException {
        workshop = new Workshop(dir.toRealPath());
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("PATH", tools.resolve("node_modules/.bin") + ":" + environment.get("PATH"));
        workshop.environment = environment;
    }

    @Test
    void aDenoAppListensWhereItIsToldAndItsModulesAreThere() throws Exception {
        Map<String, String> files = Map.of(
                "deno.json",
                "{\n  // with comments\n  \"imports\": {\"ms\": \"npm:ms@2.1.3\"},\n}",
                "main.ts",
                "import ms from \"ms\";\nDeno.serve(() => new Response(`a day is ${ms(\"1d\")}`));\n");
        workshop.build(workshop.source(files));
        Slug slug = workshop.build(workshop.source(files));

        assertThat(workshop.output)
                .contains("-----> Deno detected", "-----> Dependencies unchanged, taken from the last build");
        assertThat(slug.processes())
                .isEqualTo(Map.of("web", "env DENO_SERVE_ADDRESS=tcp:0.0.0.0:$PORT deno run -A main.ts"));
        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/").body()).isEqualTo("a day is 86400000");
        }
    }

    @Test
    void aDenoModuleThatExportsItsServerIsServed() throws Exception {
        Slug slug = workshop.build(workshop.source(
                Map.of("deno.json", "{}", "main.ts", "export default { fetch: () => new Response(\"exported\") };")));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "deno serve -A --host 0.0.0.0 --port $PORT main.ts"));
        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/").body()).isEqualTo("exported");
        }
    }

    @Test
    void theStartTaskWinsUnlessItWatchesFiles() throws Exception {
        String tasks = "{\"tasks\": {\"start\": \"deno run -A %s main.ts\", \"preview\": \"deno run -A x.ts\"}}";

        assertThat(workshop.build(workshop.source(Map.of("deno.json", tasks.formatted(""), "main.ts", "1")))
                        .processes())
                .isEqualTo(Map.of("web", "env DENO_SERVE_ADDRESS=tcp:0.0.0.0:$PORT deno task start"));
        assertThat(workshop.build(workshop.source(Map.of("deno.json", tasks.formatted("--watch"), "main.ts", "1")))
                        .processes())
                .isEqualTo(Map.of("web", "env DENO_SERVE_ADDRESS=tcp:0.0.0.0:$PORT deno task preview"));
    }

    @Test
    void aBunAppRunsWithItsPackages() throws Exception {
        Path made = workshop.source(Map.of("package.json", "{\"dependencies\": {\"ms\": \"2.1.3\"}}"));
        Process bun = new ProcessBuilder(
                        List.of(tools.resolve("node_modules/.bin/bun").toString(), "install", "--silent"))
                .directory(made.toFile())
                .start();
        assertThat(bun.waitFor(INSTALL_SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
        Path source = workshop.source(Map.of(
                "package.json",
                        "{\"dependencies\": {\"ms\": \"2.1.3\"}, \"scripts\": {\"start\": \"bun run index.ts\"}}",
                "index.ts", "import ms from 'ms';\nBun.serve({ fetch: () => new Response(`a day is ${ms('1d')}`) });\n",
                "bun.lock", Files.readString(made.resolve("bun.lock"))));

        Slug slug = workshop.build(source);

        assertThat(workshop.output).contains("-----> Bun detected");
        assertThat(slug.processes()).isEqualTo(Map.of("web", "bun run index.ts"));
        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/").body()).isEqualTo("a day is 86400000");
        }
    }

    @Test
    void aLockFileOfBunThatDoesNotFitStopsTheBuild() {
        StoaException error = failed(Map.of(
                "package.json", "{\"dependencies\": {\"ms\": \"2.1.3\"}}",
                "bun.lock", "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}}, \"packages\": {}}"));

        assertThat(error.message()).startsWith("bun install failed with exit status");
        assertThat(workshop.output).anyMatch(line -> line.contains("lockfile had changes"));
    }

    @Test
    void aMissingBunIsNamedWithItsVersionAndTheFile() {
        workshop.environment = Map.of("PATH", dir.toString());

        StoaException error = failed(Map.of("package.json", "{}", "bun.lock", "", ".bun-version", "1.2.3\n"));

        assertThat(error.code()).isEqualTo(ErrorCode.TOOL_MISSING);
        assertThat(error.message())
                .isEqualTo("this machine has no bun, which a Bun app needs to be built (.bun-version asks for 1.2.3)");
        assertThat(error.hint().orElseThrow()).contains("npm install -g bun@1.2.3", "mise use -g bun@1.2.3");
    }

    private StoaException failed(Map<String, String> files) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(workshop.source(files)));
        assertThat(error).isNotNull();
        return error;
    }
}
