package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Status;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Starts the platform as a process of its own that outlives this one, with its output in {@code platform.log}. */
final class BackgroundStart {
    /** The first start unpacks PostgreSQL and makes its data directory, which takes a slow disk a while. */
    private static final Duration READY_TIMEOUT = Duration.ofMinutes(2);

    private static final long LOOK_MILLIS = 20;
    private static final int LOG_LINES_SHOWN = 15;
    private static final long LOG_BYTES_READ = 16 * 1024;

    private final Environment environment;
    private final Path home;
    private final Path log;

    BackgroundStart(Environment environment) {
        this.environment = environment;
        this.home = environment.home();
        this.log = home.resolve("platform.log");
    }

    /** Returns when the platform answers. Of two that start at once, the second finds the first one's platform. */
    Status start(List<String> options) {
        try {
            Files.createDirectories(
                    home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            try (FileChannel lock =
                    FileChannel.open(home.resolve("start.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                FileLock held = lock.lock();
                try {
                    return running(environment).orElseGet(() -> startLocked(options));
                } finally {
                    held.release();
                }
            }
        } catch (IOException e) {
            throw notPossible(e);
        }
    }

    private StoaException notPossible(IOException e) {
        return new StoaException(
                ErrorCode.INTERNAL,
                "cannot start the platform in %s: %s".formatted(home, Reason.of(e)),
                "STOA_HOME names another data directory",
                e);
    }

    private Status startLocked(List<String> options) {
        String launcher = environment.requiredLauncher();
        List<String> command = new ArrayList<>();
        // A session of its own: Ctrl-C and the end of this terminal are not for the platform.
        command.addAll(List.of(onPath("setsid") ? "setsid" : "nohup", launcher, "up"));
        command.addAll(options);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectErrorStream(true);
        builder.environment().put("STOA_HOME", home.toString());
        builder.environment().put("STOA_DETACHED", "1");
        // What would make it look elsewhere for a platform means this command line, not the platform.
        builder.environment().remove("STOA_URL");
        builder.environment().remove("STOA_TOKEN");
        try {
            long logStart = Files.exists(log) ? Files.size(log) : 0;
            return ready(builder.start(), logStart);
        } catch (IOException e) {
            throw notPossible(e);
        }
    }

    private Status ready(Process process, long logStart) throws IOException {
        long deadline = System.nanoTime() + READY_TIMEOUT.toNanos();
        try {
            while (System.nanoTime() < deadline) {
                boolean ended = process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                Optional<Status> status = running(environment);
                if (status.isPresent()) {
                    return status.get();
                }
                if (ended) {
                    throw notStarted(
                            "the platform ended with status %d before it was ready".formatted(process.exitValue()),
                            logStart);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.CANCELLED, "interrupted while the platform started", "", e);
        }
        throw notStarted(
                "the platform (process %d) was not ready within %d s"
                        .formatted(process.pid(), READY_TIMEOUT.toSeconds()),
                logStart);
    }

    /** The platform that runs here, once it answers. */
    static Optional<Status> running(Environment environment) {
        try {
            if (!Files.exists(PlatformAddress.file(environment))) {
                return Optional.empty();
            }
            return PlatformAddress.running(environment).map(BackgroundStart::status);
        } catch (StoaException e) {
            // Not yet: its files are being written, or it does not listen so far.
            if (e.code() == ErrorCode.UNAUTHORIZED
                    && environment.variable("STOA_TOKEN").isPresent()) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private static Status status(PlatformAddress address) {
        try (Client client = new Client(address)) {
            return client.get(Client.path("status"), Status.class);
        }
    }

    private StoaException notStarted(String what, long logStart) throws IOException {
        String tail = tail(logStart);
        return new StoaException(
                ErrorCode.INTERNAL,
                what,
                (tail.isEmpty() ? "it printed nothing" : "the end of " + log + ":\n" + tail)
                        + "\nto see all of its start: stoa up");
    }

    private String tail(long from) throws IOException {
        if (!Files.exists(log)) {
            return "";
        }
        try (FileChannel channel = FileChannel.open(log)) {
            long start = Math.max(from, channel.size() - LOG_BYTES_READ);
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, channel.size() - start));
            channel.read(bytes, start);
            List<String> lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
        }
    }

    private boolean onPath(String tool) {
        return environment.variable("PATH").stream()
                .flatMap(path -> Stream.of(path.split(":", -1)))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }
}
