package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that wait for an instance. */
class HoldTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final TestRouter edge = new TestRouter(TestRouter.CONFIG);
    private final FakeInstance web = FakeInstance.polite("one");
    private final Queue<String> demands = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() {
        edge.close();
        web.close();
    }

    private void route(HoldPolicy hold, FakeInstance... instances) {
        List<Upstream> upstreams =
                Stream.of(instances).map(FakeInstance::upstream).toList();
        Route route = new Route(
                "shop", upstreams, "web.1 crashed", EdgePolicy.NONE, BalancePolicy.DEFAULT, Canary.NONE, hold);
        edge.router.update(new RouteTable(Map.of("shop.localhost", route)));
    }

    private static HoldPolicy holding(int requestsMax, Duration longest) {
        return new HoldPolicy(true, requestsMax, longest, 2);
    }

    private void awaitHeld(int count) {
        await().pollInterval(Duration.ofMillis(2))
                .untilAsserted(() -> assertThat(edge.router.load("shop").held()).isEqualTo(count));
    }

    @Test
    void aRequestWaitsForTheNextInstanceAndIsAnswered() {
        edge.router.onDemand(demands::add);
        route(holding(10, LONG));
        try (Conversation client = edge.connect()) {
            client.get("shop.localhost", "/");
            awaitHeld(1);
            assertThat(demands).containsExactly("shop");

            route(holding(10, LONG), web);

            assertThat(client.readMessage()).startsWith("HTTP/1.1 200 ").endsWith("one");
            assertThat(edge.router.load("shop").held()).isZero();
        }
    }

    @Test
    void aBodyIsReadOnlyWhenThereIsAnInstanceAndComesWhole() {
        try (FakeInstance counting = new FakeInstance("one", client -> {
            int length = Integer.parseInt(Conversation.header(client.readHead(), "content-length"));
            client.write("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
                    + client.read(length).length());
        })) {
            route(holding(10, LONG));
            try (Conversation client = edge.connect()) {
                client.write("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 4000000\r\n\r\n");
                awaitHeld(1);
                Thread sender = Threads.start("sender", () -> client.write(new byte[4_000_000]));
                route(holding(10, LONG), counting);
                assertThat(client.readMessage()).startsWith("HTTP/1.1 200 ").endsWith("4000000");
                assertThat(sender.isAlive()).isFalse();
            }
        }
    }

    @Test
    void whoWaitsLongestGoesFirst() throws IOException {
        List<String> served = new ArrayList<>();
        try (TestRouter one = new TestRouter(TestRouter.oneLoop());
                ServerSocket instance = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            one.router.update(table(List.of()));
            List<Conversation> clients = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int held = i + 1;
                clients.add(one.connect().get("shop.localhost", "/" + i));
                await().pollInterval(Duration.ofMillis(2))
                        .until(() -> one.router.load("shop").held() == held);
            }
            one.router.update(
                    table(List.of(new Upstream("one", (InetSocketAddress) instance.getLocalSocketAddress()))));
            for (int i = 0; i < 5; i++) {
                Conversation accepted = new Conversation(instance.accept());
                served.add(accepted.readHead().split(" ", -1)[1]);
                accepted.close();
            }
            clients.forEach(Conversation::close);
        }
        assertThat(served).containsExactly("/0", "/1", "/2", "/3", "/4");
    }

    private static RouteTable table(List<Upstream> upstreams) {
        Route route = new Route(
                "shop", upstreams, "", EdgePolicy.NONE, BalancePolicy.DEFAULT, Canary.NONE, holding(10, LONG));
        return new RouteTable(Map.of("shop.localhost", route));
    }

    @Test
    void whenTooManyWaitTheNextGets503AndIsToldWhenToAskAgain() {
        route(holding(2, LONG));
        try (Conversation first = edge.connect();
                Conversation second = edge.connect();
                Conversation third = edge.connect()) {
            first.get("shop.localhost", "/");
            second.get("shop.localhost", "/");
            awaitHeld(2);

            assertThat(third.get("shop.localhost", "/").readMessage())
                    .startsWith("HTTP/1.1 503 ")
                    .containsIgnoringCase("retry-after: 5")
                    .containsIgnoringCase("stoa-error: queue_full")
                    .contains("2 requests wait for an instance of shop already");
            awaitHeld(2);
        }
    }

    @Test
    void whoWaitsTooLongGets503AndIsToldWhenToAskAgain() {
        try (TestRouter impatient = new TestRouter(TestRouter.impatient())) {
            Route none = new Route(
                    "shop",
                    List.of(),
                    "",
                    EdgePolicy.NONE,
                    BalancePolicy.DEFAULT,
                    Canary.NONE,
                    holding(10, Duration.ofMillis(200)));
            impatient.router.update(new RouteTable(Map.of("shop.localhost", none)));

            assertThat(impatient.get("/"))
                    .startsWith("HTTP/1.1 503 ")
                    .containsIgnoringCase("retry-after: 5")
                    .containsIgnoringCase("stoa-error: wait_timeout")
                    .contains("no instance of shop was ready to take the request within 0.2 s");
            assertThat(impatient.router.load("shop").held()).isZero();
        }
    }

    @Test
    void whoFindsEveryInstanceFullGoesOnWhenThereIsRoom() {
        FakeInstance.Script script = client -> {
            while (!client.readHead().isEmpty()) {
                Thread.sleep(5);
                client.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
            }
        };
        try (FakeInstance slow = new FakeInstance("one", script)) {
            BalancePolicy oneAtOnce = new BalancePolicy(1, Duration.ZERO, false);
            Route route = new Route(
                    "shop", List.of(slow.upstream()), "", EdgePolicy.NONE, oneAtOnce, Canary.NONE, holding(100, LONG));
            edge.router.update(new RouteTable(Map.of("shop.localhost", route)));
            List<Conversation> clients = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                clients.add(edge.connect().get("shop.localhost", "/"));
            }
            clients.forEach(client -> assertThat(client.readMessage()).startsWith("HTTP/1.1 200 "));
            clients.forEach(Conversation::close);
            assertThat(edge.router.load("shop").held()).isZero();
        }
    }

    @Test
    void whoLeavesIsNoLongerInTheQueue() {
        route(holding(1, LONG));
        Conversation gone = edge.connect().get("shop.localhost", "/");
        awaitHeld(1);
        gone.leave();
        awaitHeld(0);
    }

    @Test
    void whenItIsClearThatNoInstanceComesThoseThatWaitAreToldWhy() {
        route(holding(10, LONG));
        try (Conversation client = edge.connect()) {
            client.get("shop.localhost", "/");
            awaitHeld(1);

            route(HoldPolicy.NONE);

            assertThat(client.readMessage()).startsWith("HTTP/1.1 503 ").contains("web.1 crashed");
        }
    }

    @Test
    void whoseOnlyInstanceEndsBeforeItAnswersWaitsForTheNext() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch ends = new CountDownLatch(1);
        try (FakeInstance mortal = new FakeInstance("mortal", client -> {
                    client.readHead();
                    asked.countDown();
                    ends.await();
                });
                Conversation first = edge.connect();
                Conversation second = edge.connect()) {
            route(holding(10, LONG), mortal);
            first.get("shop.localhost", "/");
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            Thread stop = Threads.start("stop", mortal::stop);
            ends.countDown();
            stop.join();
            // The table does not know of it yet: the one has lost its instance, the other is refused.
            second.get("shop.localhost", "/");
            await().until(() -> edge.router.load("shop").inFlight() == 0);
            assertThat(edge.finished).isEmpty();

            route(holding(10, LONG));
            awaitHeld(2);
            route(holding(10, LONG), web);
            assertThat(first.readMessage()).startsWith("HTTP/1.1 200 ").endsWith("one");
            assertThat(second.readMessage()).startsWith("HTTP/1.1 200 ").endsWith("one");
        }
    }

    @Test
    void whoseInstancesAllRefuseIsToldSoWhenTheTableStaysAsItIs() {
        try (TestRouter impatient = new TestRouter(TestRouter.impatient())) {
            web.stop();
            impatient.router.update(table(List.of(web.upstream())));
            assertThat(impatient.get("/")).startsWith("HTTP/1.1 502 ").containsIgnoringCase("upstream_refused");
        }
    }

    @Test
    void anInstanceThatGetsAsMuchAsItShouldHaveIsToldOf() {
        edge.router.onDemand(demands::add);
        try (FakeInstance silent = new FakeInstance("one", Conversation::readAll)) {
            route(holding(10, LONG), silent);
            try (Conversation first = edge.connect();
                    Conversation second = edge.connect()) {
                first.get("shop.localhost", "/");
                await().until(() -> edge.router.load("shop").inFlight() == 1);
                assertThat(demands).isEmpty();
                assertThat(edge.router.load("shop").idle()).isZero();

                second.get("shop.localhost", "/");
                await().untilAsserted(() -> assertThat(demands).containsExactly("shop"));
            }
            await().until(() -> edge.router.load("shop").inFlight() == 0);
            assertThat(edge.router.load("shop").idle()).isPositive();
        }
    }
}
