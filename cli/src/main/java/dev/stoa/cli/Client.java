package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import javax.net.ssl.SSLParameters;
import tools.jackson.core.JacksonException;

/** Speaks to a platform's HTTP API. Whatever goes wrong comes out as a {@link StoaException}. */
final class Client implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

    /** Longer than the 30 s that an instance has for its end, which some requests wait for. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofMinutes(2);

    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(200);

    private final PlatformAddress platform;
    private final HttpClient http;

    Client(PlatformAddress platform) {
        this.platform = platform;
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .executor(Threads.virtual());
        if ("http".equals(platform.url().getScheme())) {
            builder.sslContext(NoTls.context()).sslParameters(new SSLParameters());
        }
        this.http = builder.build();
    }

    /**
     * Ends what the client runs at once. The JVM waits 0.3 s at its own end for a thread that looks after connections, as
     * this one's does.
     */
    @Override
    public void close() {
        http.shutdownNow();
        try {
            http.awaitTermination(CLOSE_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    PlatformAddress platform() {
        return platform;
    }

    <T> T get(String path, Class<T> type) {
        return read(send(request(path).GET().timeout(ANSWER_TIMEOUT)), type);
    }

    <T> List<T> list(String path, Class<T> type) {
        return readList(send(request(path).GET().timeout(ANSWER_TIMEOUT)), type);
    }

    <T> T post(String path, Object body, Class<T> type) {
        return read(send(method("POST", path, body)), type);
    }

    <T> List<T> postForList(String path, Object body, Class<T> type) {
        return readList(send(method("POST", path, body)), type);
    }

    <T> T patch(String path, Object body, Class<T> type) {
        return read(send(method("PATCH", path, body)), type);
    }

    /** A POST without a body; what it answers does not matter. */
    void post(String path) {
        text(send(request(path).POST(BodyPublishers.noBody()).timeout(ANSWER_TIMEOUT)));
    }

    /** The same with a body. */
    void tell(String path, Object body) {
        text(send(method("POST", path, body)));
    }

    /** A POST of bytes. It may take as long as their receiver does to read them. */
    void send(String path, byte[] bytes) {
        text(send(request(path)
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofByteArray(bytes))));
    }

    <T> T post(String path, Class<T> type) {
        return read(send(request(path).POST(BodyPublishers.noBody()).timeout(ANSWER_TIMEOUT)), type);
    }

    void delete(String path) {
        text(send(request(path).DELETE().timeout(ANSWER_TIMEOUT)));
    }

    /** Sends a stream of unknown length. */
    <T> T upload(String path, String contentType, Supplier<InputStream> body, Class<T> type) {
        return read(
                send(request(path).header("Content-Type", contentType).POST(BodyPublishers.ofInputStream(body))), type);
    }

    /** Opens a stream of JSON documents, one a line. */
    <T> Lines<T> lines(String path, Class<T> type) {
        return new Lines<>(send(request(path).GET()).body(), type, platform.url());
    }

    <T> Lines<T> postForLines(String path, Object body, Class<T> type) {
        BodyPublisher json = BodyPublishers.ofString(Json.write(body));
        return new Lines<>(
                send(request(path).header("Content-Type", "application/json").POST(json))
                        .body(),
                type,
                platform.url());
    }

    /** A path whose every part is escaped, such as {@code path("apps", name)} for {@code /v1/apps/shop}. */
    static String path(String... parts) {
        StringBuilder path = new StringBuilder("/v1");
        Arrays.stream(parts).forEach(part -> path.append('/').append(escape(part)));
        return path.toString();
    }

    static String escape(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(platform.url().resolve(platform.url().getPath() + path))
                .header("Authorization", "Bearer " + platform.token())
                .header("Accept", "application/json");
    }

    private HttpRequest.Builder method(String method, String path, Object body) {
        return request(path)
                .timeout(ANSWER_TIMEOUT)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(Json.write(body)));
    }

    private HttpResponse<InputStream> send(HttpRequest.Builder request) {
        HttpResponse<InputStream> response;
        try {
            response = http.send(request.build(), BodyHandlers.ofInputStream());
        } catch (ConnectException | HttpConnectTimeoutException e) {
            throw new StoaException(
                    ErrorCode.NO_PLATFORM,
                    "no platform answers at %s: %s".formatted(platform.url(), Reason.of(e)),
                    platform.pid()
                            .map(pid -> "process %d should be one; see stoa status, or the end of platform.log"
                                    .formatted(pid))
                            .orElse("check STOA_URL, and that the platform there runs"),
                    e);
        } catch (HttpTimeoutException e) {
            throw new StoaException(
                    ErrorCode.CONNECTION_LOST,
                    "the platform at %s did not answer within %d s"
                            .formatted(platform.url(), ANSWER_TIMEOUT.toSeconds()),
                    "what you asked for may still happen; see: stoa status",
                    e);
        } catch (IOException e) {
            throw lost(platform.url().toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.CANCELLED, "interrupted while waiting for the platform", "", e);
        }
        if (response.statusCode() >= 400) {
            throw refused(response);
        }
        return response;
    }

    static StoaException lost(String url, Exception e) {
        return new StoaException(
                ErrorCode.CONNECTION_LOST,
                "the connection to the platform at %s broke: %s".formatted(url, Reason.of(e)),
                "what you asked for may still happen; see: stoa status",
                e);
    }

    private StoaException refused(HttpResponse<InputStream> response) {
        String body = text(response);
        if (response.statusCode() == ErrorCode.UNAUTHORIZED.status()) {
            return new StoaException(
                    ErrorCode.UNAUTHORIZED,
                    "the platform at %s does not take the token from %s"
                            .formatted(platform.url(), platform.tokenOrigin()),
                    "the right one is in the file \"token\" of the platform's data directory; set STOA_TOKEN to it");
        }
        try {
            return exception(Json.read(body, Problem.class));
        } catch (JacksonException | NullPointerException e) {
            return new StoaException(
                    ErrorCode.INTERNAL,
                    "%s answered status %d and not as a platform does: %s"
                            .formatted(
                                    platform.url(),
                                    response.statusCode(),
                                    body.lines().findFirst().orElse("an empty body")),
                    "check that a Stoa platform, and no other program, listens there",
                    e);
        }
    }

    /** What the platform said, as an exception. */
    static StoaException exception(Problem problem) {
        return new StoaException(code(problem), problem.detail(), problem.hint());
    }

    /** A newer platform may know codes that this command line does not. */
    private static ErrorCode code(Problem problem) {
        String name = problem.code().toUpperCase(Locale.ROOT);
        return Arrays.stream(ErrorCode.values())
                .filter(code -> code.name().equals(name))
                .findFirst()
                .orElse(ErrorCode.INTERNAL);
    }

    private <T> T read(HttpResponse<InputStream> response, Class<T> type) {
        String body = text(response);
        try {
            return Json.read(body, type);
        } catch (JacksonException e) {
            throw notUnderstood(response, e);
        }
    }

    private <T> List<T> readList(HttpResponse<InputStream> response, Class<T> type) {
        String body = text(response);
        try {
            return List.copyOf(Json.MAPPER.readerForListOf(type).<List<T>>readValue(body));
        } catch (JacksonException e) {
            throw notUnderstood(response, e);
        }
    }

    private StoaException notUnderstood(HttpResponse<InputStream> response, JacksonException e) {
        return new StoaException(
                ErrorCode.INTERNAL,
                "%s answered %s in a form that this command line does not understand: %s"
                        .formatted(platform.url(), response.uri().getPath(), e.getOriginalMessage()),
                "compare stoa --version with the platform's: stoa status",
                e);
    }

    private String text(HttpResponse<InputStream> response) {
        try (InputStream body = response.body()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw lost(platform.url().toString(), e);
        }
    }
}
