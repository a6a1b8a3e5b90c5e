package dev.stoa.platform.source.git;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitUrl;
import dev.stoa.api.StoaException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.sshd.ServerKeyDatabase;
import org.eclipse.jgit.transport.sshd.SshdSessionFactory;
import org.eclipse.jgit.transport.sshd.SshdSessionFactoryBuilder;
import org.jspecify.annotations.Nullable;

/** SSH with one key, one book of known hosts, and nothing that the machine's user has in {@code ~/.ssh}. */
final class SshAccess implements ServerKeyDatabase, AutoCloseable {
    private final KnownHosts hosts;
    private final String host;
    private final Consumer<String> notes;
    private final SshdSessionFactory sessions;
    private volatile @Nullable PublicKey refused;

    SshAccess(KnownHosts hosts, GitUrl url, SshKey key, Consumer<String> notes) {
        this.hosts = hosts;
        this.host = KnownHosts.name(url.host(), url.port());
        this.notes = notes;
        // A folder that is not there: no configuration and no keys but ours.
        Path nowhere = hosts.file().resolveSibling("no-ssh-folder");
        this.sessions = new SshdSessionFactoryBuilder()
                .setHomeDirectory(nowhere.toFile())
                .setSshDirectory(nowhere.toFile())
                .setPreferredAuthentications("publickey")
                .setConfigStoreFactory((home, ssh, user) -> null)
                .setConnectorFactory(null)
                .setDefaultIdentities(ssh -> List.of())
                .setDefaultKeysProvider(ssh -> List.of(key.keyPair()))
                .setServerKeyDatabase((home, ssh) -> this)
                .build(null);
    }

    SshdSessionFactory sessions() {
        return sessions;
    }

    @Override
    public List<PublicKey> lookup(String connect, InetSocketAddress remote, Configuration configuration) {
        return hosts.keys(host);
    }

    @Override
    public boolean accept(
            String connect,
            InetSocketAddress remote,
            PublicKey key,
            Configuration configuration,
            @Nullable CredentialsProvider provider) {
        boolean met = !hosts.keys(host).isEmpty();
        if (!hosts.accept(host, key)) {
            refused = key;
            return false;
        }
        if (!met) {
            notes.accept(
                    "       %s is new here; its key %s is remembered".formatted(host, KnownHosts.fingerprint(key)));
        }
        return true;
    }

    /** What was wrong with the server's key, if something was. */
    Optional<StoaException> refusal() {
        return Optional.ofNullable(refused)
                .map(key -> new StoaException(
                        ErrorCode.GIT_HOST_KEY_CHANGED,
                        "%s shows another key than before: %s, and was known by %s"
                                .formatted(
                                        host,
                                        KnownHosts.fingerprint(key),
                                        String.join(
                                                ", ",
                                                hosts.keys(host).stream()
                                                        .map(KnownHosts::fingerprint)
                                                        .toList())),
                        "somebody may stand in between. If its owner says that the new key is right, delete the lines of %s in %s"
                                .formatted(host, hosts.file())));
    }

    @Override
    public void close() {
        sessions.close();
    }
}
