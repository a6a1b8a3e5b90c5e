package dev.stoa.platform;

import dev.stoa.api.Json;
import dev.stoa.api.RouteTableEvent;
import dev.stoa.api.RouterReport;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.RouteTable;
import dev.stoa.platform.router.Router;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;

/**
 * Ties a router to a platform in another process: brings the route table here, and says there which one is in force and what
 * is still in flight to instances that left it. While the platform is away, the last table stays in force.
 */
final class RouterLink implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RouterLink.class.getName());

    private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

    /** The platform says something every 2 s, if only an empty line. */
    private static final Duration SILENCE_MAX = Duration.ofSeconds(10);

    private static final Duration PAUSE_FIRST = Duration.ofMillis(100);
    private static final Duration PAUSE_LAST = Duration.ofSeconds(5);
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);
    private static final Duration REPORT_EVERY = Duration.ofSeconds(5);
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;

    private final Router router;
    private final URI platform;
    private final Supplier<String> token;
    private final String id;
    private final boolean realms;
    private final Consumer<RouteTableEvent> keep;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_MAX)
            .build();
    private final Map<String, Route> routes = new HashMap<>();
    private final CountDownLatch firstTable = new CountDownLatch(1);
    private volatile RouterReport inForce = new RouterReport("", 0, Map.of(), Map.of());
    private volatile long heardNanos;
    private volatile boolean closed;

    /**
     * @param token asked for at each attempt, so that it may change
     * @param id    of the router
     * @param realms whether the router serves the instances' own requests, too
     * @param keep  gets the whole table after each change
     */
    RouterLink(
            Router router,
            URI platform,
            Supplier<String> token,
            String id,
            boolean realms,
            Consumer<RouteTableEvent> keep) {
        this.router = router;
        this.platform = platform;
        this.token = token;
        this.id = id;
        this.realms = realms;
        this.keep = keep;
    }

    /** Connects, and again whenever the connection is lost. Returns at once. */
    RouterLink start() {
        Threads.start("router-link", this::watch);
        Threads.start("router-report", this::report);
        return this;
    }

    /** Whether the platform's table is in force within this time. */
    boolean awaitTable(Duration longest) throws InterruptedException {
        return firstTable.await(longest.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Returns when the platform's table, or one that was kept, is in force. */
    void awaitTable() throws InterruptedException {
        firstTable.await();
    }

    @Override
    public void close() {
        closed = true;
        http.shutdownNow();
    }

    private void watch() {
        Duration pause = PAUSE_FIRST;
        while (!closed) {
            try {
                if (follow()) {
                    pause = PAUSE_FIRST;
                }
                LOG.log(
                        Level.INFO,
                        "the platform has gone, the last route table stays in force platform={0}",
                        platform);
            } catch (IOException | JacksonException e) {
                if (!closed) {
                    LOG.log(
                            Level.WARNING,
                            "cannot follow the route table of the platform, will try again platform={0} why={1}",
                            platform,
                            e.getMessage() == null ? e.toString() : e.getMessage());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
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

    /** Returns when the platform hangs up: whether it had told a table. */
    private boolean follow() throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = http.send(
                request("/v1/routes?router=" + id + (realms ? "&realms=true" : ""))
                        .GET()
                        .build(),
                BodyHandlers.ofInputStream());
        try (InputStream body = answer.body()) {
            if (answer.statusCode() != OK) {
                throw new IOException(
                        answer.statusCode() == UNAUTHORIZED
                                ? "the token is wrong"
                                : "status %d from %s".formatted(answer.statusCode(), platform));
            }
            heardNanos = System.nanoTime();
            Thread guard = Threads.start("router-link-guard", () -> hangUpOnSilence(body));
            try {
                return apply(new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8)));
            } finally {
                guard.interrupt();
            }
        }
    }

    private boolean apply(BufferedReader lines) throws IOException {
        boolean told = false;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            heardNanos = System.nanoTime();
            if (!line.isBlank()) {
                apply(Json.read(line, RouteTableEvent.class));
                told = true;
            }
        }
        return told;
    }

    /** Puts a table into force, in whole or changed. */
    void apply(RouteTableEvent event) {
        if (event.full()) {
            routes.clear();
        }
        event.removed().forEach(routes::remove);
        event.routes().forEach((host, route) -> routes.put(host, Json.MAPPER.convertValue(route, Route.class)));
        router.update(new RouteTable(routes));
        inForce = new RouterReport(event.epoch(), event.version(), Map.of(), Map.of());
        keep.accept(new RouteTableEvent(
                event.epoch(), event.version(), true, new TreeMap<String, Object>(routes), List.of()));
        firstTable.countDown();
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

    private void report() {
        RouterReport said = inForce;
        long saidNanos = System.nanoTime();
        try {
            while (!closed) {
                RouterReport now = now();
                boolean due = System.nanoTime() - saidNanos > REPORT_EVERY.toNanos();
                if (!now.epoch().isEmpty() && (due || !now.equals(said))) {
                    said = say(now) ? now : said;
                    saidNanos = System.nanoTime();
                }
                Thread.sleep(LOOK_EVERY);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The table is looked at first: what it let through after that is in the next report. */
    private RouterReport now() {
        RouterReport table = inForce;
        Map<String, Integer> inFlight = new HashMap<>();
        router.leaving().forEach((address, count) -> inFlight.put(text(address), count));
        Map<String, RouterReport.Load> loads = new HashMap<>();
        router.loads().forEach((app, load) -> {
            if (load.held() > 0 || (load.instances() > 0 && load.idle().compareTo(REPORT_EVERY) < 0)) {
                loads.put(app, new RouterReport.Load(load.inFlight(), load.held()));
            }
        });
        return new RouterReport(table.epoch(), table.version(), inFlight, loads);
    }

    private boolean say(RouterReport report) throws InterruptedException {
        try {
            HttpResponse<Void> answer = http.send(
                    request("/v1/routers/" + id)
                            .timeout(ANSWER_MAX)
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofString(Json.write(report)))
                            .build(),
                    BodyHandlers.discarding());
            return answer.statusCode() / 100 == 2;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "cannot report to the platform", e);
            return false;
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(platform.resolve(path)).header("Authorization", "Bearer " + token.get());
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
