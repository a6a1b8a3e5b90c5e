package dev.stoa.e2e;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import com.sun.net.httpserver.SimpleFileServer.OutputLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** A git repository as a forge has it: commits are pushed to it, and it is served over HTTP. */
final class RemoteRepository implements AutoCloseable {
    private final Repository work;
    private final Repository bare;
    private final HttpServer server;
    private final String name;

    RemoteRepository(String name) {
        this.name = name;
        try {
            Path root = Files.createTempDirectory("forge");
            Path folder = Files.createDirectory(root.resolve(name + ".git"));
            bare = Repository.bare(new Folder(folder));
            work = Repository.init(Folder.empty());
            work.git("remote", "add", "origin", folder.toString());
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
        return work.folder();
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
        work.git("checkout", "--quiet", "-B", branch);
        work.with("server.py", Folder.server(text)).commit(text);
        work.git("push", "--quiet", "--force", "origin", branch);
        bare.git("update-server-info");
        return work.git("rev-parse", "HEAD").strip();
    }

    /** Pushes what was committed last to another repository. */
    void pushTo(String url, String branch) {
        work.git("push", "--quiet", url, branch);
    }

    void tag(String tag) {
        work.git("tag", tag);
        work.git("push", "--quiet", "origin", tag);
        bare.git("update-server-info");
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
