package dev.stoa.platform.control;

import dev.stoa.api.Deploy;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitSource;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.DeployStore.DeployRow;
import dev.stoa.platform.control.GitStore.KeyRow;
import dev.stoa.platform.source.git.GitFetch;
import dev.stoa.platform.source.git.SshKey;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;

/** Brings the source of those deploys that name a git repository. From there on they are as if a folder had been sent. */
final class GitDeploys {
    private final Home home;
    private final GitStore git;
    private final GitFetch fetch;
    private final InstantSource clock;

    GitDeploys(Home home, GitStore git, GitFetch fetch, InstantSource clock) {
        this.home = home;
        this.git = git;
        this.fetch = fetch;
        this.clock = clock;
    }

    /** Puts the deploy of a source into its app's queue. */
    Deploy submit(Deployments deployments, AppRow app, GitSource source, boolean pushed) {
        return submit(deployments, app, source, pushed, Optional.empty());
    }

    /** @param canary the share of the requests, in percent, for a release that is to be a canary */
    synchronized Deploy submit(
            Deployments deployments, AppRow app, GitSource source, boolean pushed, Optional<Integer> canary) {
        String id = deployments.nextId();
        git.addDeploy(id, app.id(), source, pushed);
        return deployments.submit(id, app, "deploy", "Deploy " + source, Optional.empty(), canary);
    }

    /** Whether a deploy names a repository, and its source has not come before the platform was stopped. */
    boolean isToBeFetched(DeployRow row) {
        String id = row.deploy().id();
        return !Files.exists(home.upload(id)) && git.source(id).isPresent();
    }

    /** Fetches what is to be deployed. */
    void bring(DeployRow row, AppRow app, Consumer<String> say) throws InterruptedException {
        String id = row.deploy().id();
        GitSource source = git.source(id).orElseThrow();
        say.accept("-----> Fetching " + source);
        Path folder = home.fetched(app.name());
        GitFetch.Fetched fetched;
        try {
            Files.createDirectories(folder);
            fetched = fetch.fetch(folder, source, () -> key(app).key(), say);
            pack(id, folder, fetched, say);
        } catch (StoaException e) {
            throw forApp(e, app);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        GitSource named = new GitSource(source.url(), Optional.of(fetched.ref()));
        boolean whole = fetched.ref().equals(fetched.commit().name());
        git.fetched(
                id,
                fetched.commit().name(),
                whole
                        ? "Deploy %s#%s".formatted(named.url(), fetched.shortCommit())
                        : "Deploy %s (%s)".formatted(named, fetched.shortCommit()));
    }

    /** Under another name first: a platform that is killed meanwhile must not take a part for the whole. */
    private void pack(String id, Path folder, GitFetch.Fetched fetched, Consumer<String> say) throws IOException {
        Path whole = home.upload(id);
        Path part = whole.resolveSibling(whole.getFileName() + ".part");
        Files.createDirectories(whole.getParent());
        try {
            try (OutputStream out = Files.newOutputStream(part)) {
                GitFetch.pack(folder, fetched.commit(), out, say);
            }
            Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            FileTree.delete(part);
        }
    }

    private static StoaException forApp(StoaException e, AppRow app) {
        return e.code() == ErrorCode.GIT_ACCESS_DENIED
                ? new StoaException(e.code(), e.message(), e.hint().orElse("").replace("-a APP", "-a " + app.name()), e)
                : e;
    }

    /** The app's key, made at its first use. */
    KeyRow key(AppRow app) {
        return git.key(app.id()).orElseGet(() -> newKey(app, false));
    }

    KeyRow newKey(AppRow app, boolean replace) {
        git.addKey(app.id(), SshKey.generate(), replace, clock.instant());
        return git.key(app.id()).orElseThrow();
    }
}
