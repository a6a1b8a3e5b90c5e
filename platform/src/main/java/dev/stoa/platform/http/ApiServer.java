package dev.stoa.platform.http;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.RequestBody;
import dev.stoa.platform.base.Threads;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.lang.System.Logger.Level;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Serves endpoints over HTTP, to those who have the token. Errors are {@code application/problem+json}; {@code /openapi.json}
 * describes everything and needs no token.
 */
public final class ApiServer implements AutoCloseable {
    static final String EVENT_STREAM = "application/x-ndjson";

    private static final System.Logger LOG = System.getLogger(ApiServer.class.getName());

    /** A client that has gone is noticed within two of these. */
    private static final Duration BEAT_EVERY = Duration.ofSeconds(2);

    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final String host;
    private final int port;
    private final Authorization authorization;
    private final List<Endpoint> endpoints;
    private final byte[] openApi;
    private final WebServer server;

    /**
     * @param host    the address to listen on
     * @param port    0 for any that is free
     * @param version of the API, for its description
     */
    public ApiServer(String host, int port, String token, List<Endpoint> endpoints, String version) {
        this(host, port, host, port, token, endpoints, version);
    }

    /** One that is asked through a {@link Door} at the given address, and listens where only this machine can ask. */
    public static ApiServer behind(Door door, String host, String token, List<Endpoint> endpoints, String version) {
        return new ApiServer(host, door.port(), "127.0.0.1", 0, token, endpoints, version);
    }

    private ApiServer(
            String host,
            int port,
            String bindHost,
            int bindPort,
            String token,
            List<Endpoint> endpoints,
            String version) {
        this.host = host;
        this.port = port;
        this.authorization = new Authorization(token);
        this.endpoints = List.copyOf(endpoints);
        this.openApi = OpenApi.of(endpoints, version).getBytes(StandardCharsets.UTF_8);
        this.server = WebServer.builder()
                .host(bindHost)
                .port(bindPort)
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                // Otherwise a key that is typed waits for the acknowledgement of the one before it.
                .connectionOptions(options -> options.tcpNoDelay(true))
                .contentEncoding(GzippedRequests.context())
                .routing(this::route)
                .build();
    }

    /** @throws StoaException if the port is taken */
    public void start() {
        server.start();
        // Helidon logs why it could not listen, and throws nothing.
        if (!server.isRunning()) {
            throw new StoaException(
                    ErrorCode.PORT_UNAVAILABLE,
                    "the API cannot listen on %s:%d: the address is in use, or not allowed".formatted(host, port),
                    "choose another port: stoa up --api-port 7171");
        }
    }

    /** The one that it listens on itself, also behind a door. */
    public int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.stop();
    }

    private void route(HttpRouting.Builder routing) {
        routing.get("/openapi.json", (request, response) -> {
            response.header("Content-Type", "application/json");
            response.send(openApi);
        });
        routing.get("/", (request, response) -> {
            response.header("Content-Type", "text/plain; charset=utf-8");
            response.send("This is Stoa's API; /openapi.json describes it. The command line is: stoa --help\n"
                    .getBytes(StandardCharsets.UTF_8));
        });
        for (Endpoint endpoint : endpoints) {
            routing.route(Method.create(endpoint.method()), endpoint.path(), (request, response) -> {
                RequestBody body = body(request);
                try {
                    if (!endpoint.isOpen()) {
                        admit(request, endpoint.described());
                    }
                    answer(endpoint, new ApiRequest(request, body), response);
                } catch (Exception e) {
                    fail(request, body, response, e, endpoint.described());
                }
            });
        }
        routing.any((request, response) -> fail(request, body(request), response, unknown(request), true));
    }

    /** Lets in who has the token, and no web page that points a name of its own at this machine. */
    private void admit(ServerRequest request, boolean bearerOnly) {
        String name = request.headers().first(HeaderNames.HOST).orElse("").replaceFirst(":\\d+$", "");
        if (LOOPBACK.contains(host) && !LOOPBACK.contains(name)) {
            throw new StoaException(
                    ErrorCode.UNAUTHORIZED,
                    "the API does not answer to the name \"%s\"".formatted(name),
                    "use http://127.0.0.1:%d".formatted(port == 0 ? port() : port));
        }
        String given = request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
        if (!authorization.admits(given, bearerOnly)) {
            throw new StoaException(
                    ErrorCode.UNAUTHORIZED,
                    given.isEmpty() ? "the request has no token" : "the token is wrong",
                    "it is in the file token of the platform's data directory; STOA_TOKEN passes it to the command line");
        }
    }

    private static RequestBody body(ServerRequest request) {
        return new RequestBody(
                () -> request.content().inputStream(),
                request.headers().contains(HeaderNames.EXPECT),
                request.headers().contentLength());
    }

    private static void answer(Endpoint endpoint, ApiRequest asked, ServerResponse response) throws Exception {
        switch (endpoint.action()) {
            case Endpoint.Action.Answers action -> {
                Object answer = action.answer().to(asked);
                Endpoint.Reply reply =
                        answer instanceof Endpoint.Reply own ? own : new Endpoint.Reply(endpoint.status(), answer);
                response.status(reply.status()).header("Content-Type", "application/json");
                response.send((Json.writePretty(reply.body()) + "\n").getBytes(StandardCharsets.UTF_8));
            }
            case Endpoint.Action.Does action -> {
                action.deed().on(asked);
                response.status(endpoint.status()).send();
            }
            case Endpoint.Action.Tells action -> tell(action.telling(), asked, response);
            case Endpoint.Action.Speaks action -> action.speech().to(asked, new RawResponse(response));
        }
    }

    private static void tell(Endpoint.Telling telling, ApiRequest request, ServerResponse response) throws Exception {
        Thread teller = Thread.currentThread();
        LateStream stream = new LateStream(response, EVENT_STREAM);
        EventSink sink = new EventSink(stream);
        Thread heart = Threads.start("heartbeat", () -> {
            try {
                while (true) {
                    Thread.sleep(BEAT_EVERY);
                    sink.beat();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                teller.interrupt();
            }
        });
        try {
            telling.to(request, sink);
        } finally {
            heart.interrupt();
            heart.join();
        }
        stream.close();
    }

    private StoaException unknown(ServerRequest request) {
        String path = request.path().path();
        String method = request.prologue().method().text();
        boolean known = endpoints.stream()
                .anyMatch(endpoint -> path.matches(endpoint.path().replaceAll("\\{\\w+}", "[^/]+")));
        return known
                ? new StoaException(
                        ErrorCode.METHOD_NOT_ALLOWED,
                        "%s does not take %s".formatted(path, method),
                        "/openapi.json says what it takes")
                : new StoaException(
                        ErrorCode.NOT_FOUND,
                        "there is nothing at %s".formatted(path),
                        "/openapi.json lists what there is");
    }

    private static void fail(
            ServerRequest request, RequestBody body, ServerResponse response, Exception e, boolean json) {
        if (response.isSent() || response.bytesWritten() > 0 || (!(e instanceof StoaException) && clientHasGone(e))) {
            LOG.log(Level.DEBUG, "a client went away path=" + request.path().path(), e);
            throw new CloseConnectionException("the answer was cut short", e);
        }
        Problem problem = problem(request, e);
        response.status(problem.status())
                .header("Content-Type", json ? "application/problem+json" : "text/plain; charset=utf-8");
        if (problem.code().equals(ErrorCode.UNAUTHORIZED.code())) {
            response.header(
                    "WWW-Authenticate", json ? "Bearer" : "Basic realm=\"Stoa: any name, the token as password\"");
        }
        response.header(HeaderValues.CONNECTION_CLOSE);
        response.send((json ? Json.write(problem) : text(problem)).getBytes(StandardCharsets.UTF_8));
        body.discard();
        // What is left of the body must not be read as the next request.
        throw new CloseConnectionException("the request failed", e);
    }

    private static String text(Problem problem) {
        return "error: " + problem.detail() + "\n"
                + problem.hint().lines().map(line -> "  " + line + "\n").collect(Collectors.joining());
    }

    private static Problem problem(ServerRequest request, Exception e) {
        if (e instanceof StoaException known) {
            return known.problem();
        }
        if (DiskFull.causes(e)) {
            return new StoaException(
                            ErrorCode.DISK_FULL,
                            "the disk of the data directory is full",
                            "free some room, or destroy apps that are not needed")
                    .problem();
        }
        String reference = UUID.randomUUID().toString();
        LOG.log(
                Level.ERROR,
                "a request failed path=%s reference=%s".formatted(request.path().path(), reference),
                e);
        return new StoaException(
                        ErrorCode.INTERNAL,
                        "the platform failed: %s (reference %s)"
                                .formatted(e.getClass().getSimpleName(), reference),
                        "the platform's own log has more under that reference")
                .problem();
    }

    /** Not for what was put into words: a connection that broke there was one to somewhere else. */
    private static boolean clientHasGone(Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketException) {
                return true;
            }
        }
        return e instanceof InterruptedException || e instanceof EventSink.ClientGoneException;
    }
}
