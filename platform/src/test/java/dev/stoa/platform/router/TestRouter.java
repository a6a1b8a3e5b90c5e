package dev.stoa.platform.router;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A router on a free port, and what it said of finished requests. */
final class TestRouter implements AutoCloseable {
    static final RouterConfig CONFIG = RouterConfig.onPort(0)
            .withHost("127.0.0.1")
            .withTimes(RouterTimes.DEFAULT.withCloseGrace(Duration.ofMillis(500)));

    final Router router;
    final BlockingQueue<FinishedRequest> finished = new LinkedBlockingQueue<>();

    TestRouter() {
        this(CONFIG);
    }

    TestRouter(RouterConfig config) {
        this(config, Transport.best());
    }

    TestRouter(RouterConfig config, Transport transport) {
        router = new Router(config, finished::add, transport);
        router.start();
    }

    static RouterConfig impatient() {
        RouterTimes now = CONFIG.times();
        return CONFIG.withTimes(new RouterTimes(
                Duration.ofMillis(500),
                Duration.ofMillis(300),
                Duration.ofMillis(300),
                Duration.ofMillis(600),
                now.handshake(),
                now.closeGrace()));
    }

    static RouterConfig closingFor(Duration grace) {
        return CONFIG.withTimes(CONFIG.times().withCloseGrace(grace));
    }

    /** With a single event loop, so that all clients share its connections to instances; and patient. */
    static RouterConfig oneLoop() {
        Duration patient = Duration.ofSeconds(30);
        RouterTimes times = new RouterTimes(patient, patient, patient, patient, patient, Duration.ofMillis(500));
        return new RouterConfig("127.0.0.1", 0, 1, times, Long.MAX_VALUE);
    }

    /** Routes shop.localhost to the instances, and nothing else anywhere. */
    TestRouter route(FakeInstance... instances) {
        return route(BalancePolicy.DEFAULT, instances);
    }

    TestRouter route(BalancePolicy policy, FakeInstance... instances) {
        List<Upstream> upstreams =
                Stream.of(instances).map(FakeInstance::upstream).toList();
        router.update(
                new RouteTable(Map.of("shop.localhost", new Route("shop", upstreams, "", EdgePolicy.NONE, policy))));
        return this;
    }

    Conversation connect() {
        return Conversation.with(router.port());
    }

    /** The answer to one request over a connection of its own. */
    String get(String path) {
        try (Conversation client = connect()) {
            return client.get("shop.localhost", path).readMessage();
        }
    }

    FinishedRequest nextFinished() throws InterruptedException {
        FinishedRequest next = finished.poll(10, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no request finished");
        }
        return next;
    }

    @Override
    public void close() {
        router.close();
    }
}
