package dev.stoa.platform.source.git;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitSource;
import dev.stoa.api.GitUrl;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.jgit.errors.AmbiguousObjectException;
import org.eclipse.jgit.errors.IncorrectObjectTypeException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.errors.TransportException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.CredentialItem;
import org.eclipse.jgit.transport.FetchConnection;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.SshTransport;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.Transport;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.UsernamePasswordCredentialsProvider;

/**
 * Fetches one commit of a repository somewhere else into a bare one on this machine, which is only there to make the next
 * fetch small. Where the server allows it, without the history.
 */
public final class GitFetch {
    private static final String FETCHED = "refs/stoa/fetched";
    private static final String EVERYTHING = "refs/stoa/all/";

    /** All forges use it; SSH itself would take the name of whoever runs the platform. */
    private static final String SSH_USER = "git";

    private static final int SHORT_COMMIT_CHARS = 7;

    private final KnownHosts hosts;
    private final FetchLimits limits;

    /** @param knownHosts a file, made when the first SSH server is met */
    public GitFetch(Path knownHosts, FetchLimits limits) {
        this.hosts = new KnownHosts(knownHosts);
        this.limits = limits;
    }

    /** @param ref what was asked for, or what the repository shows first */
    public record Fetched(ObjectId commit, String ref) {
        public String shortCommit() {
            return commit.abbreviate(SHORT_COMMIT_CHARS).name();
        }
    }

    /**
     * Fetches what the source names. Nobody else may use the folder meanwhile. The thread is a virtual one: only such a one
     * can be interrupted while it reads from a socket.
     *
     * @param key  with which an SSH server is asked; made only then
     * @throws StoaException if it cannot be fetched, with the reason
     */
    public Fetched fetch(Path folder, GitSource source, Supplier<SshKey> key, Consumer<String> notes)
            throws InterruptedException {
        if (!Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a fetch needs a virtual thread");
        }
        clean(folder);
        GitUrl url = source.url();
        Optional<SshAccess> ssh =
                url.ssh() ? Optional.of(new SshAccess(hosts, url, key.get(), notes)) : Optional.empty();
        try (GitRepository bare = open(folder)) {
            FetchWatch watch = new FetchWatch(folder, url, limits);
            try (watch) {
                Fetched fetched = new Attempt(bare.repository(), source, ssh, notes).run();
                watch.end();
                if (bare.untidy()) {
                    bare.tidy();
                }
                return fetched;
            } catch (StoaException e) {
                throw e;
            } catch (Exception e) {
                if (watch.verdict().isEmpty() && Thread.currentThread().isInterrupted()) {
                    throw new InterruptedException();
                }
                throw watch.verdict()
                        .or(() -> ssh.flatMap(SshAccess::refusal))
                        .orElseGet(() -> FetchProblem.of(url, e));
            }
        } finally {
            ssh.ifPresent(SshAccess::close);
        }
    }

    /** Writes the files of a commit that was fetched into this folder, as {@link GitTree#pack} does. */
    public static void pack(Path folder, ObjectId commit, OutputStream tarGz, Consumer<String> notes)
            throws IOException {
        try (GitRepository bare = GitRepository.open(folder)) {
            GitTree.pack(bare.repository(), commit, tarGz, notes);
        }
    }

    private static GitRepository open(Path folder) {
        try {
            return GitRepository.open(folder);
        } catch (RuntimeException e) {
            // It can be fetched again.
            FileTree.delete(folder);
            return GitRepository.open(folder);
        }
    }

    /** What a platform that was killed in the middle left: locks, and parts of what came. */
    private static void clean(Path folder) {
        try (Stream<Path> all = Files.isDirectory(folder) ? Files.walk(folder, 4) : Stream.empty()) {
            all.filter(path -> {
                        String name = path.getFileName().toString();
                        return name.endsWith(".lock") || name.startsWith("incoming_") || name.startsWith("module-");
                    })
                    .toList()
                    .forEach(FileTree::delete);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + folder, e);
        }
    }

    /** For the host that they were given for: it may send the fetch on to another one. */
    private static final class HostCredentials extends UsernamePasswordCredentialsProvider {
        private final String host;

        HostCredentials(GitUrl url) {
            super(url.user().orElse(""), url.password().orElse(""));
            this.host = url.host();
        }

        @Override
        public boolean get(URIish asker, CredentialItem... items) {
            return host.equalsIgnoreCase(asker.getHost()) && super.get(asker, items);
        }
    }

    /** One fetch: looks what there is, and takes the one commit of it. */
    private final class Attempt {
        private final Repository bare;
        private final GitSource source;
        private final Optional<SshAccess> ssh;
        private final Consumer<String> notes;

        Attempt(Repository bare, GitSource source, Optional<SshAccess> ssh, Consumer<String> notes) {
            this.bare = bare;
            this.source = source;
            this.ssh = ssh;
            this.notes = notes;
        }

        Fetched run() throws Exception {
            RemoteRefs refs = look();
            RemoteRefs.Found found = refs.find(source);
            return switch (found) {
                case RemoteRefs.Found.Named named -> {
                    notes.accept("       %s is %s"
                            .formatted(
                                    named.shown(),
                                    named.id().abbreviate(SHORT_COMMIT_CHARS).name()));
                    shallow(named.name());
                    yield new Fetched(commit(bare.resolve(FETCHED), named.shown()), named.shown());
                }
                case RemoteRefs.Found.Commit whole ->
                    new Fetched(wholeCommit(whole.id(), refs), whole.id().name());
                case RemoteRefs.Found.Abbreviation brief -> new Fetched(briefCommit(brief.text(), refs), brief.text());
            };
        }

        private RemoteRefs look() throws Exception {
            try (Transport transport = transport();
                    FetchConnection connection = transport.openFetch()) {
                Collection<Ref> refs = connection.getRefs();
                return new RemoteRefs(List.copyOf(refs));
            }
        }

        /** Only the commit, without its history; from a server that cannot do so, with it. */
        private void shallow(String name) throws Exception {
            try {
                fetch(1, new RefSpec("+" + name + ":" + FETCHED));
            } catch (TransportException | UnsupportedOperationException e) {
                if (!cannotBeShallow(e)) {
                    throw e;
                }
                fetch(0, new RefSpec("+" + name + ":" + FETCHED));
            }
        }

        private static boolean cannotBeShallow(Exception e) {
            return e instanceof UnsupportedOperationException
                    || String.valueOf(e.getMessage())
                            .toLowerCase(java.util.Locale.ROOT)
                            .contains("shallow");
        }

        private ObjectId wholeCommit(ObjectId id, RemoteRefs refs) throws Exception {
            try {
                shallow(id.name());
                return commit(id, id.name());
            } catch (TransportException | MissingObjectException e) {
                // Some servers give only what a branch or tag stands at, the oldest with no hint why.
                if (Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            }
            everything();
            try {
                return keep(commit(id, id.name()));
            } catch (MissingObjectException e) {
                throw refs.unknown(source);
            }
        }

        private ObjectId briefCommit(String text, RemoteRefs refs) throws Exception {
            notes.accept("       %s is short for a commit: fetching the whole history".formatted(text));
            everything();
            try {
                ObjectId id = bare.resolve(text + "^{commit}");
                if (id == null) {
                    throw refs.unknown(source);
                }
                return keep(id);
            } catch (AmbiguousObjectException e) {
                throw new StoaException(
                        ErrorCode.GIT_REF_NOT_FOUND,
                        "%s has more than one commit that begins with %s".formatted(source.url(), text),
                        "give more of its characters",
                        e);
            }
        }

        private void everything() throws Exception {
            RefSpec heads = new RefSpec("+refs/heads/*:" + EVERYTHING + "heads/*");
            RefSpec tags = new RefSpec("+refs/tags/*:" + EVERYTHING + "tags/*");
            fetch(bare.getObjectDatabase().getShallowCommits().isEmpty() ? 0 : Constants.INFINITE_DEPTH, heads, tags);
        }

        /** Of the whole history only what leads to the commit is kept, when the folder is tidied the next time. */
        private ObjectId keep(ObjectId commit) throws IOException {
            RefUpdate update = bare.updateRef(FETCHED);
            update.setNewObjectId(commit);
            update.forceUpdate();
            for (Ref ref : bare.getRefDatabase().getRefsByPrefix(EVERYTHING)) {
                RefUpdate drop = bare.updateRef(ref.getName());
                drop.setForceUpdate(true);
                drop.delete();
            }
            return commit;
        }

        private ObjectId commit(ObjectId id, String shown) throws IOException {
            try (RevWalk walk = new RevWalk(bare)) {
                RevCommit commit = walk.parseCommit(id);
                return commit.copy();
            } catch (IncorrectObjectTypeException e) {
                throw new StoaException(
                        ErrorCode.GIT_REF_NOT_FOUND,
                        "%s at %s is no commit".formatted(shown, source.url()),
                        "name a branch, a tag of a commit, or a commit",
                        e);
            }
        }

        private void fetch(int depth, RefSpec... specs) throws Exception {
            try (Transport transport = transport()) {
                transport.setTagOpt(TagOpt.NO_TAGS);
                if (depth > 0) {
                    transport.setDepth(depth);
                }
                transport.fetch(NullProgressMonitor.INSTANCE, List.of(specs));
            }
        }

        private Transport transport() throws Exception {
            GitUrl url = source.url();
            Transport transport = Transport.open(bare, uri(url));
            transport.setTimeout((int) limits.silenceMax().toSeconds());
            if (url.hasCredentials()) {
                transport.setCredentialsProvider(new HostCredentials(url));
            }
            if (transport instanceof SshTransport overSsh) {
                overSsh.setSshSessionFactory(ssh.orElseThrow().sessions());
            }
            return transport;
        }

        /** Without the password, so that no message of the library has it. */
        private static URIish uri(GitUrl url) throws URISyntaxException {
            URIish shown = new URIish(url.toString());
            return url.ssh() && url.user().isEmpty() ? shown.setUser(SSH_USER) : shown;
        }
    }
}
