package dev.stoa.platform;

import dev.stoa.api.Json;
import dev.stoa.api.LogLine;
import dev.stoa.api.RequestLines;
import dev.stoa.platform.control.AccessLog;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The logs of apps at a platform in another process, for the requests that came by a router of its own. */
final class RemoteLog implements AccessLog.Sink, AutoCloseable {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

    private final URI platform;
    private final Supplier<String> token;
    private final String path;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(ANSWER_MAX)
            .build();

    /** @param router its id */
    RemoteLog(URI platform, Supplier<String> token, String router) {
        this.platform = platform;
        this.token = token;
        this.path = "/v1/routers/" + router + "/requests";
    }

    @Override
    public void take(Map<String, List<LogLine>> apps) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(platform.resolve(path))
                .timeout(ANSWER_MAX)
                .header("Authorization", "Bearer " + token.get())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(Json.write(new RequestLines(apps))))
                .build();
        try {
            HttpResponse<Void> answer = http.send(request, BodyHandlers.discarding());
            if (answer.statusCode() / 100 != 2) {
                throw new IOException("status %d from %s".formatted(answer.statusCode(), platform));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
