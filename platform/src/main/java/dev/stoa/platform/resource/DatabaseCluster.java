package dev.stoa.platform.resource;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The server and the files of one database. The server is started when somebody needs it, and when it has crashed the next
 * who needs it starts it again.
 */
final class DatabaseCluster {
    private static final System.Logger LOG = System.getLogger(DatabaseCluster.class.getName());

    /** Seen from the data directory, in which the server works. */
    private static final Map<String, String> SOCKET_SETTINGS = Map.of("unix_socket_directories", "..");

    /** So often within the time after which it sleeps, somebody looks who uses it. */
    private static final int LOOKS = 4;

    private static final int PASSWORD_BYTES = 24;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final DatabaseFolder folder;
    private final PostgresVersions versions;
    private final DatabaseWay way;
    private volatile ResourceSpec spec;

    /** While another cluster is made to take its place, who asks for the server waits. */
    private volatile boolean replaced;

    /** When somebody last had it started; one that the platform finds running is taken for used. */
    private volatile long usedNanos = System.nanoTime();

    /** Whether it is known to sleep, so that nobody has to look. */
    private volatile boolean asleep;

    /** A change of the settings, a start and a stop are made by one at a time. */
    private final Object starting = new Object();

    /** The next platform may have the server started at any time, so that this one may not touch its files. */
    private boolean left;

    /** It may still look as if it took connections. */
    private volatile boolean stopping;

    /** How many sessions there had been when somebody last looked, and when that was. */
    private volatile long sessions;

    private volatile long lookedNanos = System.nanoTime();

    /** @param way of clients to the server, which is open only while that runs */
    DatabaseCluster(DatabaseFolder folder, PostgresVersions versions, DatabaseWay way, ResourceSpec spec) {
        this.folder = folder;
        this.versions = versions;
        this.way = way;
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
            // When it is backed up, and who is let through to it, is nothing to the server.
            boolean same = serverSettings(changed).equals(serverSettings(spec));
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

    private static Map<String, String> serverSettings(ResourceSpec of) {
        return DatabaseAccess.without(BackupSchedule.without(of.settings()));
    }

    /** The server, if it takes connections now. */
    Optional<Postmaster> running() {
        return Postmaster.running(data()).filter(Postmaster::ready);
    }

    /** Starts the server unless it runs, and returns its port on 127.0.0.1. */
    int start() {
        usedNanos = System.nanoTime();
        Optional<Postmaster> running = replaced || stopping ? Optional.empty() : running();
        if (running.isPresent()) {
            return running.get().port();
        }
        synchronized (starting) {
            usedNanos = System.nanoTime();
            asleep = false;
            WalSpool.prepare(home());
            PostgresSettings settings = settings().withMore(way.prepare(home()));
            PostgresCluster cluster = PostgresCluster.open(home(), binaries(), settings, DatabaseFolder.uid(spec));
            adopt();
            return cluster.port();
        }
    }

    /** Lets clients come to a server that runs already. */
    void adopt() {
        running().ifPresent(way::leadTo);
    }

    /** Shuts the way to a server that is there no more. */
    void look() {
        way.look(data());
    }

    /** Has the server show a certificate that is not old. */
    void renewCertificate() {
        way.renew(home());
    }

    /** Where it listens in the file system, if it does: the folder is the platform's and the cluster's alone. */
    Optional<Path> socket(int port) {
        return Optional.of(home().resolve(".s.PGSQL." + port)).filter(Files::exists);
    }

    void stop() {
        synchronized (starting) {
            stopping = true;
            way.close();
            try {
                Postmaster.running(data()).ifPresent(postmaster -> PostgresCluster.stop(home(), postmaster));
            } finally {
                stopping = false;
            }
        }
    }

    /** Stops the server for as long as nobody asks for it, with files that are as small as they can be. */
    void rest() {
        synchronized (starting) {
            if (left) {
                return;
            }
            stop();
            try {
                RestingWal.trim(data());
            } catch (IOException e) {
                LOG.log(
                        Level.WARNING,
                        "a database at rest keeps room that it does not need database=" + spec.name(),
                        e);
            }
        }
    }

    /** The server is another platform's from now on; returns when a stop that is under way has come to its end. */
    void leave() {
        synchronized (starting) {
            left = true;
        }
    }

    /**
     * Stops the server if nobody has used it for so long, which writes everything to its files; who comes meanwhile waits,
     * and has it started again.
     *
     * @param idle  at least; when clients have gone that did not come by the door is known by looking now and then
     * @param quiet whether nobody is in by the door
     * @param letGo ends the sessions at the door that nobody has
     * @return whether it sleeps from now on, and did not before
     */
    boolean sleepAfter(Duration idle, BooleanSupplier quiet, Runnable letGo) {
        if (replaced || asleep || !quiet.getAsBoolean()) {
            return false;
        }
        boolean due = isUnusedFor(idle) || System.nanoTime() - lookedNanos >= idle.toNanos() / LOOKS;
        // The way stays open for that: who comes meanwhile would have to stay with the door.
        if (due && way.isOpen()) {
            letGo.run();
            if (running().filter(this::wasUsed).isPresent()) {
                usedNanos = System.nanoTime();
            }
        }
        if (!isUnusedFor(idle)) {
            return false;
        }
        synchronized (starting) {
            // Who asks for the server from here on waits for the end of this.
            stopping = true;
            way.close();
            try {
                if (left || !isUnusedFor(idle) || !quiet.getAsBoolean()) {
                    return false;
                }
                letGo.run();
                Optional<Postmaster> running = Postmaster.running(data());
                if (running.isPresent() && isUsed(running.get())) {
                    usedNanos = System.nanoTime();
                    return false;
                }
                rest();
                asleep = true;
                return running.isPresent();
            } finally {
                stopping = false;
                adopt();
            }
        }
    }

    private boolean isUnusedFor(Duration idle) {
        return System.nanoTime() - usedNanos >= idle.toNanos();
    }

    /** By a client past the door, since this was asked before. */
    private boolean wasUsed(Postmaster running) {
        return tells(running, of -> {
            lookedNanos = System.nanoTime();
            long before = sessions;
            sessions = of.ever();
            return sessions != before || of.others() > 0;
        });
    }

    /** By somebody who did not come by the door, such as a backup that is being made. */
    private boolean isUsed(Postmaster running) {
        return tells(running, of -> of.others() > 0) || TcpConnections.to(running.port()) > 0;
    }

    private boolean tells(Postmaster running, Predicate<RoleStore> use) {
        if (!running.ready()) {
            return true;
        }
        try (RoleStore of = RoleStore.open(running.port(), superuserPassword(), "postgres")) {
            return use.test(of);
        } catch (IOException | StoaException e) {
            LOG.log(
                    Level.WARNING,
                    "a database cannot be asked who uses it, and stays awake database=" + spec.name(),
                    e);
            return true;
        }
    }

    void destroy() {
        stop();
        FileTree.delete(home());
    }

    /** A session with all rights in the database; starts the server if need be. */
    RoleStore superuser() {
        try {
            return RoleStore.open(start(), superuserPassword(), RoleStore.DATABASE);
        } catch (IOException e) {
            throw PostgresCluster.unusable(home(), e);
        }
    }

    String superuserPassword() throws IOException {
        return Files.readString(home().resolve(PostgresServer.PASSWORD)).strip();
    }

    PostgresBinaries binaries() {
        return versions.named(spec.setting("version"));
    }

    /** What the server is told: the plan's, and what else there is to say. */
    PostgresSettings settings() {
        return DatabasePlan.named(spec.setting("plan"))
                .settings()
                .withMore(WalSpool.SETTINGS)
                .withMore(SOCKET_SETTINGS);
    }
}
