package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * Where a platform answers, and how to be let in.
 *
 * @param pid         of the platform, where it runs on this machine
 * @param tokenOrigin where the token came from, for messages
 */
record PlatformAddress(URI url, String token, Optional<Long> pid, String tokenOrigin) {
    static final String START_HINT = "start one: stoa up --detach";

    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

    /** What the platform writes to {@code $STOA_HOME/platform.json}. */
    private record RunningPlatform(long pid, String url) {}

    /** The platform that the environment names, or the one that runs on this machine. */
    static PlatformAddress find(Environment environment) {
        Optional<String> url = environment.variable("STOA_URL");
        if (url.isPresent()) {
            return named(environment, url.get());
        }
        Path file = file(environment);
        RunningPlatform platform = read(file)
                .orElseThrow(() -> new StoaException(
                        ErrorCode.NO_PLATFORM, "no platform runs here (looked at " + file + ")", START_HINT));
        if (!alive(platform.pid())) {
            throw new StoaException(
                    ErrorCode.NO_PLATFORM,
                    "no platform runs here: %s names process %d, which is gone".formatted(file, platform.pid()),
                    START_HINT);
        }
        return new PlatformAddress(
                URI.create(platform.url()),
                token(environment),
                Optional.of(platform.pid()),
                environment.variable("STOA_TOKEN").isPresent()
                        ? "STOA_TOKEN"
                        : tokenFile(environment).toString());
    }

    /** The platform that the environment names, or one that runs on this machine and can be reached. */
    static Optional<PlatformAddress> running(Environment environment) {
        try {
            PlatformAddress address = find(environment);
            return environment.variable("STOA_URL").isPresent() || address.listens()
                    ? Optional.of(address)
                    : Optional.empty();
        } catch (StoaException e) {
            if (e.code() == ErrorCode.NO_PLATFORM) {
                return Optional.empty();
            }
            throw e;
        }
    }

    static Path file(Environment environment) {
        return environment.home().resolve("platform.json");
    }

    static boolean alive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(url.getHost(), url.getPort()), (int) PROBE_TIMEOUT.toMillis());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static PlatformAddress named(Environment environment, String text) {
        URI url;
        try {
            url = URI.create(text.replaceFirst("/+$", ""));
        } catch (IllegalArgumentException e) {
            url = URI.create("");
        }
        if (url.getHost() == null || !("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "STOA_URL is \"" + text + "\", which is not the address of a platform",
                    "it looks like STOA_URL=http://127.0.0.1:7070");
        }
        String token = environment
                .variable("STOA_TOKEN")
                .orElseThrow(() -> new StoaException(
                        ErrorCode.UNAUTHORIZED,
                        "STOA_URL names a platform, but STOA_TOKEN is not set",
                        "set STOA_TOKEN to the line in the file \"token\" of that platform's data directory"));
        return new PlatformAddress(url, token, Optional.empty(), "STOA_TOKEN");
    }

    private static Optional<RunningPlatform> read(Path file) {
        try {
            return Optional.of(Json.read(Files.readString(file), RunningPlatform.class));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | JacksonException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot read where the platform runs from %s: %s".formatted(file, Reason.of(e)),
                    "if no platform runs, remove that file; then: stoa up --detach",
                    e);
        }
    }

    private static Path tokenFile(Environment environment) {
        return environment.home().resolve("token");
    }

    private static String token(Environment environment) {
        Optional<String> token = environment.variable("STOA_TOKEN");
        if (token.isPresent()) {
            return token.get();
        }
        Path file = tokenFile(environment);
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.UNAUTHORIZED,
                    "cannot read the platform's token from %s: %s".formatted(file, Reason.of(e)),
                    "run this as the user who started the platform, or set STOA_TOKEN",
                    e);
        }
    }
}
