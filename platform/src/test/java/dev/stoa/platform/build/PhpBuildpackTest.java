package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Serves PHP apps with this machine's php. */
class PhpBuildpackTest {
    @TempDir
    Path dir;

    private Workshop workshop;

    @BeforeEach
    void workshop() throws Exception {
        assumeTrue(Programs.present("php"), "needs php: apt-get install php-cli");
        workshop = new Workshop(dir.toRealPath());
    }

    @Test
    void aFolderOfPagesIsServedWithoutWhatIsNoPage() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of(
                "index.php", "<?php echo 'start ' . $_SERVER['REQUEST_URI'];",
                "about.php", "<?php echo 'about ' . basename(__FILE__);",
                "style.css", "p {}",
                "news/index.php", "<?php echo 'news';",
                "composer.json", "{\"require\": {\"php\": \">=7.4\"}}",
                ".env", "SECRET=1")));

        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/about.php").body()).isEqualTo("about about.php");
            assertThat(app.get("/style.css")
                            .headers()
                            .firstValue("content-type")
                            .orElseThrow())
                    .startsWith("text/css");
            assertThat(app.get("/news/").body()).isEqualTo("news");
            assertThat(app.get("/").body()).isEqualTo("start /");
            assertThat(app.get("/.env").statusCode()).isEqualTo(404);
            assertThat(app.get("/composer.json").statusCode()).isEqualTo(404);
            assertThat(app.get("/%2eenv").statusCode()).isEqualTo(404);
            assertThat(app.get("/.stoa/php/router.php").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void inPublicOnePageAnswersForAllThatAreNoFiles() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of(
                "public/index.php",
                        "<?php echo $_SERVER['SCRIPT_NAME'], ' ', $_SERVER['REQUEST_URI'], ' ', $_GET['q'] ?? '';",
                "public/robots.txt", "all")));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "php -S 0.0.0.0:$PORT -t public .stoa/php/router.php"));
        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/users/1.json?q=x").body()).isEqualTo("/index.php /users/1.json?q=x x");
            assertThat(app.get("/robots.txt").body()).isEqualTo("all");
        }
    }

    @Test
    void aProcfileAsHerokuReadsItStartsTheServer() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of(
                "Procfile", "web: vendor/bin/heroku-php-apache2 -C conf web/",
                "web/index.php", "<?php echo 'web';",
                "composer.json", "{}")));

        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/any").body()).isEqualTo("web");
        }
    }

    @Test
    void anErrorOfAPageIsInTheLogAndNotInThePage() throws Exception {
        Slug slug = workshop.build(
                workshop.source(Map.of("index.php", "<?php echo 'ok'; if (isset($_GET['x'])) { undefined(); }")));

        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/?x").body()).doesNotContain("undefined");
        }
        assertThat(workshop.printed()).contains("undefined function undefined()");
    }

    @Test
    void whatComposerInstalledIsKeptForTheNextBuild() throws Exception {
        Map<String, String> files = Map.of(
                "index.php",
                "<?php echo 'ok';",
                "composer.json",
                "{\"require\": {\"acme/shop\": \"1.0\"}}",
                "composer.lock",
                "{}",
                // Stands in for Composer: it says what it was asked for and what it found.
                "composer.phar",
                """
                <?php
                echo implode(' ', array_slice($argv, 1)), "\\n", is_dir('vendor/acme') ? 'found' : 'nothing', "\\n";
                @mkdir('vendor/acme', 0777, true);
                file_put_contents('vendor/autoload.php', '<?php');
                """);

        workshop.build(workshop.source(files));
        assertThat(workshop.output)
                .contains(
                        "       install --no-dev --optimize-autoloader --prefer-dist --no-progress --no-interaction",
                        "       nothing");
        workshop.build(workshop.source(files));

        assertThat(workshop.output)
                .contains("-----> Dependencies unchanged, taken from the last build", "       found");
    }

    @Test
    void aLaravelAppGetsAKey() throws Exception {
        Map<String, String> files = Map.of("artisan", "", "public/index.php", "<?php echo 'ok';");

        Slug slug = workshop.build(workshop.source(files));

        assertThat(workshop.secrets.get("APP_KEY")).matches("base64:[A-Za-z0-9+/]{43}=");
        assertThat(slug.root().resolve("storage/framework/views")).isDirectory();
    }

    @Test
    void aPhpThatIsTooOldIsNamed() {
        Path source = workshop.source(Map.of("index.php", "", "composer.json", "{\"require\": {\"php\": \"^99.1\"}}"));

        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(source));

        assertThat(error.code()).isEqualTo(ErrorCode.TOOL_MISSING);
        assertThat(error.message()).startsWith("composer.json asks for php 99.1, and this machine has ");
    }

    @Test
    void aManifestThatIsNoJsonIsSaidSo() {
        Path source = workshop.source(Map.of("index.php", "", "composer.json", "{\n\"require\": }"));

        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(source));

        assertThat(error.message()).startsWith("composer.json cannot be read: ").endsWith("line 2");
    }
}
