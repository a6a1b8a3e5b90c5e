package dev.stoa.platform;

import dev.stoa.api.Json;
import dev.stoa.api.RouteTableEvent;
import dev.stoa.api.RouterReport;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.router.Route;
import dev.stoa.platform.router.RouteTable;
import dev.stoa.platform.router.Router;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Ties a router to a platform in another process: brings the route table here, and says there which one is in force and what
 * is still in flight to instances that left it. While the platform is away, the last table stays in force.
 */
final class RouterLink implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RouterLink.class.getName());

    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);
    private static final Duration REPORT_EVERY = Duration.ofSeconds(5);

    private final Router router;
    private final String id;
    private final Consumer<RouteTableEvent> keep;
    private final PlatformWatch platform;
    private final Map<String, Route> routes = new HashMap<>();
    private final CountDownLatch firstTable = new CountDownLatch(1);
    private volatile RouterReport inForce = new RouterReport("", 0, Map.of(), Map.of());
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
        this.platform = new PlatformWatch(
                platform,
                token,
                "route table",
                "/v1/routes?router=" + id + (realms ? "&realms=true" : ""),
                line -> apply(Json.read(line, RouteTableEvent.class)));
        this.id = id;
        this.keep = keep;
    }

    /** Connects, and again whenever the connection is lost. Returns at once. */
    RouterLink start() {
        platform.start();
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
        platform.close();
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
            HttpResponse<Void> answer = platform.http()
                    .send(
                            platform.request("/v1/routers/" + id)
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

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
