package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import dev.stoa.platform.http.RawResponse;
import dev.stoa.platform.source.git.GitRepository;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.eclipse.jgit.internal.storage.dfs.DfsRepositoryDescription;
import org.eclipse.jgit.internal.storage.dfs.InMemoryRepository;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.pack.PackConfig;
import org.eclipse.jgit.transport.PacketLineOut;
import org.eclipse.jgit.transport.ReceivePack;
import org.eclipse.jgit.transport.RefAdvertiser.PacketLineOutRefAdvertiser;
import org.eclipse.jgit.transport.UploadPack;

/** The door for git: each app has a repository, and what is pushed to its branch is deployed. */
public final class GitApi {
    private static final String RECEIVE = "git-receive-pack";
    private static final String UPLOAD = "git-upload-pack";
    private static final byte[] NO_COMMANDS = "0000".getBytes(StandardCharsets.US_ASCII);

    /** A client hears why its push is refused when all of it is sent; this much is waited for. */
    private static final long DRAINED_BYTES_MAX = 2 * Uploads.BYTES_MAX;

    private static final int CLONE_DELTA_MEMORY_BYTES = 16 << 20;
    private static final int NOT_IMPLEMENTED = 501;

    private final Home home;
    private final Apps apps;
    private final Map<String, Locks> locks = new ConcurrentHashMap<>();

    public GitApi(Home home, Apps apps) {
        this.home = home;
        this.apps = apps;
    }

    /**
     * Of one app's repository; taken in this order.
     *
     * @param use    shared by who reads and writes, exclusive for who tidies up
     * @param deploy held from the look at the branch that is deployed to its update
     */
    record Locks(ReentrantReadWriteLock use, ReentrantLock deploy) {}

    /** Git's own protocol, of which OpenAPI would say nothing. */
    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/git/{repository}/info/refs", "Says which branches there are")
                        .query("service", "what git wants to do: git-upload-pack or git-receive-pack")
                        .speaks(this::refs),
                Endpoint.post("/git/{repository}/git-upload-pack", "Clone and fetch")
                        .speaks(this::upload),
                Endpoint.post("/git/{repository}/git-receive-pack", "Push").speaks(this::receive),
                Endpoint.post("/git/{repository}/info/lfs/objects/batch", "Tells Git LFS that it finds nothing here")
                        .speaks(GitApi::lfs));
    }

    private void refs(ApiRequest request, RawResponse response) throws IOException {
        String service = request.query("service").orElse("");
        AppName app = app(request);
        switch (service) {
            case UPLOAD -> {
                try (GitRepository repository = existing(app);
                        UploadPack upload = upload(repository, request);
                        OutputStream out = response.open(advertisement(service))) {
                    upload.sendAdvertisedRefs(new PacketLineOutRefAdvertiser(new PacketLineOut(out)), service);
                }
            }
            case RECEIVE -> {
                Uploads.requireRoom(home.root());
                if (GitRepository.exists(home.git(app.value()))) {
                    try (GitRepository repository = GitRepository.open(home.git(app.value()))) {
                        advertise(repository.repository(), response);
                    }
                } else {
                    // Nothing is made before something is pushed.
                    try (Repository empty = new InMemoryRepository(new DfsRepositoryDescription())) {
                        advertise(empty, response);
                    }
                }
            }
            default ->
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "this is where git pushes to and clones from, and it must speak smart HTTP",
                        "git push stoa main   or git clone URL");
        }
    }

    private static void advertise(Repository repository, RawResponse response) throws IOException {
        try (OutputStream out = response.open(advertisement(RECEIVE))) {
            PacketLineOut lines = new PacketLineOut(out);
            lines.writeString("# service=" + RECEIVE + "\n");
            lines.end();
            ReceivePack pack = new ReceivePack(repository);
            pack.sendAdvertisedRefs(new PacketLineOutRefAdvertiser(lines));
        }
    }

    private void upload(ApiRequest request, RawResponse response) throws IOException {
        AppName app = app(request);
        Lock use = locks(app).use().readLock();
        use.lock();
        try (GitRepository repository = existing(app);
                UploadPack upload = upload(repository, request);
                InputStream body = request.bodyStream();
                OutputStream out = response.open(result(UPLOAD))) {
            upload.upload(body, out, OutputStream.nullOutputStream());
        } finally {
            use.unlock();
        }
    }

    private static UploadPack upload(GitRepository repository, ApiRequest request) {
        UploadPack upload = new UploadPack(repository.repository());
        upload.setBiDirectionalPipe(false);
        request.header("Git-Protocol").ifPresent(wanted -> upload.setExtraParameters(Arrays.asList(wanted.split(":"))));
        PackConfig packs = new PackConfig(repository.repository());
        packs.setThreads(1);
        packs.setDeltaSearchMemoryLimit(CLONE_DELTA_MEMORY_BYTES);
        upload.setPackConfig(packs);
        return upload;
    }

    private void receive(ApiRequest request, RawResponse response) throws IOException {
        AppName app = app(request);
        try (PushbackInputStream body = new PushbackInputStream(request.bodyStream(), NO_COMMANDS.length)) {
            byte[] first = body.readNBytes(NO_COMMANDS.length);
            if (Arrays.equals(first, NO_COMMANDS)) {
                // Before it sends much, git asks like this whether it is let in.
                response.open(result(RECEIVE)).close();
                return;
            }
            body.unread(first);
            Uploads.requireRoom(home.root());
            apps.ensure(app);
            Lock use = locks(app).use().readLock();
            use.lock();
            try (GitRepository repository = GitRepository.open(home.git(app.value()));
                    OutputStream out = response.open(result(RECEIVE));
                    GitPush push = new GitPush(apps, app, repository, locks(app).deploy(), out)) {
                push.receive(new PushedPack(body, home.root(), DRAINED_BYTES_MAX));
            } finally {
                use.unlock();
            }
        }
        Threads.start("git-tidy-" + app, () -> tidy(app));
    }

    /** Unless it is in use: then the next push comes back to it. */
    private void tidy(AppName app) {
        Lock alone = locks(app).use().writeLock();
        if (!GitRepository.exists(home.git(app.value())) || !alone.tryLock()) {
            return;
        }
        try (GitRepository repository = GitRepository.open(home.git(app.value()))) {
            if (repository.untidy()) {
                repository.tidy();
            }
        } catch (Exception e) {
            System.getLogger(GitApi.class.getName())
                    .log(System.Logger.Level.WARNING, "a repository was not tidied up app=" + app, e);
        } finally {
            alone.unlock();
        }
    }

    private static void lfs(ApiRequest request, RawResponse response) throws IOException {
        response.status(NOT_IMPLEMENTED);
        try (OutputStream out = response.open("application/vnd.git-lfs+json")) {
            out.write(Json.write(
                            Map.of(
                                    "message",
                                    "Stoa keeps no Git LFS files. To push without them: GIT_LFS_SKIP_PUSH=1 git push stoa main"))
                    .getBytes(StandardCharsets.UTF_8));
        }
    }

    private Locks locks(AppName app) {
        return locks.computeIfAbsent(
                app.value(), name -> new Locks(new ReentrantReadWriteLock(), new ReentrantLock(true)));
    }

    private GitRepository existing(AppName app) {
        if (!apps.exists(app.value())) {
            throw new StoaException(
                    ErrorCode.APP_NOT_FOUND,
                    "there is no app \"%s\"".formatted(app),
                    "stoa apps lists the apps; git push makes one");
        }
        return GitRepository.open(home.git(app.value()));
    }

    private static AppName app(ApiRequest request) {
        String repository = request.path("repository");
        return new AppName(repository.endsWith(".git") ? repository.substring(0, repository.length() - 4) : repository);
    }

    private static String advertisement(String service) {
        return "application/x-%s-advertisement".formatted(service);
    }

    private static String result(String service) {
        return "application/x-%s-result".formatted(service);
    }
}
