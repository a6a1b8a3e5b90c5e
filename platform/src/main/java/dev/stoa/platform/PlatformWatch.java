package dev.stoa.platform;

import dev.stoa.platform.base.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;

/** Follows what a platform in another process tells line by line, and connects again whenever the connection is lost. */
final class PlatformWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(PlatformWatch.class.getName());

    private static final Duration CONNECT_MAX = Duration.ofSeconds(5);

    /** The platform says something every 2 s, if only an empty line. */
    private static final Duration SILENCE_MAX = Duration.ofSeconds(10);

    private static final Duration PAUSE_FIRST = Duration.ofMillis(100);
    private static final Duration PAUSE_LAST = Duration.ofSeconds(5);
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;

    private final URI platform;
    private final Supplier<String> token;
    private final String what;
    private final String path;
    private final Consumer<String> lines;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_MAX)
            .build();
    private volatile long heardNanos;
    private volatile boolean connected;
    private volatile boolean closed;

    /**
     * @param token asked for at each attempt, so that it may change
     * @param what  is followed, for the log
     * @param path  of the watch, with its query
     * @param lines gets each line
     */
    PlatformWatch(URI platform, Supplier<String> token, String what, String path, Consumer<String> lines) {
        this.platform = platform;
        this.token = token;
        this.what = what;
        this.path = path;
        this.lines = lines;
    }

    /** Returns at once. */
    void start() {
        Threads.start("platform-watch", this::run);
    }

    /** Whether the platform tells of changes now. */
    boolean connected() {
        return connected;
    }

    HttpClient http() {
        return http;
    }

    /** To the same platform, with the same token. */
    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(platform.resolve(path)).header("Authorization", "Bearer " + token.get());
    }

    @Override
    public void close() {
        closed = true;
        http.shutdownNow();
    }

    private void run() {
        Duration pause = PAUSE_FIRST;
        while (!closed) {
            try {
                if (follow()) {
                    pause = PAUSE_FIRST;
                }
                LOG.log(Level.INFO, "the platform has gone, its last {0} stays in force platform={1}", what, platform);
            } catch (IOException | UncheckedIOException | JacksonException e) {
                if (!closed) {
                    LOG.log(
                            Level.WARNING,
                            "cannot follow the {0} of the platform, will try again platform={1} why={2}",
                            what,
                            platform,
                            e.getMessage() == null ? e.toString() : e.getMessage());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } finally {
                connected = false;
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            pause = pause.multipliedBy(2).compareTo(PAUSE_LAST) < 0 ? pause.multipliedBy(2) : PAUSE_LAST;
        }
    }

    /** Returns when the platform hangs up: whether it had told something. */
    private boolean follow() throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = http.send(request(path).GET().build(), BodyHandlers.ofInputStream());
        try (InputStream body = answer.body()) {
            if (answer.statusCode() != OK) {
                throw new IOException(
                        answer.statusCode() == UNAUTHORIZED
                                ? "the token is wrong"
                                : "status %d from %s".formatted(answer.statusCode(), platform));
            }
            heardNanos = System.nanoTime();
            Thread guard = Threads.start("platform-watch-guard", () -> hangUpOnSilence(body));
            try {
                return read(new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8)));
            } finally {
                guard.interrupt();
            }
        }
    }

    private boolean read(BufferedReader from) throws IOException {
        boolean told = false;
        for (String line = from.readLine(); line != null; line = from.readLine()) {
            heardNanos = System.nanoTime();
            if (!line.isBlank()) {
                lines.accept(line);
                told = true;
                connected = true;
            }
        }
        return told;
    }

    private void hangUpOnSilence(InputStream body) {
        try {
            while (System.nanoTime() - heardNanos < SILENCE_MAX.toNanos()) {
                Thread.sleep(Duration.ofSeconds(1));
            }
            body.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "hanging up failed", e);
        }
    }
}
