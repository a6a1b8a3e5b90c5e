package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds the examples with this machine's toolchains and the network, starts them, and builds them again. */
@Order(1)
class ExamplesTest {
    private static final String UNCHANGED = "-----> Dependencies unchanged, taken from the last build";

    @TempDir
    Path dir;

    private Workshop workshop;

    @BeforeEach
    void workshop() throws IOException {
        workshop = new Workshop(dir.toRealPath());
    }

    @Test
    void helloPythonRunsAndASecondBuildInstallsNothing() throws Exception {
        needs("apt install python3 python3-venv", "python3");
        Slug first = workshop.build(example("hello-python"));
        assertThat(workshop.output).contains("-----> Python detected", "-----> Installing dependencies with pip");
        assertThat(first.processes()).isEqualTo(Map.of("web", "python app.py"));

        Slug second = workshop.build(edited("hello-python", "app.py"));

        assertThat(workshop.output).contains(UNCHANGED);
        assertThat(answer(second)).contains("Hello from Stoa").contains("version 2");
        assertThat(Files.readString(second.root().resolve(".stoa/venv/bin/flask")))
                .contains(second.mount())
                .doesNotContain(first.mount() + "/");
    }

    @Test
    void aPythonPackageRunsItsNewCodeOnItsOldDependencies() throws Exception {
        needs("apt install python3 python3-venv", "python3");
        String project = """
                [build-system]
                requires = ["setuptools>=64"]
                build-backend = "setuptools.build_meta"
                [project]
                name = "shop"
                version = "1"
                scripts = { shop = "shop:main" }
                """;
        workshop.build(workshop.source(Map.of(
                "pyproject.toml",
                project,
                "Procfile",
                "web: shop",
                "src/shop/__init__.py",
                "def main(): print('one')")));

        Slug second = workshop.build(workshop.source(Map.of(
                "pyproject.toml",
                project,
                "Procfile",
                "web: shop",
                "src/shop/__init__.py",
                "def main(): print('two')")));

        assertThat(workshop.output).contains(UNCHANGED);
        Process process = workshop.start(second, "web", 0);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(workshop.printed()).isEqualTo("two\n");
    }

    @Test
    void aRequirementThatDoesNotExistFailsByItsName() {
        needs("apt install python3 python3-venv", "python3");
        Path source = workshop.source(Map.of("requirements.txt", "./nowhere\n", "app.py", ""));

        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(source));

        assertThat(error.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(error.message()).isEqualTo("pip install -r requirements.txt failed with exit status 1");
        assertThat(workshop.output).anyMatch(line -> line.startsWith("       ") && line.contains("nowhere"));
    }

    @Test
    void helloNodeRunsAndASecondBuildInstallsNothing() throws Exception {
        needs("apt install nodejs npm", "node", "npm");
        Slug first = workshop.build(example("hello-node"));
        assertThat(workshop.output).contains("-----> Node detected", "-----> Installing dependencies with npm");
        assertThat(first.processes()).isEqualTo(Map.of("web", "node server.js"));
        // As a build leaves it that was killed while it wrote the cache.
        Files.createDirectories(workshop.cache().resolve("node/.new/half"));

        Slug second = workshop.build(edited("hello-node", "server.js"));

        assertThat(workshop.output).contains(UNCHANGED);
        assertThat(answer(second)).contains("Hello from Stoa").contains("version 2");
        assertThat(second.root().resolve("node_modules/half")).doesNotExist();
    }

    @Test
    void theCacheKeepsTheLastTwoSetsOfDependencies() throws Exception {
        needs("apt install nodejs npm", "node", "npm");
        for (String registry : new String[] {"1", "2", "3"}) {
            Path source = example("hello-node");
            Files.writeString(source.resolve(".npmrc"), "# " + registry);
            workshop.build(source);
        }

        try (Stream<Path> entries = Files.list(workshop.cache().resolve("node"))) {
            assertThat(entries).hasSize(2);
        }
    }

    @Test
    void helloJavaRuns() throws Exception {
        needs("apt install maven", "mvn");

        Slug slug = workshop.build(example("hello-java"));

        assertThat(workshop.output).contains("-----> Java detected", "-----> Building with Maven");
        assertThat(slug.processes()).isEqualTo(Map.of("web", "java $JAVA_OPTS -jar target/hello-java.jar"));
        assertThat(answer(slug)).contains("Hello from Stoa").contains("version 1");
    }

    @Test
    void helloStaticRuns() throws Exception {
        Slug slug = workshop.build(example("hello-static"));

        assertThat(answer(slug)).contains("<h1>Hello from Stoa</h1>").contains("version 1");
    }

    @Test
    void theWorkerExampleHasTwoProcessTypes() throws Exception {
        needs("apt install python3", "python3");

        Slug slug = workshop.build(example("worker"));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "python3 web.py", "worker", "sh worker.sh"));
        assertThat(answer(slug)).contains("Hello from Stoa");
        Process worker = workshop.start(slug, "worker", 0);
        await().until(() -> workshop.printed().contains("piece of work 1"));
        worker.destroy();
        assertThat(worker.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(worker.exitValue()).isZero();
    }

    /** Starts it, asks for its page, and ends it by SIGTERM, on which it must end by itself. */
    private String answer(Slug slug) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Process process = workshop.start(slug, "web", port);
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                    .build();
            String body = await().atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(50))
                    .ignoreExceptions()
                    .until(() -> client.send(request, BodyHandlers.ofString()).body(), text -> !text.isEmpty());
            process.destroy();
            assertThat(process.waitFor(10, TimeUnit.SECONDS))
                    .as("ends after SIGTERM")
                    .isTrue();
            assertThat(process.exitValue()).isIn(0, 143);
            return body;
        } finally {
            process.destroyForcibly();
        }
    }

    private Path edited(String name, String file) throws IOException {
        Path source = example(name);
        String text = Files.readString(source.resolve(file));
        Files.writeString(
                source.resolve(file),
                text.replace("VERSION = \"1\"", "VERSION = \"2\"").replace("version = \"1\"", "version = \"2\""));
        return source;
    }

    private Path example(String name) throws IOException {
        Path from = Path.of("..", "examples", name).toRealPath();
        Path to = workshop.source();
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (!file.toString().contains("node_modules")
                        && !file.toString().contains("/target/")) {
                    Files.createDirectories(target.getParent());
                    Files.copy(file, target);
                }
            }
        }
        return to;
    }

    private static void needs(String install, String... programs) {
        assumeTrue(Programs.present(programs), "needs " + String.join(" and ", programs) + ": " + install);
    }
}
