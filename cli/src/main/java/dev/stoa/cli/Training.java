package dev.stoa.cli;

import com.sun.net.httpserver.HttpServer;
import dev.stoa.api.App;
import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.Instance;
import dev.stoa.api.Json;
import dev.stoa.api.LogLine;
import dev.stoa.api.ProcessType;
import dev.stoa.api.Release;
import dev.stoa.api.RunEvent;
import dev.stoa.api.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Runs the commands once against canned answers, so that the JVM's AOT cache holds what they load. The packaging starts
 * it; nobody else does.
 */
public final class Training {
    private static final Instant NOW = Instant.EPOCH;
    private static final Deploy DONE = new Deploy(
            "d1", "app", "deploy", "done", "a deploy", Optional.of("v1"), Optional.empty(), NOW, Optional.of(NOW));

    private Training() {}

    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        answer(server, "/v1/status", Json.write(status()));
        answer(server, "/v1/apps", Json.write(List.of(app())));
        answer(server, "/v1/apps/app", Json.write(app()));
        answer(server, "/v1/apps/app/instances", Json.write(List.of(instance())));
        answer(server, "/v1/apps/app/processes", Json.write(List.of(new ProcessType("web", 1, "web"))));
        answer(server, "/v1/apps/app/scale", Json.write(List.of(new ProcessType("web", 1, "web"))));
        answer(
                server,
                "/v1/apps/app/releases",
                Json.write(List.of(
                        new Release("v1", "active", "a deploy", "b1", Optional.empty(), Optional.empty(), NOW))));
        answer(server, "/v1/apps/app/config", Json.write(Map.of("K", "V")));
        answer(server, "/v1/apps/app/config/managed", Json.write(List.of()));
        answer(server, "/v1/apps/app/logs", Json.write(new LogLine(NOW, "web.1", "text")));
        answer(server, "/v1/apps/app/deploys", Json.write(DONE));
        answer(
                server,
                "/v1/apps/app/deploys/d1/events",
                Json.write(new DeployEvent.Line("-----> Line")) + "\n"
                        + Json.write(new DeployEvent.End(DONE, Optional.of("http://app.localhost:8080"))));
        answer(
                server,
                "/v1/apps/app/runs",
                Json.write(new RunEvent.Started("r1", "v1")) + "\n" + Json.write(new RunEvent.Output("text\n")) + "\n"
                        + Json.write(new RunEvent.Exit(0)));
        server.setExecutor(Threads.virtual());
        server.start();
        Path folder = Files.createTempDirectory("stoa-training");
        Path file = Files.writeString(folder.resolve("app.txt"), "text");
        Path ignore = Files.writeString(folder.resolve(".gitignore"), "*.log\n");
        Path home = Files.createTempDirectory("stoa-training-home");
        Path platform = Files.writeString(
                home.resolve("platform.json"),
                "{\"pid\": %d, \"url\": \"http://127.0.0.1:%d\"}"
                        .formatted(
                                ProcessHandle.current().pid(),
                                server.getAddress().getPort()));
        Path token = Files.writeString(home.resolve("token"), "token\n");
        try {
            run(home, folder);
        } finally {
            server.stop(0);
            for (Path made : List.of(file, ignore, folder, platform, token, home)) {
                Files.delete(made);
            }
        }
    }

    private static void run(Path home, Path folder) {
        Environment environment = new Environment(Map.of("STOA_HOME", home.toString()), folder, Clock.systemUTC());
        for (List<String> line : List.of(
                List.of("--help"),
                List.of("--version"),
                List.of("status"),
                List.of("status", "--json"),
                List.of("apps"),
                List.of("ps", "-a", "app"),
                List.of("ps", "-a", "app", "--json"),
                List.of("scale", "-a", "app", "web=1"),
                List.of("releases", "-a", "app"),
                List.of("config", "-a", "app"),
                List.of("logs", "-a", "app", "--since", "1h"),
                List.of("run", "-a", "app", "--", "ls"),
                List.of("deploy", "-a", "app"),
                List.of("ps", "--wrong"))) {
            PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
            Terminal terminal =
                    new Terminal(nowhere, nowhere, new ByteArrayInputStream(new byte[0]), Set.of("out"), true);
            int exit = new Cli(environment, terminal).run(line.toArray(String[]::new));
            if (exit != (line.contains("--wrong") ? 2 : 0)) {
                throw new IllegalStateException("training failed: stoa %s: status %d".formatted(line, exit));
            }
        }
    }

    private static void answer(HttpServer server, String path, String body) {
        server.createContext(path, exchange -> {
            try (exchange) {
                exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
                byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                // A platform streams what a deploy says, in chunks.
                exchange.sendResponseHeaders(200, path.endsWith("/events") ? 0 : bytes.length);
                exchange.getResponseBody().write(bytes);
            }
        });
    }

    private static Status status() {
        return new Status(
                1,
                "1",
                "process",
                "none",
                List.of("missing"),
                "http://127.0.0.1:7070",
                "http://127.0.0.1:8080",
                "localhost",
                "embedded",
                "/tmp",
                1,
                1,
                Map.of("database", 1),
                "https://127.0.0.1:8443",
                "/tmp/ca.pem",
                Optional.empty(),
                List.of());
    }

    private static App app() {
        return new App(
                "app",
                "up",
                Optional.of("v1"),
                Optional.of("1"),
                "http://app.localhost:8080",
                List.of(),
                NOW,
                Optional.empty(),
                0);
    }

    private static Instance instance() {
        return new Instance(
                "i1",
                "web.1",
                "web",
                "v1",
                "up",
                Optional.of(1L),
                Optional.of("127.0.0.1:1"),
                0,
                Optional.empty(),
                NOW);
    }
}
