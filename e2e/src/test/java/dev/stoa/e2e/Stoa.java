package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** A platform of its own, in a data directory and on ports of its own, driven through the command line. */
final class Stoa implements AutoCloseable {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
    private static final Path LAUNCHER = REPOSITORY.resolve("dist/target/stoa-0.1.0/bin/stoa");
    private static final Duration COMMAND_MAX = Duration.ofMinutes(3);

    /** For what a test does beside itself: the common pool has one thread on two cores. */
    static final Executor THREADS = Executors.newVirtualThreadPerTaskExecutor();

    static {
        // Not every machine resolves the names below localhost, as browsers and curl do by themselves.
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
    }

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final Map<String, String> environment = new TreeMap<>();
    private final Path home;
    private final int apiPort;
    private final int httpPort;
    private final int httpsPort;
    private final List<String> upOptions;

    private Stoa(Path home, int httpPort, int httpsPort, List<String> upOptions) {
        this.home = home;
        this.apiPort = Ports.free();
        this.httpPort = httpPort;
        this.httpsPort = httpsPort;
        this.upOptions = upOptions;
        environment.put("STOA_HOME", home.toString());
    }

    /** A platform that runs. */
    static Stoa up() {
        try {
            return upIn(Files.createTempDirectory("stoa-e2e"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A platform that runs, with its data in this directory. */
    static Stoa upIn(Path home) {
        return upIn(home, Ports.free(), Ports.free(), List.of());
    }

    /** The same on these ports, with more options of {@code stoa up}. */
    static Stoa upIn(Path home, int httpPort, int httpsPort, List<String> upOptions) {
        Stoa stoa = new Stoa(home, httpPort, httpsPort, upOptions);
        stoa.start();
        return stoa;
    }

    void start() {
        List<String> words = new ArrayList<>(List.of("up", "--detach", "--api-port", "" + apiPort));
        words.addAll(List.of("--http-port", "" + httpPort, "--https-port", "" + httpsPort));
        words.addAll(upOptions);
        ok(words.toArray(String[]::new));
    }

    Path home() {
        return home;
    }

    int httpPort() {
        return httpPort;
    }

    int httpsPort() {
        return httpsPort;
    }

    int apiPort() {
        return apiPort;
    }

    /** An app, as clients in the world see it. */
    Crowd.Target target(String app) {
        return new Crowd.Target(httpPort, httpsPort, app);
    }

    String token() {
        try {
            return Files.readString(home.resolve("token")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path example(String name) {
        return REPOSITORY.resolve("examples").resolve(name);
    }

    /** What a command said and how it ended. */
    record Result(int status, String out, String err) {
        String lastLine() {
            return out.strip().lines().reduce((first, second) -> second).orElse("");
        }

        JsonNode json() {
            return Json.MAPPER.readTree(out);
        }
    }

    /** Runs a command to its end. */
    Result run(String... arguments) {
        return run(Path.of("."), arguments);
    }

    Result run(Path directory, String... arguments) {
        try {
            Path out = Files.createTempFile("stoa", ".out");
            Path err = Files.createTempFile("stoa", ".err");
            Process process = start(directory, out, err, arguments);
            if (!process.waitFor(COMMAND_MAX.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("stoa %s takes more than %s; it said:\n%s%s"
                        .formatted(List.of(arguments), COMMAND_MAX, Files.readString(out), Files.readString(err)));
            }
            Result result = new Result(process.exitValue(), Files.readString(out), Files.readString(err));
            Files.delete(out);
            Files.delete(err);
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs a command beside the test. */
    CompletableFuture<Result> later(String... arguments) {
        return CompletableFuture.supplyAsync(() -> run(arguments), THREADS);
    }

    /** Starts a command that goes on. */
    Process start(Path directory, Path out, Path err, String... arguments) throws IOException {
        return builder(List.of(), directory, out, err, arguments).start();
    }

    /** Starts a command by way of another, such as a program that gives it a terminal. */
    Process startBy(List<String> before, Path out, Path err, String... arguments) throws IOException {
        return builder(before, Path.of("."), out, err, arguments).start();
    }

    /** Starts a command that reads a file. */
    Process startWith(Path in, Path out, Path err, String... arguments) throws IOException {
        return builder(List.of(), Path.of("."), out, err, arguments)
                .redirectInput(in.toFile())
                .start();
    }

    private ProcessBuilder builder(List<String> before, Path directory, Path out, Path err, String... arguments) {
        List<String> command = new ArrayList<>(before);
        command.add(LAUNCHER.toString());
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().remove("STOA_URL");
        builder.environment().remove("STOA_TOKEN");
        builder.environment().putAll(environment);
        return builder;
    }

    /** Runs a command that must succeed. */
    Result ok(String... arguments) {
        Result result = run(arguments);
        assertThat(result.status())
                .as("stoa %s\n%s%s", List.of(arguments), result.out(), result.err())
                .isZero();
        return result;
    }

    /** Runs a command that must fail. */
    Result fails(String... arguments) {
        Result result = run(arguments);
        assertThat(result.status())
                .as("stoa %s\n%s%s", List.of(arguments), result.out(), result.err())
                .isEqualTo(1);
        return result;
    }

    JsonNode json(String... arguments) {
        List<String> words = new ArrayList<>(Arrays.asList(arguments));
        words.add(1, "--json");
        return ok(words.toArray(String[]::new)).json();
    }

    /** What the API says, for those who ask again and again: a command costs the machine half a second. */
    JsonNode api(String path) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + apiPort + path))
                    .header("Authorization", "Bearer " + token())
                    .timeout(COMMAND_MAX)
                    .build();
            HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            return Json.MAPPER.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** As {@code stoa ps} lists them. */
    List<JsonNode> instances(String app) {
        return api("/v1/apps/" + app + "/instances").valueStream().toList();
    }

    /** The pids of the app's instances, in the order of {@code stoa ps}. */
    List<Long> pids(String app) {
        return instances(app).stream()
                .map(instance -> instance.path("pid").asLong())
                .toList();
    }

    /** Asks the router for a path of an app. */
    HttpResponse<String> get(String app, String path) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + path))
                    .header("Host", app + ".localhost:" + httpPort)
                    .timeout(Duration.ofSeconds(30))
                    .build();
            return client.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    long pid() {
        return api("/v1/status").path("pid").asLong();
    }

    /** Ends the platform as a power cut would, but for its apps. */
    void kill() {
        ProcessHandle handle = ProcessHandle.of(pid()).orElseThrow();
        handle.destroyForcibly();
        handle.onExit().join();
    }

    @Override
    public void close() {
        run("down");
    }
}
