package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergedManifestTest {
    private static final String STOA_TOML = """
            name = "shop"

            [processes.web]
            command = "gunicorn \\"shop\\":app"
            memory = "1.5GB"
            cpu = 0.5

            [release]
            timeout = "90s"

            [crons.digest]
            schedule = "@daily"
            command = "own"

            [env]
            LEVEL = "own\\nlines"
            NEEDED = "own"
            """;

    private static final String APP_JSON = """
            {
              "env": {
                "LEVEL": "theirs", "COLOUR": "red",
                "NEEDED": {"required": true}, "KEY": {"generator": "secret"},
                "DATABASE_URL": {"description": "the data"}
              },
              "formation": {"web": {"quantity": 3}, "worker": {"quantity": 2}},
              "healthchecks": {"web": [{"type": "startup", "path": "/up"}]},
              "cron": [
                {"name": "digest", "command": "theirs", "schedule": "@hourly", "concurrency_policy": "allow"},
                {"command": "more", "schedule": "@hourly"}
              ],
              "scripts": {"postdeploy": "seed \\"it\\""},
              "buildpacks": [{"url": "heroku/python"}]
            }
            """;

    @TempDir
    private Path folder;

    @Test
    void stoaTomlWinsOverBothOthers() throws IOException {
        write("stoa.toml", STOA_TOML);
        write("app.json", APP_JSON);
        write("Procfile", "web: theirs\nworker: work\nrelease: migrate\n");

        Map<String, String> lines = shown(MergedManifest.read(folder));

        assertThat(lines)
                .containsEntry("processes.web.command", "gunicorn \"shop\":app (stoa.toml:4)")
                .containsEntry("processes.web.instances", "3 (app.json:7)")
                .containsEntry("processes.web.health", "/up (app.json:8)")
                .containsEntry("processes.web.cpu", "0.5 (stoa.toml:6)")
                .containsEntry("processes.web.memory", "1500MB (stoa.toml:5)")
                .containsEntry("processes.worker.command", "work (Procfile:2)")
                .containsEntry("processes.worker.instances", "2 (app.json:7)")
                .containsEntry("processes.worker.memory", "512MiB (default)")
                .containsEntry("release.command", "migrate (Procfile:3)")
                .containsEntry("release.timeout", "90s (stoa.toml:9)")
                .containsEntry("build.buildpack", "python (app.json:14)")
                .containsEntry("build.timeout", "30m (default)")
                .containsEntry("crons.digest.command", "own (stoa.toml:13)")
                .containsEntry("crons.digest.overlap", "false (default)")
                .containsEntry("crons.cron-2.command", "more (app.json:11)")
                .containsEntry("env.LEVEL", "own\nlines (stoa.toml:16)")
                .containsEntry("env.COLOUR", "red (app.json:3)")
                .containsEntry("required.DATABASE_URL", "the data (app.json:5)")
                .containsEntry("generated.KEY", "secret (app.json:4)")
                .containsEntry("scripts.postdeploy", "seed \"it\" (app.json:13)")
                .doesNotContainKey("required.NEEDED");
    }

    @Test
    void whatIsPrintedIsAStoaTomlThatSaysTheSame() throws IOException {
        write("stoa.toml", STOA_TOML);
        write("app.json", APP_JSON);
        write("Procfile", "web: theirs\nMail_Worker: printf '\\t\\\\'\nrelease: migrate\n");
        MergedManifest merged = MergedManifest.read(folder);
        List<ManifestLine> lines = ManifestLines.of(merged.manifest(), merged.setup(), merged.origins());

        Manifest again = ManifestFile.parse(ManifestLines.toml(lines), "printed");

        assertThat(ManifestLines.of(again, merged.setup(), Map.of()).stream()
                        .map(line -> line.key() + " = " + line.value()))
                .containsExactlyElementsOf(lines.stream()
                        .map(line -> line.key() + " = " + line.value())
                        .toList());
    }

    @Test
    void aFolderWithoutAnyOfThemSaysNothing() {
        MergedManifest merged = MergedManifest.read(folder);

        assertThat(merged.manifest()).isEqualTo(Manifest.EMPTY);
        assertThat(merged.setup()).isEqualTo(AppSetup.NONE);
        assertThat(merged.origins()).isEmpty();
        assertThat(merged.notes()).isEmpty();
    }

    @Test
    void aBuildpackOfStoaTomlsIsNotMixedWithTheirs() throws IOException {
        write("stoa.toml", "[build]\nbuildpacks = [\"./mine\"]\n");
        write("app.json", APP_JSON);

        assertThat(MergedManifest.read(folder).manifest().build().buildpack()).isEmpty();
    }

    @Test
    void addOnsAreWhatTheAppIsGivenUnlessStoaTomlNamesOneOfTheirKind() throws IOException {
        write("app.json", "{\"addons\": [\"heroku-redis\",\n\"heroku-postgresql\"]}");
        assertThat(shown(MergedManifest.read(folder)))
                .containsEntry("caches.main", "{} (app.json:1)")
                .containsEntry("databases.main", "{} (app.json:2)");

        write("stoa.toml", "[databases.shop]\nplan = \"large\"\n");
        MergedManifest merged = MergedManifest.read(folder);

        assertThat(shown(merged))
                .containsKeys("caches.main", "databases.shop.plan")
                .doesNotContainKey("databases.main");
        assertThat(merged.notes())
                .containsExactly("app.json: heroku-postgresql is not used: stoa.toml says which databases the app has");
    }

    @Test
    void anAddOnThatTheAppDoesNotGetIsNoPartOfTheManifest() throws IOException {
        write("app.json", "{\"addons\": [\"heroku-postgresql\"]}");
        MergedManifest merged = MergedManifest.read(folder);

        MergedManifest without = merged.without(merged.addons().getFirst(), List.of("it has one"));

        assertThat(without.manifest()).isEqualTo(Manifest.EMPTY);
        assertThat(without.addons()).isEmpty();
        assertThat(without.notes()).containsExactly("it has one");
    }

    @Test
    void aProcessTypeThatOnlyLooksLikeWebIsPointedOut() throws IOException {
        write("Procfile", "Web: ./server\n");

        assertThat(MergedManifest.read(folder).notes())
                .containsExactly("Procfile: \"Web\" gets no requests: the process type that does is named \"web\"");
    }

    @Test
    void aProcfileInUtf16IsNotRead() throws IOException {
        Files.write(folder.resolve("Procfile"), "web: ./server".getBytes(StandardCharsets.UTF_16));

        StoaException error = catchThrowableOfType(StoaException.class, () -> MergedManifest.read(folder));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_PROCFILE);
        assertThat(error.message()).isEqualTo("Procfile is UTF-16 text");
    }

    @Test
    void anAppJsonThatIsTooLargeIsNotRead() throws IOException {
        Files.write(folder.resolve("app.json"), new byte[SourceText.FILE_BYTES_MAX + 1]);

        StoaException error = catchThrowableOfType(StoaException.class, () -> MergedManifest.read(folder));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_MANIFEST);
        assertThat(error.message()).isEqualTo("app.json is too large: it has 262145 bytes, and may have 262144");
    }

    @Test
    void whatIsMissingIsWhatIsRequiredAndNotThere() throws IOException {
        write("app.json", APP_JSON);

        AppSetup setup = MergedManifest.read(folder).setup();

        assertThat(setup.missing(Set.of("DATABASE_URL"))).containsOnlyKeys("NEEDED");
        assertThat(setup.missing(Set.of())).containsOnlyKeys("DATABASE_URL", "NEEDED");
    }

    private static Map<String, String> shown(MergedManifest merged) {
        return ManifestLines.of(merged.manifest(), merged.setup(), merged.origins()).stream()
                .collect(java.util.stream.Collectors.toMap(
                        ManifestLine::key, line -> "%s (%s)".formatted(line.value(), line.source())));
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }
}
