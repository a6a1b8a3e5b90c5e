package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Apps of each package manager of Python and Node.js, built with this machine's tools and the network. */
@Order(1)
class KindsTest {
    private static final String UNCHANGED = "-----> Dependencies unchanged, taken from the last build";
    private static final String INTEGRITY =
            "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==";
    private static final String SERVER = "console.log('is 5 a number: ' + require('is-number')(5))";
    private static final String DANGEROUS =
            "import importlib.metadata as m\nprint('danger', m.version('itsdangerous'))\n";
    private static final String WHEEL = "c6242fc49e35958c8b15141343aa660db5fc54d4f13a1db01a3f5891b98700ef";

    @TempDir
    Path dir;

    private Workshop workshop;

    @BeforeEach
    void workshop() throws IOException {
        workshop = new Workshop(dir.toRealPath());
    }

    @Test
    void uvInstallsFromItsLockFileAndRefusesOneThatIsOld() throws Exception {
        needsPython();
        String project = """
                [project]
                name = "shop"
                version = "1"
                requires-python = ">=3.8"
                dependencies = ["itsdangerous==2.2.0"]
                """;
        Path made = workshop.source(Map.of("pyproject.toml", project));
        sh(made, "python3 -m venv tools && tools/bin/pip -q install uv && tools/bin/uv -q lock");
        String lock = Files.readString(made.resolve("uv.lock"));
        Map<String, String> files = new HashMap<>(Map.of(
                "pyproject.toml", project, "uv.lock", lock, "app.py", DANGEROUS, "Procfile", "web: uv run app.py"));

        Slug slug = workshop.build(workshop.source(files));

        assertThat(workshop.output).contains("-----> Installing uv", "-----> Installing dependencies with uv");
        assertThat(printed(slug)).isEqualTo("danger 2.2.0\n");
        Slug second = workshop.build(workshop.source(files));
        assertThat(workshop.output).contains(UNCHANGED);
        assertThat(printed(second)).isEqualTo("danger 2.2.0\n");

        files.put("pyproject.toml", project.replace("==2.2.0", "==2.1.2"));
        StoaException error = failed(files);
        assertThat(error.message())
                .isEqualTo("uv sync --locked --no-default-groups failed: uv.lock does not fit pyproject.toml");
        assertThat(error.hint().orElseThrow()).contains("uv lock");
    }

    @Test
    void poetrysLockFileIsInstalledWithItsHashes() throws Exception {
        needsPython();
        Map<String, String> files = new HashMap<>(Map.of(
                "pyproject.toml",
                """
                [project]
                name = "shop"
                version = "1"
                requires-python = ">=3.8"
                dependencies = ["itsdangerous"]

                [tool.poetry]
                package-mode = false

                [tool.poetry.group.dev.dependencies]
                nothing-of-this-name = "*"
                """,
                "poetry.lock",
                """
                [[package]]
                name = "itsdangerous"
                version = "2.2.0"
                optional = false
                groups = ["main"]
                markers = "python_version >= \\"3.0\\""
                files = [{file = "itsdangerous-2.2.0-py3-none-any.whl", hash = "sha256:%s"}]

                [[package]]
                name = "nothing-of-this-name"
                version = "1.0"
                optional = false
                groups = ["dev"]
                files = []

                [metadata]
                lock-version = "2.1"
                content-hash = "852b0c49e8443e7b17f8e4f8d1ea1d58bdbd3a8a5e1f4b0e1a4f1c1c0c0c0c0c"
                """.formatted(WHEEL),
                "app.py",
                DANGEROUS,
                "Procfile",
                "web: poetry run python app.py"));
        StoaException stale = failed(files);
        assertThat(stale.message()).isEqualTo("poetry.lock does not fit pyproject.toml: it was made from another one");
        assertThat(stale.hint().orElseThrow()).contains("poetry lock");

        files.computeIfPresent(
                "poetry.lock",
                (name, text) -> text.replaceFirst(
                        "852b0c49[0-9a-f]+", "50665ebdafe0a78aa0707b075b036bb89e4dc08f153848218d89f36c8b2c89c0"));
        Slug slug = workshop.build(workshop.source(files));

        assertThat(printed(slug)).isEqualTo("danger 2.2.0\n");
    }

    @Test
    void pipenvsLockFileIsInstalledWithItsHashes() throws Exception {
        needsPython();
        Map<String, String> files = new HashMap<>(Map.of(
                "Pipfile",
                "[[source]]\nurl = \"https://index.example/simple\"\nverify_ssl = true\nname = \"pypi\"\n\n[packages]\nitsdangerous = \"*\"\n\n[dev-packages]\n",
                "Pipfile.lock",
                """
                {"_meta": {"hash": {"sha256": "5838f7723677e414a7a71445bc7f297beb9b9bc091db823d386acabd4bd62e46"}, "sources": [{"name": "pypi", "url": "https://index.example/simple"}]},
                 "default": {"itsdangerous": {"hashes": ["sha256:%s"], "markers": "python_version >= '3.8'", "version": "==2.2.0"}},
                 "develop": {"nothing-of-this-name": {"version": "==1"}}}
                """.formatted(WHEEL),
                "app.py",
                DANGEROUS));

        Slug slug = workshop.build(workshop.source(files));

        assertThat(printed(slug)).isEqualTo("danger 2.2.0\n");
        files.computeIfPresent("Pipfile", (name, text) -> text.replace("\"*\"", "\"<2\""));
        assertThat(failed(files).message())
                .isEqualTo("Pipfile.lock does not fit Pipfile: it was made from another one");
    }

    @Test
    void theLockFilesOfTwoManagersAreRefused() {
        assertThat(failed(Map.of("pyproject.toml", "", "uv.lock", "", "poetry.lock", ""))
                        .message())
                .isEqualTo("the app has the lock files of several package managers: uv.lock, poetry.lock");
        needsNode();
        assertThat(failed(Map.of("package.json", "{}", "yarn.lock", "", "package-lock.json", "{}"))
                        .message())
                .isEqualTo("the app has the lock files of several package managers: package-lock.json, yarn.lock");
    }

    @Test
    void aLoneProgramIsAnApp() throws Exception {
        needsPython();

        Slug slug = workshop.build(workshop.source(Map.of("app.py", "print('alone')")));

        assertThat(slug.buildpack()).isEqualTo("python");
        assertThat(printed(slug)).isEqualTo("alone\n");
    }

    @Test
    void djangosStaticFilesAreCollected() throws Exception {
        needsPython();
        Path made = workshop.source(Map.of());
        sh(
                made,
                "python3 -m venv tools && tools/bin/pip -q install django && tools/bin/django-admin startproject shop .");
        Map<String, String> files = new HashMap<>();
        for (String name :
                List.of("manage.py", "shop/__init__.py", "shop/settings.py", "shop/urls.py", "shop/wsgi.py")) {
            files.put(name, Files.readString(made.resolve(name)));
        }
        files.put("requirements.txt", "django\n");

        files.merge("shop/settings.py", "\nSTATIC_ROOT = BASE_DIR / 'files'\n", String::concat);
        Slug collected = workshop.build(workshop.source(files));
        assertThat(collected.root().resolve("files/admin/css/base.css")).isRegularFile();
        assertThat(collected.processes()).containsEntry("web", "python manage.py runserver --noreload 0.0.0.0:$PORT");

        files.merge("shop/settings.py", "\nimport os\nos.environ['SHOP_KEY']\n", String::concat);
        StoaException error = failed(files);
        assertThat(error.message()).isEqualTo("python manage.py collectstatic --noinput failed with exit status 1");
        assertThat(error.hint().orElseThrow()).contains("DISABLE_COLLECTSTATIC = \"1\"");

        workshop.manifest = withEnv(Map.of("DISABLE_COLLECTSTATIC", "1"));
        workshop.build(workshop.source(files));
        assertThat(workshop.output).contains("       DISABLE_COLLECTSTATIC is set: the static files are not collected");
    }

    @Test
    void pnpmInstallsFromItsLockFileAndRefusesOneThatIsOld() throws Exception {
        needsNode();
        Map<String, String> files = nodeApp("pnpm-lock.yaml", """
                lockfileVersion: '9.0'

                importers:

                  .:
                    dependencies:
                      is-number:
                        specifier: 7.0.0
                        version: 7.0.0

                packages:

                  is-number@7.0.0:
                    resolution: {integrity: %s}
                    engines: {node: '>=0.12.0'}

                snapshots:

                  is-number@7.0.0: {}
                """.formatted(INTEGRITY));
        files.put("Procfile", "web: pnpm --silent start");

        installsAndRefuses(
                files, "pnpm install --frozen-lockfile --prod failed: pnpm-lock.yaml does not fit package.json");
    }

    @Test
    void yarnInstallsFromItsLockFileAndRefusesOneThatIsOld() throws Exception {
        needsNode();
        Map<String, String> files = nodeApp("yarn.lock", """
                # yarn lockfile v1


                is-number@7.0.0:
                  version "7.0.0"
                  integrity %s
                """.formatted(INTEGRITY));
        files.put("Procfile", "web: yarn --silent start");

        installsAndRefuses(
                files,
                "yarn install --non-interactive --frozen-lockfile --production=true failed: yarn.lock does not fit package.json");
    }

    @Test
    void theNewYarnInstallsFromItsLockFileAndRefusesOneThatIsOld() throws Exception {
        needsNode();
        Map<String, String> files = nodeApp("yarn.lock", """
                # This file is generated by running "yarn install" inside your project.
                # Manual changes might be lost - proceed with caution!

                __metadata:
                  version: 8
                  cacheKey: 10c0

                "is-number@npm:7.0.0":
                  version: 7.0.0
                  resolution: "is-number@npm:7.0.0"
                  checksum: 10c0/b4686d0d3053146095ccd45346461bc8e53b80aeb7671cc52a4de02dbbf7dc0d1d2a986e2fe4ae206984b4d34ef37e8b795ebc4f4295c978373e6575e295d811
                  languageName: node
                  linkType: hard

                "shop@workspace:.":
                  version: 0.0.0-use.local
                  resolution: "shop@workspace:."
                  dependencies:
                    is-number: "npm:7.0.0"
                  languageName: unknown
                  linkType: soft
                """);

        installsAndRefuses(files, "yarn install --immutable failed: yarn.lock does not fit package.json");
    }

    @Test
    void npmRefusesALockFileThatIsOld() {
        needsNode();
        Map<String, String> files = nodeApp("package-lock.json", """
                {"name": "shop", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "shop"}}}
                """);

        StoaException error = failed(files);

        assertThat(error.message()).isEqualTo("npm ci --omit=dev failed: package-lock.json does not fit package.json");
        assertThat(error.hint().orElseThrow()).contains("npm install");
    }

    @Test
    void herokusScriptsRunInTheirOrder() throws Exception {
        needsNode();

        workshop.build(workshop.source(Map.of("server.js", "", "package.json", """
                {"scripts": {"heroku-prebuild": "echo one >> order", "heroku-postbuild": "echo two >> order",
                  "build": "echo never >> order", "heroku-cleanup": "echo three >> order; cat order"}}
                """)));

        assertThat(workshop.output)
                .containsSubsequence("       one", "       two", "       three")
                .doesNotContain("       never");
    }

    @Test
    void linesThatMeanNothingAreNamedAndTheSiteIsBuilt() throws Exception {
        Slug slug = workshop.build(
                workshop.source(Map.of("index.html", "hi", "_redirects", "/a /b\n/c\n", "_headers", "/*\n  X-A: b\n")));

        assertThat(slug.processes()).containsKey("web");
        assertThat(workshop.output)
                .anyMatch(line ->
                        line.startsWith("       warning: _redirects, line 2 is left out: it does not say where to"));
    }

    private void installsAndRefuses(Map<String, String> files, String message) throws Exception {
        Slug slug = workshop.build(workshop.source(files));
        assertThat(printed(slug)).contains("is 5 a number: true");
        Slug second = workshop.build(workshop.source(files));
        assertThat(workshop.output).contains(UNCHANGED);
        assertThat(printed(second)).contains("is 5 a number: true");

        files.computeIfPresent("package.json", (name, text) -> text.replace("\"7.0.0\"", "\"6.0.0\""));
        StoaException error = failed(files);
        assertThat(error.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(error.message()).isEqualTo(message);
    }

    private static Map<String, String> nodeApp(String lock, String text) {
        return new HashMap<>(Map.of(
                "package.json",
                "{\"name\": \"shop\", \"license\": \"MIT\", \"scripts\": {\"start\": \"node server.js\"}, \"dependencies\": {\"is-number\": \"7.0.0\"}}",
                "server.js",
                SERVER,
                lock,
                text));
    }

    private static Manifest withEnv(Map<String, String> env) {
        Manifest empty = Manifest.EMPTY;
        return new Manifest(
                empty.name(),
                empty.domains(),
                empty.port(),
                empty.build(),
                empty.processes(),
                empty.release(),
                env,
                empty.network(),
                empty.crons(),
                empty.edge(),
                empty.routing(),
                empty.resources());
    }

    private String printed(Slug slug) throws Exception {
        Process process = workshop.start(slug, "web", 0);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return workshop.printed();
    }

    private void sh(Path folder, String script) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", script)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("sh.txt").toFile())
                .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(dir.resolve("sh.txt")))
                .isZero();
    }

    private StoaException failed(Map<String, String> files) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(workshop.source(files)));
        assertThat(error).isNotNull();
        return error;
    }

    private static void needsPython() {
        assumeTrue(
                Programs.present("python3"), "needs python3 and its venv module: apt-get install python3 python3-venv");
    }

    private static void needsNode() {
        assumeTrue(Programs.present("node", "npm"), "needs node and npm: apt-get install nodejs npm");
    }
}
