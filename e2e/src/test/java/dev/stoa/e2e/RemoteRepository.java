package dev.stoa.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import com.sun.net.httpserver.SimpleFileServer.OutputLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A git repository as a forge has it: commits are pushed to it, and it is served over HTTP. */
final class RemoteRepository implements AutoCloseable {
    private final Folder work;
    private final Path bare;
    private final HttpServer server;
    private final String name;

    RemoteRepository(String name) {
        this.name = name;
        assumeTrue(hasGit(), "git is not installed: apt-get install git");
        try {
            Path root = Files.createTempDirectory("forge");
            bare = root.resolve(name + ".git");
            work = Folder.empty();
            git(root, "init", "--quiet", "--bare", "--initial-branch=main", bare.toString());
            git(work.path(), "init", "--quiet", "--initial-branch=main");
            git(work.path(), "remote", "add", "origin", bare.toString());
            server = SimpleFileServer.createFileServer(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), root, OutputLevel.NONE);
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A web app that answers with the text. */
    static RemoteRepository web(String name, String text) {
        RemoteRepository repository = new RemoteRepository(name);
        repository.work.with("Procfile", "web: python3 server.py\n");
        repository.push("main", text);
        return repository;
    }

    Folder work() {
        return work;
    }

    String url() {
        return url("");
    }

    /** @param login such as {@code user:password@} */
    String url(String login) {
        return "http://%s127.0.0.1:%d/%s.git"
                .formatted(login, server.getAddress().getPort(), name);
    }

    /** Lets the app answer with the text, and returns the commit. */
    String push(String branch, String text) {
        git(work.path(), "checkout", "--quiet", "-B", branch);
        work.with("server.py", Folder.server(text));
        git(work.path(), "add", "--all");
        git(
                work.path(),
                "-c",
                "user.name=test",
                "-c",
                "user.email=test@example.com",
                "commit",
                "--quiet",
                "--message",
                text);
        git(work.path(), "push", "--quiet", "--force", "origin", branch);
        git(bare, "update-server-info");
        return git(work.path(), "rev-parse", "HEAD").strip();
    }

    /** Pushes what was committed last to another repository. */
    void pushTo(String url, String branch) {
        git(work.path(), "push", "--quiet", url, branch);
    }

    void tag(String tag) {
        git(work.path(), "tag", tag);
        git(work.path(), "push", "--quiet", "origin", tag);
        git(bare, "update-server-info");
    }

    static boolean hasGit() {
        try {
            return new ProcessBuilder("git", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String git(Path folder, String... arguments) {
        try {
            List<String> command = new ArrayList<>(List.of("git"));
            command.addAll(List.of(arguments));
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
            builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
            builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
            Process process = builder.start();
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(command + ": " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
