package dev.stoa.platform.source.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitSource;
import dev.stoa.api.StoaException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.eclipse.jgit.lib.ObjectId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class GitFetchTest {
    private static final String MAIN = "refs/heads/main";
    private static final FetchLimits LIMITS =
            new FetchLimits(Duration.ofSeconds(20), Duration.ofSeconds(5), 50L << 20, 0);

    private final SshKey key = SshKey.generate();
    private final List<String> notes = new ArrayList<>();

    @TempDir
    private Path temp;

    private GitServer server;
    private GitFetch fetch;

    @BeforeEach
    void start() throws Exception {
        server = new GitServer(temp.resolve("server"), key, SshKey.generate(), 0);
        fetch = new GitFetch(temp.resolve("known_hosts"), LIMITS);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private ObjectId fetched(String source) throws Exception {
        return fetched(source, key);
    }

    /** In a virtual thread, as the platform does. */
    private ObjectId fetched(String source, SshKey with) throws Exception {
        FutureTask<GitFetch.Fetched> task = new FutureTask<>(
                () -> fetch.fetch(temp.resolve("fetched"), GitSource.parse(source), () -> with, notes::add));
        Thread.startVirtualThread(task);
        try {
            return task.get().commit();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static void assertFails(ErrorCode code, String message, ThrowingCallable action) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        StoaException.class,
                        e -> assertThat(e.code()).as(e.message()).isEqualTo(code))
                .hasMessageContaining(message);
    }

    @Test
    void aBranchComesWithoutItsHistoryAndTheNextFetchOverIt() throws Exception {
        ObjectId first = server.commit(MAIN, "first");
        ObjectId second = server.commit(MAIN, "second");

        assertThat(fetched(server.gitUrl())).isEqualTo(second);
        try (GitRepository bare = GitRepository.open(temp.resolve("fetched"))) {
            assertThat(bare.repository().getObjectDatabase().has(first)).isFalse();
        }
        ObjectId third = server.commit(MAIN, "third");
        assertThat(fetched(server.gitUrl() + "#main")).isEqualTo(third);
        assertThat(fetched(server.gitUrl() + "#refs/heads/main")).isEqualTo(third);
    }

    @Test
    void aCommitIsFoundByItsWholeNameOrItsBeginningEvenAfterAFetchWithoutHistory() throws Exception {
        ObjectId first = server.commit(MAIN, "first");
        ObjectId second = server.commit(MAIN, "second");
        server.commit(MAIN, "third");
        fetched(server.gitUrl());

        assertThat(fetched(server.gitUrl() + "#" + second.name())).isEqualTo(second);
        assertThat(fetched(server.gitUrl() + "#" + first.abbreviate(8).name())).isEqualTo(first);
    }

    @Test
    void whatWasFetchedCanBePacked() throws Exception {
        server.commit(MAIN, "app/file", "content".getBytes(StandardCharsets.UTF_8));
        ObjectId commit = fetched(server.gitUrl());
        ByteArrayOutputStream packed = new ByteArrayOutputStream();

        GitFetch.pack(temp.resolve("fetched"), commit, packed, notes::add);

        try (TarArchiveInputStream tar = new TarArchiveInputStream(
                new GzipCompressorInputStream(new ByteArrayInputStream(packed.toByteArray())))) {
            assertThat(tar.getNextEntry().getName()).isEqualTo("app/");
            assertThat(tar.getNextEntry().getName()).isEqualTo("app/file");
            assertThat(tar.readAllBytes()).asString().isEqualTo("content");
        }
    }

    @Test
    void sshTakesTheDeployKeyAndRemembersTheServer() throws Exception {
        ObjectId commit = server.commit(MAIN, "x");

        assertThat(fetched(server.sshUrl())).isEqualTo(commit);
        assertThat(fetched(server.sshUrl())).isEqualTo(commit);

        assertThat(notes).filteredOn(note -> note.contains("is new here")).hasSize(1);
        assertThat(Files.readAllLines(temp.resolve("known_hosts")))
                .singleElement()
                .asString()
                .startsWith("[127.0.0.1]:%d ssh-ed25519 ".formatted(server.sshPort()));
    }

    @Test
    void sshWithAKeyThatTheServerDoesNotKnowIsDenied() throws Exception {
        server.commit(MAIN, "x");

        assertFails(
                ErrorCode.GIT_ACCESS_DENIED,
                "does not let the platform read it",
                () -> fetched(server.sshUrl(), SshKey.generate()));
        assertFails(
                ErrorCode.GIT_ACCESS_DENIED,
                "there is no repository at",
                () -> fetched(server.sshUrl().replace("shop", "nothing")));
    }

    @Test
    void anSshServerWhoseKeyHasChangedIsRefused() throws Exception {
        server.commit(MAIN, "x");
        fetched(server.sshUrl());
        int port = server.sshPort();
        server.close();
        server = new GitServer(temp.resolve("server"), key, SshKey.generate(), port);

        assertFails(
                ErrorCode.GIT_HOST_KEY_CHANGED,
                "shows another key than before: SHA256:",
                () -> fetched(server.sshUrl()));
        assertThat(Files.readAllLines(temp.resolve("known_hosts"))).hasSize(1);
    }

    @Test
    void whatIsNotThereIsSaidWithWhatIs() throws Exception {
        assertFails(ErrorCode.EMPTY_SOURCE, "is empty", () -> fetched(server.gitUrl()));
        server.commit(MAIN, "x");
        server.commit("refs/heads/release", "y");

        assertThatThrownBy(() -> fetched(server.gitUrl() + "#relaese"))
                .isInstanceOfSatisfying(
                        StoaException.class,
                        e -> assertThat(e.hint()).hasValue("did you mean release? its branches: main, release"));
        assertFails(
                ErrorCode.GIT_REF_NOT_FOUND, "no branch, tag or commit", () -> fetched(server.gitUrl() + "#abcdef12"));
        assertFails(
                ErrorCode.GIT_REF_NOT_FOUND,
                "no branch, tag or commit",
                () -> fetched(server.gitUrl() + "#" + "a".repeat(40)));
    }

    @Test
    void aServerWithoutTlsIsNotOneWithAnUntrustedCertificate() throws Exception {
        try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            FutureTask<Void> answer = new FutureTask<>(() -> {
                for (int i = 0; i < 2; i++) {
                    try (Socket client = plain.accept()) {
                        int _ = client.getInputStream().read(new byte[1024]);
                        client.getOutputStream()
                                .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    }
                }
                return null;
            });
            Thread _ = Thread.startVirtualThread(answer);
            assertFails(
                    ErrorCode.GIT_FETCH_FAILED,
                    "does not speak TLS",
                    () -> fetched("https://127.0.0.1:%d/you/shop.git".formatted(plain.getLocalPort())));
        }
    }

    @Test
    void aServerThatSaysNothingIsGivenUp() throws Exception {
        fetch = new GitFetch(
                temp.resolve("known_hosts"), new FetchLimits(Duration.ofSeconds(4), Duration.ofSeconds(1), 1 << 20, 0));
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            for (String scheme : List.of("git", "http", "ssh")) {
                assertFails(
                        ErrorCode.GIT_FETCH_FAILED,
                        "fetched",
                        () -> fetched("%s://127.0.0.1:%d/x.git".formatted(scheme, silent.getLocalPort())));
            }
        }
    }

    @Test
    void aFetchEndsAtItsTimeAndWhenItsThreadIsInterrupted() throws Exception {
        fetch = new GitFetch(
                temp.resolve("known_hosts"),
                new FetchLimits(Duration.ofSeconds(1), Duration.ofSeconds(50), 1 << 20, 0));
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            String url = "http://127.0.0.1:%d/x.git".formatted(silent.getLocalPort());
            List<Throwable> ends = new ArrayList<>();
            Thread timed = Thread.startVirtualThread(() -> end(url, ends));
            timed.join();
            assertThat(ends)
                    .singleElement()
                    .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.THROWABLE)
                    .hasMessageContaining("was not fetched within 1 s");

            fetch = new GitFetch(temp.resolve("known_hosts"), LIMITS);
            Thread interrupted = Thread.startVirtualThread(() -> end(url, ends));
            silent.accept();
            silent.accept();
            interrupted.interrupt();
            interrupted.join();
            assertThat(ends.getLast()).isInstanceOf(InterruptedException.class);
        }
    }

    private void end(String url, List<Throwable> ends) {
        try {
            fetch.fetch(temp.resolve("fetched"), GitSource.parse(url), () -> key, notes::add);
        } catch (Exception e) {
            ends.add(e);
        }
    }

    @Test
    void moreThanIsAllowedIsTooMuch() throws Exception {
        byte[] noise = new byte[3 << 20];
        new Random(1).nextBytes(noise);
        server.commit(MAIN, "noise", noise);
        fetch = new GitFetch(
                temp.resolve("known_hosts"),
                new FetchLimits(Duration.ofSeconds(20), Duration.ofSeconds(5), 1 << 20, 0));

        assertFails(ErrorCode.TOO_LARGE, "has more than 1 MB", () -> fetched(server.gitUrl()));
    }

    @Test
    void whatAKilledPlatformLeftDoesNotStopTheNextFetch() throws Exception {
        server.commit(MAIN, "first");
        fetched(server.gitUrl());
        Files.writeString(temp.resolve("fetched/shallow.lock"), "");
        Files.writeString(temp.resolve("fetched/refs/stoa/fetched.lock"), "");
        Files.writeString(temp.resolve("fetched/objects/incoming_1.pack"), "half");
        ObjectId second = server.commit(MAIN, "second");

        assertThat(fetched(server.gitUrl())).isEqualTo(second);
        assertThat(temp.resolve("fetched/objects/incoming_1.pack")).doesNotExist();

        Files.writeString(temp.resolve("fetched/config"), "[[[ no config");
        assertThat(fetched(server.gitUrl())).isEqualTo(second);
    }

    @Test
    void manyFetchesLeaveFewPacks() throws Exception {
        for (int i = 0; i < 12; i++) {
            server.commit(MAIN, "noise " + i);
            fetched(server.gitUrl());
        }
        try (var packs = Files.list(temp.resolve("fetched/objects/pack"))) {
            assertThat(packs.filter(file -> file.toString().endsWith(".pack"))).hasSizeLessThan(10);
        }
    }

    @Test
    void theKeyIsALineThatSshReads() {
        String line = key.line("stoa-shop");
        assertThat(line).startsWith("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI").endsWith(" stoa-shop");
        assertThat(key.fingerprint())
                .isEqualTo(KnownHosts.fingerprint(key.keyPair().getPublic()));
        assertThat(SshKey.of(key.privateKey(), key.publicKey()).line("stoa-shop"))
                .isEqualTo(line);
    }
}
