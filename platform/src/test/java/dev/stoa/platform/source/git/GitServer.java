package dev.stoa.platform.source.git;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.Map;
import java.util.TreeMap;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheBuilder;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.lib.CommitBuilder;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.transport.Daemon;
import org.eclipse.jgit.transport.UploadPack;

/** A repository with servers for it: git's own protocol, and SSH for one key. */
final class GitServer implements AutoCloseable {
    final GitRepository bare;
    private final Daemon daemon;
    private final SshServer ssh;
    private final Map<String, byte[]> files = new TreeMap<>();

    /** @param admitted the key that may read over SSH */
    GitServer(Path folder, SshKey admitted, SshKey host, int sshPort) throws IOException {
        bare = GitRepository.open(Files.createDirectories(folder));
        daemon = new Daemon(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        daemon.setRepositoryResolver((client, name) -> {
            if (!name.equals("shop.git")) {
                throw new org.eclipse.jgit.errors.RepositoryNotFoundException(name);
            }
            bare.repository().incrementOpen();
            return bare.repository();
        });
        daemon.getService("git-upload-pack").setEnabled(true);
        daemon.getService("git-upload-pack").setOverridable(false);
        daemon.start();
        ssh = SshServer.setUpDefaultServer();
        ssh.setHost("127.0.0.1");
        ssh.setPort(sshPort);
        ssh.setKeyPairProvider(KeyPairProvider.wrap(host.keyPair()));
        PublicKey friend = admitted.keyPair().getPublic();
        ssh.setPublickeyAuthenticator((user, key, session) -> KeyUtils.compareKeys(friend, key));
        ssh.setCommandFactory((channel, command) -> new Upload(bare.repository(), command));
        ssh.start();
    }

    String gitUrl() {
        return "git://127.0.0.1:%d/shop.git".formatted(daemon.getAddress().getPort());
    }

    String sshUrl() {
        return "ssh://git@127.0.0.1:%d/shop.git".formatted(ssh.getPort());
    }

    int sshPort() {
        return ssh.getPort();
    }

    /** Adds a commit with one more or another file. */
    ObjectId commit(String ref, String file, byte[] content) throws IOException {
        files.put(file, content);
        Repository repository = bare.repository();
        try (ObjectInserter inserter = repository.newObjectInserter()) {
            DirCache cache = DirCache.newInCore();
            DirCacheBuilder builder = cache.builder();
            for (Map.Entry<String, byte[]> entry : files.entrySet()) {
                DirCacheEntry one = new DirCacheEntry(entry.getKey());
                one.setFileMode(FileMode.REGULAR_FILE);
                one.setObjectId(inserter.insert(Constants.OBJ_BLOB, entry.getValue()));
                builder.add(one);
            }
            builder.finish();
            CommitBuilder commit = new CommitBuilder();
            commit.setTreeId(cache.writeTree(inserter));
            ObjectId before = repository.resolve(ref);
            if (before != null) {
                commit.setParentId(before);
            }
            PersonIdent somebody = new PersonIdent("test", "test@example.com");
            commit.setAuthor(somebody);
            commit.setCommitter(somebody);
            commit.setMessage(file);
            ObjectId id = inserter.insert(commit);
            inserter.flush();
            RefUpdate update = repository.updateRef(ref);
            update.setNewObjectId(id);
            update.forceUpdate();
            return id;
        }
    }

    ObjectId commit(String ref, String text) throws IOException {
        return commit(ref, "file", text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        daemon.stop();
        ssh.stop(true);
        bare.close();
    }

    /** What {@code git-upload-pack 'shop.git'} does on a server. */
    private static final class Upload implements Command, Runnable {
        private final Repository repository;
        private final String command;
        private InputStream in = InputStream.nullInputStream();
        private OutputStream out = OutputStream.nullOutputStream();
        private OutputStream err = OutputStream.nullOutputStream();
        private ExitCallback exit = (status, message, close) -> {};

        Upload(Repository repository, String command) {
            this.repository = repository;
            this.command = command;
        }

        @Override
        public void start(ChannelSession channel, Environment environment) {
            Thread.ofVirtual().start(this);
        }

        @Override
        public void run() {
            try {
                if (!command.contains("shop.git")) {
                    err.write("ERROR: Repository not found.\n".getBytes(StandardCharsets.UTF_8));
                    err.flush();
                    exit.onExit(1);
                    return;
                }
                new UploadPack(repository).upload(in, out, err);
                exit.onExit(0);
            } catch (IOException e) {
                exit.onExit(1, e.getMessage());
            }
        }

        @Override
        public void destroy(ChannelSession channel) {}

        @Override
        public void setInputStream(InputStream stream) {
            in = stream;
        }

        @Override
        public void setOutputStream(OutputStream stream) {
            out = stream;
        }

        @Override
        public void setErrorStream(OutputStream stream) {
            err = stream;
        }

        @Override
        public void setExitCallback(ExitCallback callback) {
            exit = callback;
        }
    }
}
