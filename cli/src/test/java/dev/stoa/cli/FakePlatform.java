package dev.stoa.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.stoa.api.App;
import dev.stoa.api.Canary;
import dev.stoa.api.Certificate;
import dev.stoa.api.CertificateAuthority;
import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.DeployPlan;
import dev.stoa.api.DomainState;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Instance;
import dev.stoa.api.Json;
import dev.stoa.api.LogLine;
import dev.stoa.api.Problem;
import dev.stoa.api.ProcessType;
import dev.stoa.api.Release;
import dev.stoa.api.Resource;
import dev.stoa.api.RunEvent;
import dev.stoa.api.Status;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/** Speaks the platform's API with answers from a table, and keeps what it was asked. */
final class FakePlatform implements AutoCloseable {
    static final String TOKEN = "right";
    static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private final HttpServer server;
    private final Map<String, HttpHandler> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile byte[] upload = new byte[0];

    FakePlatform() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(Threads.virtual());
        server.createContext("/", this::handle);
        server.start();
        answerAsAPlatformWithOneApp();
    }

    /** A platform as a process, which ends when it is told to: its argument is the data directory. */
    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        CountDownLatch shutdown = new CountDownLatch(1);
        FakePlatform platform = new FakePlatform();
        platform.answer("POST /v1/shutdown", exchange -> {
            send(exchange, 202, "");
            shutdown.countDown();
        });
        Files.writeString(home.resolve("token"), TOKEN + "\n");
        platform.answer("GET /v1/status", 200, status(ProcessHandle.current().pid()));
        Files.writeString(home.resolve("platform.json"), platform.beacon());
        System.out.println("a platform with arguments " + Arrays.asList(args).subList(1, args.length));
        shutdown.await();
        Files.delete(home.resolve("platform.json"));
        platform.close();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    String beacon() {
        return Json.write(Map.of("pid", ProcessHandle.current().pid(), "url", url()));
    }

    /** What was asked, such as {@code POST /v1/apps/shop/scale {"processes":{"web":3}}}, without uploads. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    byte[] upload() {
        return upload.clone();
    }

    void answer(String request, HttpHandler handler) {
        answers.put(request, handler);
    }

    void answer(String request, int status, Object body) {
        answers.put(request, exchange -> send(exchange, status, Json.write(body)));
    }

    void stream(String request, Object... documents) {
        String body = Arrays.stream(documents).map(d -> Json.write(d) + "\n").collect(Collectors.joining());
        answers.put(request, exchange -> send(exchange, 200, body));
    }

    void refuse(String request, ErrorCode code, String detail, String hint) {
        Problem problem = new StoaException(code, detail, hint).problem();
        answers.put(request, exchange -> send(exchange, problem.status(), Json.write(problem)));
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().toString();
            byte[] body = exchange.getRequestBody().readAllBytes();
            boolean archive =
                    "application/gzip".equals(exchange.getRequestHeaders().getFirst("Content-Type"));
            if (archive) {
                upload = body;
            }
            String text = archive ? "" : new String(body, StandardCharsets.UTF_8);
            requests.add((exchange.getRequestMethod() + " " + path + " " + text).strip());
            if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                send(exchange, 401, Json.write(new Problem("unauthorized", 401, "no", "")));
                return;
            }
            String request =
                    exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
            HttpHandler answer = answers.get(request);
            if (answer == null) {
                send(exchange, 404, Json.write(new Problem("not_found", 404, "nothing at " + request, "")));
            } else {
                answer.handle(exchange);
            }
        }
    }

    static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private void answerAsAPlatformWithOneApp() {
        answer("GET /v1/status", 200, status(ProcessHandle.current().pid()));
        answer("GET /v1/apps", 200, List.of(app()));
        answer("POST /v1/apps", 201, app());
        answer("GET /v1/apps/shop", 200, app());
        answer("DELETE /v1/apps/shop", exchange -> send(exchange, 204, ""));
        answer("GET /v1/resources", 200, List.of(bucket()));
        answer("POST /v1/apps/shop/plan", 200, plan());
        answer("GET /v1/apps/shop/instances", 200, List.of(instance()));
        answer("GET /v1/apps/shop/processes", 200, List.of(new ProcessType("web", 1, "./serve")));
        answer("POST /v1/apps/shop/scale", 200, List.of(new ProcessType("web", 3, "./serve")));
        answer("GET /v1/apps/shop/config/managed", 200, List.of());
        answer("GET /v1/apps/shop/config", 200, Map.of("LOG_LEVEL", "info", "COLOUR", "blue"));
        answer("GET /v1/apps/shop/domains", 200, List.of("shop.example.com"));
        answer("POST /v1/apps/shop/domains", 201, List.of("shop.example.com", "www.example.com"));
        Certificate certificate = new Certificate(
                "shop.example.com", "own", "R3", Optional.of(NOW.plusSeconds(86_400)), "expiring", "add the new one");
        answer(
                "GET /v1/apps/shop/domain-states",
                200,
                List.of(new DomainState(
                        "shop.example.com",
                        "elsewhere",
                        List.of("198.51.100.9"),
                        List.of("A 203.0.113.7"),
                        "it leads to 198.51.100.9, no address of this machine",
                        certificate)));
        answer("GET /v1/certificates", 200, List.of(certificate));
        answer("POST /v1/certificates", 201, certificate);
        answer("POST /v1/certificates/shop.example.com/renew", 200, certificate);
        answer("DELETE /v1/certificates/shop.example.com", exchange -> send(exchange, 204, ""));
        answer(
                "GET /v1/certificate-authority",
                200,
                new CertificateAuthority("/home/me/.stoa/ca/ca.pem", "PEM", "AB:CD"));
        answer("DELETE /v1/apps/shop/domains/shop.example.com", exchange -> send(exchange, 204, ""));
        answer(
                "GET /v1/apps/shop/releases",
                200,
                List.of(
                        new Release(
                                "v2",
                                "failed",
                                "Deploy",
                                "b2",
                                Optional.of("never listened\nthe last it said: boom"),
                                Optional.empty(),
                                NOW),
                        new Release("v1", "active", "Deploy", "b1", Optional.empty(), Optional.empty(), NOW)));
        answer("GET /v1/apps/shop/canary", 200, new Canary("v2", Optional.of("v1"), 10, 1, 1));
        answer("PATCH /v1/apps/shop/canary", 200, new Canary("v2", Optional.of("v1"), 25, 1, 1));
        answer("DELETE /v1/apps/shop/canary", exchange -> send(exchange, 204, ""));
        stream("GET /v1/apps/shop/logs", new LogLine(NOW.plusMillis(123), "web.1", "hello"));
        stream(
                "POST /v1/apps/shop/runs",
                new RunEvent.Started("r1", "v1"),
                new RunEvent.Output("half "),
                new RunEvent.Output("a line\n"),
                new RunEvent.Exit(9));
        answer("GET /v1/deploys", 200, List.of(deploy("deploy", "building")));
        answer("POST /v1/apps/shop/promote", 202, deploy("promote", "queued"));
        answer("GET /v1/apps/shop/deploys", 200, List.of(deploy("deploy", "building")));
        answer("POST /v1/apps/shop/deploys/d1/cancel", 200, deploy("deploy", "cancelled"));
        answer("POST /v1/apps/shop/deploys", 202, deploy("deploy", "queued"));
        answer("POST /v1/apps/shop/restart", 202, deploy("restart", "queued"));
        answer("POST /v1/apps/shop/rollback", 202, deploy("rollback", "queued"));
        answer("PATCH /v1/apps/shop/config", 202, deploy("config", "queued"));
        stream(
                "GET /v1/apps/shop/deploys/d1/events",
                new DeployEvent.Line("-----> Installing"),
                new DeployEvent.Line("       flask 3.1"),
                new DeployEvent.End(
                        finished("deploy", "done", Optional.of("v14"), Optional.empty()),
                        Optional.of("http://shop.localhost:8080")));
    }

    static Resource bucket() {
        return new Resource(
                "bucket",
                "shop-photos",
                "ready",
                Optional.empty(),
                Map.of(),
                Map.of(),
                List.of(new Resource.Attachment("shop", "photos", List.of("PHOTOS_BUCKET"))),
                NOW);
    }

    static DeployPlan plan() {
        return new DeployPlan(
                "shop",
                false,
                Optional.of("v1"),
                List.of(
                        new DeployPlan.Change(
                                DeployPlan.Action.CREATE,
                                "cache",
                                "shop-main",
                                List.of(new DeployPlan.Detail("plan", Optional.empty(), Optional.of("small"))),
                                Optional.of("gives REDIS_URL")),
                        new DeployPlan.Change(
                                DeployPlan.Action.CHANGE,
                                "process",
                                "web",
                                List.of(new DeployPlan.Detail("instances", Optional.of(1), Optional.of(2))),
                                Optional.empty()),
                        new DeployPlan.Change(
                                DeployPlan.Action.REMOVE, "cron", "nightly", List.of(), Optional.empty())),
                List.of(new DeployPlan.Orphan(
                        "bucket", "shop-photos", true, List.of("stoa bucket destroy shop-photos"))),
                List.of());
    }

    static Status status(long pid) {
        return new Status(
                pid,
                "0.1.0",
                "process",
                "none",
                List.of("bubblewrap is not installed"),
                "http://127.0.0.1:7070",
                "http://*.localhost:8080",
                "localhost",
                "embedded PostgreSQL",
                "/home/me/.stoa",
                1,
                2,
                Map.of("database", 3),
                "https://*.localhost:8443",
                "/home/me/.stoa/ca/ca.pem",
                Optional.empty(),
                List.of());
    }

    static App app() {
        return new App(
                "shop",
                "up",
                Optional.of("v1"),
                Optional.of("1"),
                "http://shop.localhost:8080",
                List.of(),
                NOW,
                Optional.empty(),
                0);
    }

    static Instance instance() {
        return new Instance(
                "i1",
                "web.1",
                "web",
                "v1",
                "up",
                Optional.of(4711L),
                Optional.of("127.0.0.1:40001"),
                0,
                Optional.empty(),
                NOW);
    }

    static Deploy deploy(String kind, String state) {
        return finished(kind, state, Optional.empty(), Optional.empty());
    }

    static Deploy finished(String kind, String state, Optional<String> release, Optional<Problem> problem) {
        return new Deploy("d1", "shop", kind, state, "from a folder", release, problem, NOW, Optional.empty());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
