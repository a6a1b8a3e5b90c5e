package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.Sql;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;

/**
 * A PostgreSQL server with a data directory of its own, on a port of the loopback address, with one user and a random
 * password.
 *
 * <p>The server is a process of its own that outlives the platform when that is killed: {@link #open} then finds it and
 * takes it over. What stands in the cluster's directory: {@code data/} (complete, or not there), {@code password}, {@code
 * log}.
 */
public final class PostgresCluster implements AutoCloseable {
    static final String DATA = "data";
    static final String USER = "stoa";

    private static final System.Logger LOG = System.getLogger(PostgresCluster.class.getName());

    /** Recovery after a crash reads at most {@code max_wal_size}. */
    private static final Duration READY_MAX = Duration.ofSeconds(60);

    /** How long a server that says it is ready may fail to let us in. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(2);

    private static final Duration STOP_MAX = Duration.ofSeconds(60);
    private static final Duration QUIT_MAX = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(5);
    private static final String OWNER = "unix:uid";

    private final Path directory;
    private final Postmaster postmaster;
    private final String password;

    private PostgresCluster(Path directory, Postmaster postmaster, String password) {
        this.directory = directory;
        this.postmaster = postmaster;
        this.password = password;
    }

    /** {@link #open(Path, PostgresBinaries, PostgresSettings)} with {@link PostgresSettings#SMALL}. */
    public static PostgresCluster open(Path directory, PostgresBinaries binaries) {
        return open(directory, binaries, PostgresSettings.SMALL);
    }

    /**
     * Makes the cluster if it is new, starts its server unless it runs already, and returns when that takes connections. A
     * server that runs already keeps its settings, except that it is started again if it has another port than asked for.
     *
     * @param directory made if it does not exist; no two platforms may use one at once
     * @throws StoaException if the data is of another major version, the port is in use, the disk is full, or the server
     *     does not start for another reason, with its last words
     */
    public static PostgresCluster open(Path directory, PostgresBinaries binaries, PostgresSettings settings) {
        return open(directory, binaries, settings, PostgresAccount.PRIVATE_UID);
    }

    /** @param uid of the cluster's own user, where the platform may give it one */
    static PostgresCluster open(Path directory, PostgresBinaries binaries, PostgresSettings settings, int uid) {
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path home = directory.toRealPath();
            checkVersion(home, binaries);
            PostgresServer server = new PostgresServer(home, binaries, uid);
            String password = server.initialiseIfNew(true);
            Postmaster postmaster = adopt(home, password, settings).orElseGet(() -> server.start(settings));
            return new PostgresCluster(home, postmaster, password);
        } catch (IOException e) {
            throw unusable(directory, e);
        }
    }

    /** Of the database for all purposes, to be used with {@link #user} and {@link #password}. */
    public String jdbcUrl() {
        return jdbcUrl(port());
    }

    public String user() {
        return USER;
    }

    public String password() {
        return password;
    }

    /** On 127.0.0.1; another one after each start unless the settings name one. */
    public int port() {
        return postmaster.port();
    }

    /** The server's first process. */
    public long pid() {
        return postmaster.pid();
    }

    /** Ends open transactions, writes everything to disk and stops the server; returns when it has stopped. */
    @Override
    public void close() {
        stop(directory, postmaster);
    }

    static String jdbcUrl(int port) {
        return "jdbc:postgresql://127.0.0.1:%d/postgres?sslmode=disable&gssEncMode=disable".formatted(port);
    }

    private static void checkVersion(Path home, PostgresBinaries binaries) throws IOException {
        Path file = home.resolve(DATA).resolve("PG_VERSION");
        if (!Files.exists(file)) {
            return;
        }
        String version = Files.readString(file).strip();
        if (!version.equals(Integer.toString(binaries.major()))) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the data in %s is of PostgreSQL %s, and this Stoa has PostgreSQL %s"
                            .formatted(home.resolve(DATA), version, binaries.version()),
                    "use the Stoa that made it, or move the data over with pg_dump; it has not been touched");
        }
    }

    /** Takes over a server that a killed platform left. */
    private static Optional<Postmaster> adopt(Path home, String password, PostgresSettings settings) {
        Path data = home.resolve(DATA);
        Optional<Postmaster> running = Postmaster.running(data);
        if (running.isEmpty()) {
            return Optional.empty();
        }
        if (settings.port() != 0 && settings.port() != running.get().port()) {
            stop(home, running.get());
            return Optional.empty();
        }
        long deadline = System.nanoTime() + ANSWER_MAX.toNanos();
        // One that is just being killed may still look alive.
        for (Optional<Postmaster> ready = awaitReady(data); ready.isPresent(); ready = awaitReady(data)) {
            Postmaster postmaster = ready.get();
            if (Sql.answers(jdbcUrl(postmaster.port()), USER, password)) {
                LOG.log(
                        Level.INFO,
                        "took over a running PostgreSQL pid={0} port={1}",
                        str(postmaster.pid()),
                        str(postmaster.port()));
                return ready;
            }
            if (System.nanoTime() > deadline) {
                throw new StoaException(
                        ErrorCode.INTERNAL,
                        "the PostgreSQL that runs in %s (pid %d) does not take the password in %s"
                                .formatted(data, postmaster.pid(), home.resolve(PostgresServer.PASSWORD)),
                        "put the password file back, or stop that server: kill -INT %d".formatted(postmaster.pid()));
            }
            pause();
        }
        return Optional.empty();
    }

    /** Empty if it ended meanwhile. */
    private static Optional<Postmaster> awaitReady(Path data) {
        long deadline = System.nanoTime() + READY_MAX.toNanos();
        Optional<Postmaster> running = Postmaster.running(data);
        while (running.isPresent() && !running.get().ready()) {
            if (System.nanoTime() > deadline) {
                throw new StoaException(
                        ErrorCode.INTERNAL,
                        "the PostgreSQL in %s (pid %d) has not got ready in %d s"
                                .formatted(data, running.get().pid(), READY_MAX.toSeconds()),
                        "see " + data.resolveSibling(PostgresServer.LOG_FILE));
            }
            pause();
            running = Postmaster.running(data);
        }
        return running;
    }

    static void stop(Path home, Postmaster postmaster) {
        Path data = home.resolve(DATA);
        if (stopped(data, postmaster, "INT", STOP_MAX)) {
            return;
        }
        LOG.log(Level.WARNING, "PostgreSQL does not stop, making it quit pid={0}", str(postmaster.pid()));
        if (!stopped(data, postmaster, "QUIT", QUIT_MAX)) {
            LOG.log(Level.ERROR, "PostgreSQL does not quit and is left alone pid={0}", str(postmaster.pid()));
        }
    }

    private static boolean stopped(Path data, Postmaster postmaster, String signal, Duration longest) {
        if (!postmaster.runsIn(data)) {
            return true;
        }
        try {
            // INT is PostgreSQL's fast shutdown, TERM waits for all clients to go.
            signal(postmaster, signal);
        } catch (IOException e) {
            throw unusable(data, e);
        }
        long deadline = System.nanoTime() + longest.toNanos();
        while (postmaster.runsIn(data)) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            pause();
        }
        return true;
    }

    /** Java itself can only send TERM. */
    static void signal(Postmaster postmaster, String signal) throws IOException {
        new ProcessBuilder("/bin/sh", "-c", "kill -s \"$1\" \"$2\"", "sh", signal, str(postmaster.pid()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(
                    ErrorCode.INTERRUPTED, "interrupted while waiting for PostgreSQL", "start the platform again", e);
        }
    }

    static StoaException unusable(Path path, IOException e) {
        if (DiskFull.causes(e)) {
            return diskFull(path, e);
        }
        return new StoaException(
                ErrorCode.INTERNAL,
                "cannot use %s for PostgreSQL: %s".formatted(path, e),
                "the platform's user needs to own it",
                e);
    }

    static StoaException diskFull(Path path, Exception cause) {
        return new StoaException(
                ErrorCode.DISK_FULL,
                "the disk is full: PostgreSQL cannot write to " + path,
                "free some space there and start the platform again; what was committed is safe",
                cause);
    }

    /** Logger formats would group a number's digits. */
    private static String str(long number) {
        return Long.toString(number);
    }

    /** Writes a file that is either complete or not there. */
    static void writePrivately(Path file, String text) throws IOException {
        Files.move(draft(file, text), file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** The same, for the owner of another file. */
    static void writePrivately(Path file, String text, Path owned) throws IOException {
        Path draft = draft(file, text);
        Files.setAttribute(draft, OWNER, Files.getAttribute(owned, OWNER));
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Path draft(Path file, String text) throws IOException {
        Path draft = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new");
        Files.write(draft, text.getBytes(StandardCharsets.UTF_8));
        return draft;
    }
}
