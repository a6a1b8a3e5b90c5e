package dev.stoa.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** A short life of a platform, from which the JVM learns what it will need at every start (its AOT cache). */
final class Training {
    private Training() {}

    static void run() throws InterruptedException {
        try {
            Path home = Files.createTempDirectory("stoa-training");
            PlatformOptions options = new PlatformOptions(
                    home, "127.0.0.1", 0, 0, 0, "localhost", Optional.empty(), Optional.empty(), List.of(), 0, true);
            // The second start is the one that counts: it finds a data directory, as nearly every start will.
            for (int start = 0; start < 2; start++) {
                try (Platform platform = Platform.start(options, Map.of())) {
                    ask(
                            platform.status().api(),
                            Files.readString(home.resolve("token")).strip());
                    shakeHands(platform.status().https());
                }
            }
            dev.stoa.platform.base.FileTree.delete(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first client that comes by HTTPS would wait for a lot of classes. This one then refuses the certificate. */
    private static void shakeHands(String url) {
        int port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
        try (SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("127.0.0.1", port)) {
            socket.startHandshake();
        } catch (IOException e) {
            // As it should.
        }
    }

    private static void ask(String api, String token) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (String path : List.of("/openapi.json", "/v1/status", "/v1/apps", "/v1/deploys", "/v1/apps/none")) {
                HttpRequest request = HttpRequest.newBuilder(URI.create(api + path))
                        .header("Authorization", "Bearer " + token)
                        .build();
                client.send(request, BodyHandlers.ofString());
            }
        }
    }
}
