package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Makes a cluster's data directory and starts the server on it. */
final class PostgresServer {
    static final String PASSWORD = "password";
    static final String LOG_FILE = "log";

    /** Versions before have only the system's locales, which may sort otherwise after an update of the system. */
    private static final int BUILTIN_LOCALE_SINCE = 17;

    private static final String DRAFT_PREFIX = "data.new-";
    private static final int PASSWORD_BYTES = 24;

    /** How long a start is tried again while something of the last server is still there. */
    private static final Duration RETRY_MAX = Duration.ofSeconds(15);

    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final long LOG_BYTES_MAX = 4L << 20;
    private static final int LAST_WORDS_BYTES = 4096;

    private static final Pattern PORT_TAKEN = Pattern.compile("could not bind IPv4 address|Address already in use");
    private static final Pattern STILL_THERE =
            Pattern.compile("lock file \"postmaster.pid\" already exists|pre-existing shared memory block");

    private final Path home;
    private final Path data;
    private final PostgresBinaries binaries;
    private final int uid;
    private final SecureRandom random = new SecureRandom();

    /** @param uid of the cluster's own user, where it has one */
    PostgresServer(Path home, PostgresBinaries binaries, int uid) {
        this.home = home;
        this.uid = uid;
        this.data = home.resolve(PostgresCluster.DATA);
        this.binaries = binaries;
    }

    /**
     * Makes the data directory if there is none, and returns the password.
     *
     * @param durable whether to return only when the disk has all of it
     */
    String initialiseIfNew(boolean durable) throws IOException {
        if (Files.exists(data)) {
            return existingPassword();
        }
        dropDrafts();
        byte[] bytes = new byte[PASSWORD_BYTES];
        random.nextBytes(bytes);
        String password = HexFormat.of().formatHex(bytes);
        PostgresCluster.writePrivately(home.resolve(PASSWORD), password + "\n");
        PostgresAccount account = PostgresAccount.choose();
        account.own(uid, home);
        // A name of its own for each attempt: the initdb of a platform that was killed may still be at work.
        String draft = DRAFT_PREFIX + HexFormat.of().toHexDigits(random.nextInt());
        initdb(account, draft, durable);
        Files.move(home.resolve(draft), data, StandardCopyOption.ATOMIC_MOVE);
        return password;
    }

    /** Starts the server and returns when it takes connections. */
    Postmaster start(PostgresSettings settings) {
        return start(settings, START_MAX);
    }

    /** @param longest that it may read the log before it takes connections */
    Postmaster start(PostgresSettings settings, Duration longest) {
        try {
            PostgresAccount account = PostgresAccount.choose();
            account.own(uid, home);
            clearWay();
            long deadline = System.nanoTime() + RETRY_MAX.toNanos();
            while (true) {
                int port = settings.port() == 0 ? freePort() : settings.port();
                Attempt attempt = attempt(account, settings, port, longest);
                if (attempt.postmaster().isPresent()) {
                    return attempt.postmaster().get();
                }
                boolean passing = STILL_THERE.matcher(attempt.words()).find()
                        || (settings.port() == 0
                                && PORT_TAKEN.matcher(attempt.words()).find());
                if (!passing || System.nanoTime() > deadline) {
                    throw failed(attempt.words(), port);
                }
                PostgresCluster.pause();
            }
        } catch (IOException e) {
            throw PostgresCluster.unusable(home, e);
        }
    }

    /** @param words what the server and the tools around it said, if it did not start */
    private record Attempt(Optional<Postmaster> postmaster, String words) {}

    private Attempt attempt(PostgresAccount account, PostgresSettings settings, int port, Duration longest)
            throws IOException {
        writeSettings(settings, port);
        Path log = home.resolve(LOG_FILE);
        if (Files.exists(log) && Files.size(log) > LOG_BYTES_MAX) {
            Files.move(log, home.resolve(LOG_FILE + ".old"), StandardCopyOption.REPLACE_EXISTING);
        }
        long before = Files.exists(log) ? Files.size(log) : 0;
        Process pgCtl = run(
                account,
                "pg_ctl",
                List.of(
                        "start",
                        "--silent",
                        "--wait",
                        "--timeout=" + longest.toSeconds(),
                        "--pgdata=" + account.seen(home, PostgresCluster.DATA),
                        "--log=" + account.seen(home, LOG_FILE)));
        // pg_ctl looks ten times a second, which would be most of the time that the start takes.
        // It leaves a server alone that reads a log and lets nobody in meanwhile, which then runs on and is not ready.
        long deadline = System.nanoTime() + longest.toNanos();
        while (pgCtl.isAlive() || (Postmaster.running(data).isPresent() && System.nanoTime() < deadline)) {
            Optional<Postmaster> ready = Postmaster.running(data).filter(Postmaster::ready);
            if (ready.isPresent()) {
                return new Attempt(ready, "");
            }
            PostgresCluster.pause();
        }
        Optional<Postmaster> ready = Postmaster.running(data).filter(Postmaster::ready);
        String words = ready.isPresent() ? "" : said(pgCtl) + read(log, before);
        return new Attempt(ready, words);
    }

    private StoaException failed(String words, int port) {
        if (PORT_TAKEN.matcher(words).find()) {
            return new StoaException(
                    ErrorCode.INTERNAL,
                    "PostgreSQL cannot listen on 127.0.0.1:%d: the port is in use".formatted(port),
                    "stop what listens there, or choose another port");
        }
        if (DiskFull.in(words)) {
            return PostgresCluster.diskFull(home, new IOException(words.strip()));
        }
        return new StoaException(
                ErrorCode.INTERNAL,
                "PostgreSQL does not start on %s; it says:\n%s".formatted(data, words.strip()),
                "see " + home.resolve(LOG_FILE));
    }

    private void initdb(PostgresAccount account, String draft, boolean durable) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--pgdata=" + account.seen(home, draft),
                "--username=" + PostgresCluster.USER,
                "--pwfile=" + account.seen(home, PASSWORD),
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-instructions"));
        arguments.addAll(
                binaries.major() >= BUILTIN_LOCALE_SINCE
                        ? List.of("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
                        : List.of("--locale=C.UTF-8"));
        if (!durable) {
            arguments.add("--no-sync");
        }
        Process initdb = run(account, "initdb", arguments);
        String words = said(initdb);
        try {
            if (initdb.waitFor() == 0) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(
                    ErrorCode.INTERRUPTED, "interrupted while making the database", "start the platform again", e);
        }
        FileTree.delete(home.resolve(draft));
        if (DiskFull.in(words)) {
            throw PostgresCluster.diskFull(home, new IOException(words.strip()));
        }
        throw new StoaException(
                ErrorCode.INTERNAL,
                "cannot make a database in %s; initdb says:\n%s".formatted(home, words.strip()),
                "start it with a database of your own: stoa up --database-url URL");
    }

    private Process run(PostgresAccount account, String program, List<String> arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(account.command(uid, home, binaries, program, arguments))
                .redirectErrorStream(true)
                .directory(home.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
        builder.environment().put("LANG", "C");
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    private static String said(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /**
     * A process that has got the number of a server that was killed would keep the new one from starting. The file that
     * says so may go only if nothing of the old server is left.
     */
    private void clearWay() throws IOException {
        if (Postmaster.impostor(data).isPresent() && !Postmaster.anyIn(data)) {
            Postmaster.forget(data);
        }
    }

    private void writeSettings(PostgresSettings settings, int port) throws IOException {
        Path draft = data.resolve("postgresql.conf.new");
        Files.writeString(draft, settings.file(port, binaries.major()));
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(draft, data.resolve("postgresql.conf"), StandardCopyOption.ATOMIC_MOVE);
    }

    private String existingPassword() throws IOException {
        Path file = home.resolve(PASSWORD);
        if (!Files.exists(file)) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the password of the database in %s is missing: there is no %s".formatted(data, file),
                    "put the file back");
        }
        return Files.readString(file).strip();
    }

    private void dropDrafts() throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().startsWith(DRAFT_PREFIX)) {
                    FileTree.delete(file);
                }
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The end of what stands in the log after {@code before}. */
    private static String read(Path log, long before) throws IOException {
        if (!Files.exists(log)) {
            return "";
        }
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
            long from = Math.max(before, channel.size() - LAST_WORDS_BYTES);
            ByteBuffer buffer = ByteBuffer.allocate((int) Math.max(0, channel.size() - from));
            while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) {}
            return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
        }
    }
}
