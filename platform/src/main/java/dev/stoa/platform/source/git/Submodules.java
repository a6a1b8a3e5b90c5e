package dev.stoa.platform.source.git;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.errors.ConfigInvalidException;
import org.eclipse.jgit.lib.AnyObjectId;
import org.eclipse.jgit.lib.BlobBasedConfig;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.EmptyProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.treewalk.TreeWalk;

/** The submodules of a commit, as its .gitmodules names them. */
final class Submodules {
    private static final String SECTION = "submodule";
    private static final Duration SILENCE_MAX = Duration.ofSeconds(60);
    private static final long FREE_BYTES_MIN = 200L << 20;

    private final Repository repository;
    private final AnyObjectId tree;
    private final String prefix;
    private Optional<Config> gitmodules = Optional.empty();

    /** @param prefix the path of the repository itself, for messages */
    Submodules(Repository repository, AnyObjectId tree, String prefix) {
        this.repository = repository;
        this.tree = tree;
        this.prefix = prefix;
    }

    /** A submodule's repository, which is there until it is closed. */
    record Fetched(GitRepository bare, Path folder) implements AutoCloseable {
        Repository repository() {
            return bare.repository();
        }

        @Override
        public void close() {
            bare.close();
            FileTree.delete(folder);
        }
    }

    /** Fetches one commit of the submodule at a path. */
    Fetched fetch(String path, ObjectId commit) throws IOException {
        URIish url = url(path);
        Path folder = Files.createTempDirectory(repository.getDirectory().toPath(), "module-");
        GitRepository bare = GitRepository.open(folder);
        boolean done = false;
        try {
            fetch(bare.repository(), url, path, commit);
            done = true;
            return new Fetched(bare, folder);
        } finally {
            if (!done) {
                new Fetched(bare, folder).close();
            }
        }
    }

    private void fetch(Repository bare, URIish url, String path, ObjectId commit) throws IOException {
        try {
            // Most servers give a single commit, which spares the history; those that do not give their branches.
            try {
                fetch(bare, url, new RefSpec(commit.name() + ":" + Constants.R_HEADS + "pinned"), 1);
            } catch (GitAPIException e) {
                fetch(bare, url, new RefSpec("+refs/*:refs/remote/*"), 0);
            }
        } catch (GitAPIException e) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the submodule %s cannot be fetched from %s: %s".formatted(prefix + path, shown(url), reason(e)),
                    "the platform must be able to read it there; a private one needs its user and password in the URL in .gitmodules",
                    e);
        }
        try (RevWalk commits = new RevWalk(bare)) {
            commits.parseCommit(commit);
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the submodule %s is pinned to the commit %s, which is not at %s"
                            .formatted(prefix + path, commit.abbreviate(7).name(), shown(url)),
                    "push the submodule first: git push --recurse-submodules=on-demand",
                    e);
        }
    }

    private static void fetch(Repository bare, URIish url, RefSpec what, int depth) throws GitAPIException {
        var fetch = new Git(bare)
                .fetch()
                .setRemote(url.toPrivateString())
                .setRefSpecs(what)
                .setTagOpt(TagOpt.NO_TAGS)
                .setTimeout((int) SILENCE_MAX.toSeconds())
                .setProgressMonitor(new WhileThereIsRoom(bare.getDirectory().toPath()));
        if (depth > 0) {
            fetch.setDepth(depth);
        }
        fetch.call();
    }

    /** Gives up a fetch that fills the disk, or whose user has gone. */
    private static final class WhileThereIsRoom extends EmptyProgressMonitor {
        private final Path folder;

        WhileThereIsRoom(Path folder) {
            this.folder = folder;
        }

        @Override
        public boolean isCancelled() {
            try {
                return Thread.currentThread().isInterrupted()
                        || Files.getFileStore(folder).getUsableSpace() < FREE_BYTES_MIN;
            } catch (IOException e) {
                return true;
            }
        }
    }

    private URIish url(String path) throws IOException {
        Config config = gitmodules();
        String url = config.getSubsections(SECTION).stream()
                .filter(name -> path.equals(config.getString(SECTION, name, "path")))
                .map(name -> Optional.ofNullable(config.getString(SECTION, name, "url")))
                .flatMap(Optional::stream)
                .findFirst()
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s is a submodule, but .gitmodules has no URL for it".formatted(prefix + path),
                        "add it properly: git submodule add URL %s   or remove it: git rm --cached %s"
                                .formatted(path, path)));
        try {
            URIish parsed = new URIish(url);
            if (parsed.getHost() != null && ("https".equals(parsed.getScheme()) || "http".equals(parsed.getScheme()))) {
                return parsed;
            }
            throw refused(path, shown(parsed));
        } catch (URISyntaxException e) {
            throw refused(path, url);
        }
    }

    private StoaException refused(String path, String url) {
        return new StoaException(
                ErrorCode.BAD_REQUEST,
                "the submodule %s has the URL %s, from which the platform cannot fetch".formatted(prefix + path, url),
                "it takes whole URLs with https or http: git submodule set-url %s https://…".formatted(path));
    }

    private Config gitmodules() throws IOException {
        if (gitmodules.isEmpty()) {
            gitmodules = Optional.of(read());
        }
        return gitmodules.get();
    }

    private Config read() throws IOException {
        try (TreeWalk walk = TreeWalk.forPath(repository, Constants.DOT_GIT_MODULES, tree)) {
            return walk == null ? new Config() : new BlobBasedConfig(null, repository, walk.getObjectId(0));
        } catch (ConfigInvalidException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s.gitmodules is not in the format of a git config: %s".formatted(prefix, e.getMessage()),
                    "git config -f .gitmodules --list says where",
                    e);
        }
    }

    /** Without its password. */
    private static String shown(URIish url) {
        return url.setPass(null).toString();
    }

    private static String reason(Throwable e) {
        Throwable last = e;
        while (last.getCause() != null && last.getCause().getMessage() != null) {
            last = last.getCause();
        }
        return String.valueOf(last.getMessage());
    }
}
