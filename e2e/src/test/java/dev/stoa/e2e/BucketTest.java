package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BucketTest {
    private static final List<String> PROGRAMS = List.of("node", "npm");

    /** Made when the platform is up, and with it the client may say which host it means. */
    private static HttpClient client;

    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        client = HttpClient.newHttpClient();
        Folder folder = Folder.empty()
                .with("Procfile", "worker: sleep 1000\n")
                .with("stoa.toml", "[buckets.photos]\nquota = \"1MB\"\ncors = [\"https://shop.example.com\"]\n");
        assertThat(stoa.ok("deploy", folder.toString(), "-a", "shop").out()).contains("Making the bucket shop-photos");
    }

    @AfterAll
    static void down() {
        if (stoa != null) {
            stoa.close();
        }
    }

    /** As a browser does it, which knows where names below localhost lead. */
    private static HttpResponse<String> send(String method, String url, String body) throws Exception {
        URI uri = URI.create(url);
        return client.send(
                HttpRequest.newBuilder(URI.create(
                                "http://127.0.0.1:" + stoa.httpPort() + uri.getRawPath() + "?" + uri.getRawQuery()))
                        .header("Host", uri.getRawAuthority())
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static String url(String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "bucket";
        all[1] = "url";
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return stoa.ok(all).out().strip();
    }

    @Test
    void anAppHasTheBucketOfItsManifestAndAKeyOfItsOwn() {
        String config = stoa.ok("config", "-a", "shop").out();
        assertThat(config)
                .contains(
                        "PHOTOS_BUCKET=shop-photos",
                        "AWS_ENDPOINT_URL_S3=http://",
                        "AWS_ACCESS_KEY_ID=STOA",
                        "AWS_REGION=us-east-1");

        stoa.ok("bucket", "keys", "rotate", "photos", "-a", "shop");

        assertThat(stoa.ok("config", "-a", "shop").out()).isNotEqualTo(config).contains("AWS_ACCESS_KEY_ID=STOA");
        assertThat(stoa.fails("apps", "create", "s3").err()).contains("that name leads to the buckets");
    }

    @Test
    void aUrlOfTheCommandLineReadsAndWritesThroughTheRouterAlsoAfterAKill() throws Exception {
        assertThat(send("PUT", url("shop-photos", "a/../b c", "--put"), "held").statusCode())
                .isEqualTo(200);

        stoa.kill();
        stoa.start();

        assertThat(send("GET", url("shop-photos", "a/../b c"), "").body()).isEqualTo("held");
        assertThat(send("PUT", url("shop-photos", "big", "--put"), "x".repeat(2_000_000))
                        .body())
                .contains("QuotaExceeded", "1000000 bytes");
        assertThat(stoa.ok("bucket", "info", "shop-photos").out()).contains("objects", "1MB");
        assertThat(stoa.fails("bucket", "url", "shop-photos", "x", "--expires", "8d")
                        .err())
                .contains("1 second to 7 days");
    }

    @Test
    void anInstanceKnowsTheNamesOfItsBuckets() {
        assumeTrue(
                stoa.json("status").path("isolation").asString().contains("own network"),
                "needs root and network namespaces: apt-get install iproute2");
        assertThat(stoa.ok("run", "-a", "shop", "--", "cat", "/etc/hosts").out())
                .contains(" s3.localhost", " shop-photos.s3.localhost");
    }

    @Test
    void theAwsSdkForJavaScriptWorksUnmodified(@TempDir Path folder) throws Exception {
        for (String file : List.of("package.json", "objects.mjs")) {
            try (InputStream in = BucketTest.class.getResourceAsStream("/aws-sdk/" + file)) {
                Files.copy(Objects.requireNonNull(in, file), folder.resolve(file));
            }
        }
        assumeTrue(
                PROGRAMS.stream().allMatch(BucketTest::isOnPath), "needs Node.js with npm: apt-get install nodejs npm");
        run(folder, List.of("npm", "install", "--no-audit", "--no-fund", "--prefer-offline"), Map.of());
        stoa.ok("bucket", "create", "script");
        Map<String, String> keys = new HashMap<>();
        stoa.ok("bucket", "keys", "script").out().lines().forEach(line -> {
            String[] pair = line.replaceFirst("export ", "").split("=", 2);
            keys.put(pair[0], pair[1]);
        });
        assertThat(run(folder, List.of("node", "objects.mjs", "script"), keys)).contains("as it has to be");
    }

    @Test
    void foldersAreCopiedThereAndBackAndObjectsBetweenBucketsAsTheyAre(@TempDir Path here) throws Exception {
        Files.createDirectories(here.resolve("site/deep"));
        Files.writeString(here.resolve("site/deep/page.html"), "held");
        stoa.ok("bucket", "create", "one");
        stoa.ok("bucket", "create", "two", "--public");
        stoa.ok("bucket", "cp", "-r", here.resolve("site").toString(), "s3://one/www");
        stoa.ok("bucket", "cp", "-r", "s3://one/www", "s3://two");
        HttpResponse<String> page = send("GET", url("two", "deep/page.html"), "");
        assertThat(page.body()).isEqualTo("held");
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html");

        stoa.ok("bucket", "cp", "-r", "s3://two", here.resolve("back").toString());
        assertThat(here.resolve("back/deep/page.html")).hasContent("held");
        assertThat(send("PUT", url("one", "www/../../out", "--put"), "x").statusCode())
                .isEqualTo(200);
        assertThat(stoa.fails(
                                "bucket",
                                "cp",
                                "-r",
                                "s3://one",
                                here.resolve("back").toString())
                        .err())
                .contains("gives no name for a file");
        assertThat(here.resolve("out")).doesNotExist();
        assertThat(send("PUT", url("one", "shop-main-1f00d5ab/archive.json", "--put"), "{}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(stoa.fails("bucket", "destroy", "one", "--confirm", "one").err())
                .contains("holds the backups of shop-main", "--with-backups-of shop-main");
        stoa.ok("bucket", "destroy", "one", "--confirm", "one", "--with-backups-of", "shop-main");
    }

    private static boolean isOnPath(String program) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static String run(Path folder, List<String> command, Map<String, String> environment) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    @Test
    void aBucketThatWasDestroyedCanBeHadBack() throws Exception {
        stoa.ok("bucket", "create", "lone", "--public");
        String open = url("lone", "diary", "--put");
        send("PUT", open, "dear");
        assertThat(stoa.fails("bucket", "destroy", "lone").err()).contains("its name is asked for");
        stoa.ok("bucket", "destroy", "lone", "--confirm", "lone");
        assertThat(send("PUT", open, "x").body()).contains("InvalidAccessKeyId");

        stoa.ok("bucket", "restore", "lone", "--as", "found");

        assertThat(send("GET", url("found", "diary"), "").body()).isEqualTo("dear");
        assertThat(stoa.fails("bucket", "restore", "never").err())
                .contains("there is no bucket \"never\" that was destroyed");
        assertThat(stoa.fails("bucket", "create", "bad", "--quota", "lots").err())
                .contains("no amount of bytes");
        assertThat(stoa.fails("bucket", "add", "far", "--endpoint", "ftp://x", "--key", "a", "--secret", "b")
                        .err())
                .contains("not the address of an S3 service");
    }
}
