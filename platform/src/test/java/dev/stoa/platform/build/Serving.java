package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;

/** The web process of a slug while it runs. */
final class Serving implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final int END_SECONDS_MAX = 10;

    private final Process process;
    private final int port;
    private final HttpClient client = HttpClient.newHttpClient();

    private Serving(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it, and returns when it answers. */
    static Serving of(Workshop workshop, Slug slug) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Serving serving = new Serving(workshop.start(slug, "web", port), port);
        try {
            await().atMost(START_MAX).pollInterval(Duration.ofMillis(50)).until(() -> {
                assertThat(serving.process.isAlive()).as(workshop.printed()).isTrue();
                return serving.listens();
            });
            return serving;
        } catch (RuntimeException | Error e) {
            serving.process.destroyForcibly();
            serving.client.close();
            throw e;
        }
    }

    private boolean listens() throws InterruptedException {
        try {
            return get("/").statusCode() > 0;
        } catch (IOException e) {
            return false;
        }
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }

    /** Asks it to end by SIGTERM, on which it must end by itself. */
    @Override
    public void close() {
        // PHP's server has workers, which do not end with it.
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        try {
            await().atMost(Duration.ofSeconds(END_SECONDS_MAX))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> !process.isAlive());
        } finally {
            children.forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            client.close();
        }
    }
}
