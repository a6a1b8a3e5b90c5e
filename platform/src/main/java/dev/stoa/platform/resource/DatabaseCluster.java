package dev.stoa.platform.resource;

import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The server and the files of one database. The server is started when somebody needs it, and when it has crashed the next
 * who needs it starts it again.
 */
final class DatabaseCluster {
    private static final int PASSWORD_BYTES = 24;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final DatabaseFolder folder;
    private final PostgresVersions versions;
    private volatile ResourceSpec spec;

    /** While another cluster is made to take its place, who asks for the server waits. */
    private volatile boolean replaced;

    /** A change of the settings, and a start, are made by one at a time. */
    private final Object starting = new Object();

    DatabaseCluster(DatabaseFolder folder, PostgresVersions versions, ResourceSpec spec) {
        this.folder = folder;
        this.versions = versions;
        this.spec = spec;
    }

    ResourceSpec spec() {
        return spec;
    }

    Path home() {
        return folder.cluster(spec);
    }

    Path data() {
        return home().resolve(PostgresCluster.DATA);
    }

    static String newPassword() {
        byte[] bytes = new byte[PASSWORD_BYTES];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    static String newLogin() {
        return RoleStore.OWNER + "_" + HexFormat.of().toHexDigits(RANDOM.nextInt());
    }

    /** Makes the files, in place of any that an attempt before has left. The server runs afterwards. */
    void make(Path template, String user, String password) throws IOException {
        synchronized (starting) {
            stop();
            FileTree.delete(home());
            DatabaseFolder.copy(template, home());
            int port = start();
            String secret = newPassword();
            try (RoleStore roles = RoleStore.open(port, superuserPassword(), "postgres")) {
                roles.prepareCluster();
            }
            try (RoleStore roles = RoleStore.open(port, superuserPassword(), RoleStore.DATABASE)) {
                roles.prepareDatabase();
                roles.login(user, password);
                roles.superuserPassword(secret);
            }
            PostgresCluster.writePrivately(home().resolve(PostgresServer.PASSWORD), secret + "\n");
            DatabaseFolder.sync(home());
        }
    }

    /** Puts the files of a cluster into an empty folder. Its server does not run, and the file {@code password} is right. */
    @FunctionalInterface
    interface Filling {
        void into(Path home) throws IOException;
    }

    /** Makes the files of those of another cluster, whose logins do not get in here. The server runs afterwards. */
    void take(Filling filling, String user, String password) throws IOException {
        synchronized (starting) {
            stop();
            FileTree.delete(home());
            DatabaseFolder.make(home());
            filling.into(home());
            int port = start();
            String secret = newPassword();
            try (RoleStore roles = RoleStore.open(port, superuserPassword(), RoleStore.DATABASE)) {
                roles.login(user, password);
                for (String login : roles.logins()) {
                    if (login.startsWith(RoleStore.OWNER + "_") && !login.equals(user)) {
                        roles.revoke(login);
                    }
                }
                roles.superuserPassword(secret);
            }
            PostgresCluster.writePrivately(home().resolve(PostgresServer.PASSWORD), secret + "\n");
            DatabaseFolder.sync(home());
        }
    }

    /** Makes another cluster of this one, and says where it is; or leaves this one as it is, and fails. */
    @FunctionalInterface
    interface Succession {
        ResourceSpec of(DatabaseCluster old) throws IOException;
    }

    /** Nobody else has the server until the other cluster is there, which is the one of this database from then on. */
    void replace(Succession succession) throws IOException {
        synchronized (starting) {
            replaced = true;
            try {
                stop();
                spec = succession.of(this);
            } finally {
                replaced = false;
            }
        }
    }

    boolean isReplaced() {
        return replaced;
    }

    /** From now on with these settings; a server that runs with others is started again. */
    void change(ResourceSpec changed) {
        synchronized (starting) {
            // When it is backed up is nothing to the server.
            boolean same = BackupSchedule.without(changed.settings()).equals(BackupSchedule.without(spec.settings()));
            boolean ran = running().isPresent();
            if (!same) {
                stop();
            }
            spec = changed;
            if (!same && ran) {
                int _ = start();
            }
        }
    }

    /** The server, if it takes connections now. */
    Optional<Postmaster> running() {
        return Postmaster.running(data()).filter(Postmaster::ready);
    }

    /** Starts the server unless it runs, and returns its port on 127.0.0.1. */
    int start() {
        Optional<Postmaster> running = replaced ? Optional.empty() : running();
        if (running.isPresent()) {
            return running.get().port();
        }
        synchronized (starting) {
            WalSpool.prepare(home());
            PostgresCluster cluster = PostgresCluster.open(home(), binaries(), settings(), DatabaseFolder.uid(spec));
            return cluster.port();
        }
    }

    void stop() {
        synchronized (starting) {
            Postmaster.running(data()).ifPresent(postmaster -> PostgresCluster.stop(home(), postmaster));
        }
    }

    void destroy() {
        stop();
        FileTree.delete(home());
    }

    String superuserPassword() throws IOException {
        return Files.readString(home().resolve(PostgresServer.PASSWORD)).strip();
    }

    PostgresBinaries binaries() {
        return versions.named(spec.setting("version"));
    }

    /** What the server is told: the plan's, and what else there is to say. */
    PostgresSettings settings() {
        return DatabasePlan.named(spec.setting("plan")).settings().withMore(WalSpool.SETTINGS);
    }
}
