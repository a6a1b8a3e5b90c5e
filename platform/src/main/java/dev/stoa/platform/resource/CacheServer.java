package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The server and the files of one cache. The server is a process of its own that outlives the platform when that is killed,
 * and listens on a socket in its own folder alone; it is started when somebody needs it, and when it has crashed the next
 * who needs it starts it again.
 *
 * <p>What stands in the folder: {@code cache.conf}, {@code log}, {@code pid}, {@code socket}, and the files of one that is
 * persistent.
 */
final class CacheServer {
    private static final System.Logger LOG = System.getLogger(CacheServer.class.getName());

    static final String USER = "default";
    static final String PASSWORD = "password";

    /** The platform's own login. */
    private static final String KEEPER = "stoa";

    static final String KEEPER_PASSWORD = "keeper";

    private static final String CONFIG = "cache.conf";
    private static final String LOG_FILE = "log";
    private static final String PID = "pid";
    private static final String SOCKET = "socket";

    /** What fits into an address of a socket (unix(7)), with its zero. */
    private static final int SOCKET_PATH_BYTES_MAX = 107;

    private static final long LOG_BYTES_MAX = 4L << 20;
    private static final int LAST_WORDS_CHARS = 2000;

    /** A large one that is persistent reads its files first. */
    private static final Duration READY_MAX = Duration.ofMinutes(2);

    private static final Duration LAUNCH_MAX = Duration.ofSeconds(20);
    private static final Duration STOP_MAX = Duration.ofSeconds(30);
    private static final Duration STOP_AGAIN = Duration.ofSeconds(1);

    /** A process that saves for a server that was killed ends by itself. */
    private static final Duration LEFTOVER_MAX = Duration.ofSeconds(10);

    /**
     * An app may do everything with its keys and see how the server does, but cannot change how it runs, make it write to
     * other files or speak to other servers.
     */
    private static final String APP_RIGHTS =
            "~* &* +@all -@dangerous +flushdb +flushall +info +keys +sort +role +client +restore +swapdb +slowlog"
                    + " +lastsave +monitor +config|get";

    private final Path home;
    private volatile ResourceSpec spec;

    /** A start, a stop and a change are made by one at a time. */
    private final Object starting = new Object();

    /** @param home its folder, which need not be there yet */
    CacheServer(Path home, ResourceSpec spec) {
        this.home = home;
        this.spec = spec;
    }

    ResourceSpec spec() {
        return spec;
    }

    CacheSettings settings() {
        return CacheSettings.of(spec.settings());
    }

    /** The number of its process, if it runs now. */
    Optional<Long> running() {
        try {
            long pid = Long.parseLong(Files.readString(home.resolve(PID)).strip());
            return Postmaster.worksIn(home, pid, "-server") ? Optional.of(pid) : Optional.empty();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Starts it unless it runs, and returns when it answers. */
    void start() {
        if (running().isPresent()) {
            return;
        }
        synchronized (starting) {
            if (running().isPresent()) {
                return;
            }
            try {
                launch();
                awaitReady();
            } catch (IOException e) {
                throw unusable(home, e);
            }
        }
    }

    private void launch() throws IOException {
        DatabaseFolder.make(home);
        PostgresAccount account = PostgresAccount.choose();
        awaitLeftover();
        Files.deleteIfExists(home.resolve(SOCKET));
        Files.deleteIfExists(home.resolve(PID));
        Path log = home.resolve(LOG_FILE);
        if (Files.exists(log) && Files.size(log) > LOG_BYTES_MAX) {
            Files.move(log, home.resolve(LOG_FILE + ".old"), StandardCopyOption.REPLACE_EXISTING);
        }
        CacheSettings settings = settings();
        CacheProgram program = CacheProgram.of(settings.engine());
        writeConfig(settings);
        account.own(DatabaseFolder.uid(spec), home);
        Process process = new ProcessBuilder(account.command(
                        DatabaseFolder.uid(spec), home, List.of(program.file().toString(), account.seen(home, CONFIG))))
                .redirectErrorStream(true)
                .directory(home.toFile())
                .start();
        process.getOutputStream().close();
        try {
            // What is left when this process has ended is the server, without a terminal.
            if (!process.waitFor(LAUNCH_MAX.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw notStarting("it does not end its start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.INTERRUPTED, "interrupted while starting a cache", "try again", e);
        }
        if (process.exitValue() != 0) {
            throw notStarting(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private void awaitLeftover() throws IOException {
        long deadline = System.nanoTime() + LEFTOVER_MAX.toNanos();
        while (Postmaster.anyIn(home)) {
            if (System.nanoTime() > deadline) {
                throw notStarting("another process still works in " + home);
            }
            PostgresCluster.pause();
        }
    }

    private void awaitReady() throws IOException {
        long deadline = System.nanoTime() + READY_MAX.toNanos();
        while (true) {
            try (RespConnection keeper = keeper()) {
                String _ = keeper.ask("PING");
                return;
            } catch (IOException e) {
                boolean loading = e instanceof RespConnection.Refused
                        && String.valueOf(e.getMessage()).startsWith("LOADING");
                // Its number is in a file only a moment after its start.
                boolean gone =
                        !loading && Files.exists(home.resolve(PID)) && running().isEmpty();
                if (gone || System.nanoTime() > deadline) {
                    throw notStarting(lastWords());
                }
            }
            PostgresCluster.pause();
        }
    }

    /** A connection as the platform. */
    RespConnection keeper() throws IOException {
        RespConnection connection = new RespConnection(connect());
        try {
            String _ = connection.ask("AUTH", KEEPER, spec.secret(KEEPER_PASSWORD));
            return connection;
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    /** A connection to the server, which has to run. */
    SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket()));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** By way of its process where the path of its folder is too long for an address. */
    private Path socket() {
        Path socket = home.resolve(SOCKET);
        boolean fits = socket.toString().getBytes(StandardCharsets.UTF_8).length <= SOCKET_PATH_BYTES_MAX;
        return fits
                ? socket
                : running()
                        .map(pid -> Path.of("/proc", Long.toString(pid), "cwd", SOCKET))
                        .orElse(socket);
    }

    /** From now on with these settings; a server that runs goes on, and keeps what it holds. */
    void change(ResourceSpec changed) {
        synchronized (starting) {
            spec = changed;
            if (running().isEmpty()) {
                return;
            }
            CacheSettings settings = settings();
            try (RespConnection keeper = keeper()) {
                for (var setting : settings.live().entrySet()) {
                    String _ = keeper.ask("CONFIG", "SET", setting.getKey(), setting.getValue());
                }
                writeConfig(settings);
            } catch (IOException e) {
                throw unusable(home, e);
            }
        }
    }

    /** Returns when it has stopped; one that is persistent has all of it on the disk then. */
    void stop() {
        synchronized (starting) {
            long deadline = System.nanoTime() + STOP_MAX.toNanos();
            while (running().isPresent() && System.nanoTime() < deadline) {
                // One that has just been made persistent refuses to go until all of it is written, and has to be told
                // again.
                running().flatMap(ProcessHandle::of).ifPresent(ProcessHandle::destroy);
                awaitEnd(STOP_AGAIN);
            }
            if (running().isPresent()) {
                LOG.log(Level.WARNING, "a cache does not stop, ending it cache={0}", spec.name());
                kill();
            }
        }
    }

    private void kill() {
        running().flatMap(ProcessHandle::of).ifPresent(ProcessHandle::destroyForcibly);
        awaitEnd(LEFTOVER_MAX);
    }

    private void awaitEnd(Duration longest) {
        long deadline = System.nanoTime() + longest.toNanos();
        while (running().isPresent() && System.nanoTime() < deadline) {
            PostgresCluster.pause();
        }
    }

    /** Deletes all of it. What was to be kept of it has been put elsewhere. */
    void destroy() {
        synchronized (starting) {
            kill();
            try {
                awaitLeftover();
            } catch (IOException e) {
                throw unusable(home, e);
            }
            FileTree.delete(home);
        }
    }

    private void writeConfig(CacheSettings settings) throws IOException {
        StringBuilder config = new StringBuilder("""
                # Written at each start. How this cache is set up is said with stoa cache, or in stoa.toml.
                port 0
                unixsocket %s
                unixsocketperm 700
                daemonize yes
                supervised no
                pidfile %s
                logfile %s
                databases 16
                save ""
                appendfsync everysec
                aof-use-rdb-preamble yes
                tcp-keepalive 60
                user default on #%s %s
                user %s on #%s ~* &* +@all
                """.formatted(
                        SOCKET,
                        PID,
                        LOG_FILE,
                        hash(spec.secret(PASSWORD)),
                        APP_RIGHTS,
                        KEEPER,
                        hash(spec.secret(KEEPER_PASSWORD))));
        settings.live()
                .forEach((name, value) ->
                        config.append(name).append(' ').append(value).append('\n'));
        Path draft = home.resolve(CONFIG + ".new");
        Files.writeString(draft, config);
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(draft, home.resolve(CONFIG), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String hash(String password) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(password.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private String lastWords() throws IOException {
        Path log = home.resolve(LOG_FILE);
        String words = Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        return words.substring(Math.max(0, words.length() - LAST_WORDS_CHARS));
    }

    private StoaException notStarting(String words) {
        if (DiskFull.in(words)) {
            return unusable(home, new IOException(words.strip()));
        }
        return new StoaException(
                ErrorCode.INTERNAL,
                "the cache %s does not start; its server says:\n%s".formatted(spec.name(), words.strip()),
                "see " + home.resolve(LOG_FILE));
    }

    static StoaException unusable(Path path, IOException e) {
        if (DiskFull.causes(e)) {
            return new StoaException(
                    ErrorCode.DISK_FULL,
                    "the disk is full: a cache cannot write to " + path,
                    "free some space there, and try again",
                    e);
        }
        return new StoaException(
                ErrorCode.INTERNAL,
                "cannot use %s for a cache: %s".formatted(path, e),
                "the platform's user needs to own it",
                e);
    }
}
