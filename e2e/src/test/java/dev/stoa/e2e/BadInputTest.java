package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What is wrong is said: what, where, why and what to do. The app that was running still runs after each of these. */
@Order(1)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BadInputTest {
    private static Stoa stoa;
    private static long pid;
    private static CompletableFuture<Stoa.Result> mute;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        stoa.ok("deploy", Folder.web("still here").toString(), "-a", "app");
        pid = stoa.pids("app").getFirst();
        stoa.ok("deploy", Folder.web("still here").toString(), "-a", "mute");
        // It takes a minute.
        mute = stoa.later(
                "deploy",
                Folder.empty().with("Procfile", "web: echo idle; sleep 1000\n").toString(),
                "-a",
                "mute");
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @AfterEach
    void theAppThatWasRunningStillRuns() {
        assertThat(stoa.get("app", "/").body()).isEqualTo("still here");
        assertThat(stoa.pids("app")).containsExactly(pid);
    }

    @Test
    void anEmptyFolder() {
        assertThat(deployFails(Folder.empty())).contains("is empty");
    }

    @Test
    void aFolderThatIsNotThere() {
        assertThat(stoa.fails("deploy", "/no/such/folder", "-a", "app").err()).contains("/no/such/folder");
    }

    @Test
    void aFolderWithNothingRecognisable() {
        assertThat(deployFails(Folder.empty().with("notes.txt", "hello")))
                .contains("requirements.txt")
                .contains("package.json")
                .contains("pom.xml")
                .contains("index.html")
                .contains("Procfile");
    }

    @Test
    void anUnknownKeyInTheManifest() {
        assertThat(deployFails(Folder.web("x").with("stoa.toml", "[processes.web]\ninstnces = 2\n")))
                .contains("\"instnces\" is not a key of [processes.web] in stoa.toml, line 2")
                .contains("did you mean \"instances\"?");
    }

    @Test
    void aWrongTypeInTheManifest() {
        assertThat(deployFails(Folder.web("x").with("stoa.toml", "[processes.web]\ninstances = \"two\"\n")))
                .contains("stoa.toml, line 2")
                .contains("instances");
    }

    @Test
    void aBadLineInTheProcfile() {
        assertThat(deployFails(Folder.web("x").with("Procfile", "web: python3 server.py\nworker python3 w.py\n")))
                .contains("Procfile")
                .contains("line 2")
                .contains("worker python3 w.py");
    }

    @Test
    void aRequirementThatCannotBeInstalled() {
        Stoa.Result result = stoa.fails(
                "deploy",
                Folder.web("x")
                        .with("requirements.txt", "no-such-package-stoa-e2e==1.0\n")
                        .toString(),
                "-a",
                "app");
        assertThat(result.out()).contains("no-such-package-stoa-e2e");
        assertThat(result.err()).contains("pip install").contains("exit");
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void anAppThatNeverListens() {
        Stoa.Result result = mute.join();
        assertThat(result.status()).isEqualTo(1);
        assertThat(stoa.get("mute", "/").body()).isEqualTo("still here");
        assertThat(result.err())
                .contains("web.1 did not get healthy in time")
                .contains("listens on nothing")
                .contains("PORT")
                .contains("idle")
                .contains("v1 serves on");
    }

    @Test
    void anAppNameWithBadCharacters() {
        Stoa.Result result = stoa.run("deploy", Folder.web("x").toString(), "-a", "My_Shop!");
        assertThat(result.status()).isNotZero();
        assertThat(result.err()).contains("My_Shop!").contains("try: -a my-shop");
    }

    @Test
    void anAppNameThatIsTaken() {
        assertThat(stoa.fails("apps", "create", "app").err()).contains("there is an app \"app\" already");
    }

    @Test
    void aWrongToken() throws Exception {
        HttpResponse<String> response = send(request("/v1/apps", "wrong").build());
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.body()).contains("\"code\":\"unauthorized\"");
    }

    @Test
    void anOptionThatIsUnknownIsWrongUsage() {
        assertThat(stoa.run("ps", "--wat").status()).isEqualTo(2);
    }

    @Test
    void anArchiveWithDotDot() throws Exception {
        assertThat(uploadFails(tar(file("../evil", "x")))).contains("../evil");
    }

    @Test
    void anArchiveWithAnAbsolutePath() throws Exception {
        TarArchiveEntry entry = new TarArchiveEntry("/etc/evil", true);
        entry.setSize(0);
        assertThat(uploadFails(tar(new Entry(entry, "")))).contains("/etc/evil");
    }

    @Test
    void anArchiveWithASymlinkThatLeaves() throws Exception {
        TarArchiveEntry link = new TarArchiveEntry("way-out", TarConstants.LF_SYMLINK);
        link.setLinkName("../../../../etc");
        assertThat(uploadFails(tar(new Entry(link, "")))).contains("way-out");
    }

    @Test
    void anArchiveWithAMillionFiles() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            for (int i = 0; i < 1_000_000; i++) {
                tar.putArchiveEntry(new TarArchiveEntry("f" + i));
                tar.closeArchiveEntry();
            }
        }
        assertThat(uploadFails(bytes.toByteArray())).contains("200");
    }

    @Test
    void anArchiveThatUnpacksToTenGigabytes() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        TarArchiveOutputStream tar = new TarArchiveOutputStream(head);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        TarArchiveEntry entry = new TarArchiveEntry("zeros");
        entry.setSize(10L << 30);
        tar.putArchiveEntry(entry);
        tar.flush();
        bytes.writeBytes(gzip(head.toByteArray()));
        byte[] zeros = gzip(new byte[100 << 20]);
        // It is refused after 4 GB, so the rest need not be there.
        for (int megabytes = 0; megabytes < 4200; megabytes += 100) {
            bytes.writeBytes(zeros);
        }
        assertThat(uploadFails(bytes.toByteArray())).contains("zeros");
    }

    /** One after the other, such files are one again. */
    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(file)) {
            gzip.write(bytes);
        }
        return file.toByteArray();
    }

    @Test
    void twoCommandLinesAtOnce() throws Exception {
        Folder one = Folder.web("same");
        CompletableFuture<Stoa.Result> first = stoa.later("deploy", one.toString(), "-a", "twins");
        CompletableFuture<Stoa.Result> second = stoa.later("deploy", one.toString(), "-a", "twins");
        assertThat(first.get().status()).as(first.get().err()).isZero();
        assertThat(second.get().status()).as(second.get().err()).isZero();
        assertThat(stoa.json("releases", "-a", "twins")).hasSize(2);
        assertThat(stoa.get("twins", "/").body()).isEqualTo("same");
    }

    private static String deployFails(Folder folder) {
        return stoa.fails("deploy", folder.toString(), "-a", "app").err();
    }

    /** Uploads an archive that no command line of ours would make, and returns the problem of its deploy. */
    private static String uploadFails(byte[] archive) throws Exception {
        HttpResponse<String> accepted = send(request("/v1/apps/app/deploys", stoa.token())
                .header("Content-Type", "application/gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(archive))
                .build());
        assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
        String id =
                dev.stoa.api.Json.MAPPER.readTree(accepted.body()).path("id").asString();
        String events = send(request("/v1/apps/app/deploys/%s/events".formatted(id), stoa.token())
                        .build())
                .body();
        assertThat(events).contains("\"state\":\"failed\"");
        return events.lines()
                .filter(line -> line.contains("\"end\""))
                .findFirst()
                .orElseThrow();
    }

    private static HttpRequest.Builder request(String path, String token) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + stoa.apiPort() + path))
                .header("Authorization", "Bearer " + token);
    }

    private static HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, BodyHandlers.ofString());
        }
    }

    private record Entry(TarArchiveEntry entry, String text) {}

    private static Entry file(String name, String text) {
        TarArchiveEntry entry = new TarArchiveEntry(name, true);
        entry.setSize(text.length());
        return new Entry(entry, text);
    }

    private static byte[] tar(Entry... entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            for (Entry entry : entries) {
                tar.putArchiveEntry(entry.entry());
                tar.write(entry.text().getBytes(StandardCharsets.UTF_8));
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }
}
