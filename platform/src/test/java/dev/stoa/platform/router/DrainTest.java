package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.base.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a rollout relies on: a new table holds at once, and nothing is cut. */
class DrainTest {
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final int ROLLOUTS = 40;
    private static final int CLIENTS = 8;

    @Test
    void rolloutsUnderLoadDropNothing() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger answered = new AtomicInteger();
        Queue<String> bad = new ConcurrentLinkedQueue<>();
        List<Thread> clients = new ArrayList<>();
        try (TestRouter edge = new TestRouter()) {
            FakeInstance serving = FakeInstance.polite("v00");
            edge.route(serving);
            for (int i = 0; i < CLIENTS; i++) {
                String request = i % 2 == 0
                        ? "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n"
                        : "POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 5\r\n\r\nhello";
                clients.add(Threads.start("client", () -> {
                    try (Conversation client = edge.connect()) {
                        while (!stop.get()) {
                            String answer = client.write(request).readMessage();
                            answered.incrementAndGet();
                            if (!answer.startsWith("HTTP/1.1 200 ")) {
                                bad.add(answer);
                            }
                        }
                    }
                }));
            }
            for (int i = 1; i <= ROLLOUTS; i++) {
                int before = answered.get();
                await().pollInterval(Duration.ofMillis(1)).until(() -> answered.get() > before + 20 || !bad.isEmpty());
                FakeInstance next = FakeInstance.polite("v%02d".formatted(i));
                edge.route(next);
                assertThat(edge.router.drain(Set.of(serving.address()), LONG)).isTrue();
                serving.close();
                serving = next;
            }
            stop.set(true);
            for (Thread client : clients) {
                client.join();
            }
            serving.close();
            assertThat(bad).isEmpty();
            assertThat(answered.get()).isGreaterThan(ROLLOUTS * 20);
            assertThat(edge.finished)
                    .hasSize(answered.get())
                    .allMatch(told -> told.error().isEmpty());
        }
    }

    @Test
    void drainWaitsForTheRequestInFlightAndNoLonger() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch mayAnswer = new CountDownLatch(1);
        AtomicBoolean drained = new AtomicBoolean();
        try (TestRouter edge = new TestRouter();
                FakeInstance old = new FakeInstance("old", client -> {
                    client.readHead();
                    asked.countDown();
                    mayAnswer.await();
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
                    client.readAll();
                });
                FakeInstance next = FakeInstance.polite("new");
                Conversation client = edge.route(old).connect()) {
            client.get("shop.localhost", "/");
            asked.await();
            edge.route(next);
            assertThat(edge.get("/")).endsWith("new");
            assertThat(edge.router.inFlight(old.address())).isEqualTo(1);
            assertThat(edge.router.drain(Set.of(old.address()), Duration.ofMillis(50)))
                    .isFalse();

            Thread drain = Threads.start(
                    "drain", () -> drained.set(edge.router.drain(Set.of(old.address(), next.address()), LONG)));
            long answeredNanos = System.nanoTime();
            mayAnswer.countDown();
            assertThat(client.readMessage()).endsWith("old");
            drain.join();
            assertThat(drained).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - answeredNanos)).isLessThan(LONG.dividedBy(2));
            assertThat(edge.router.inFlight(old.address())).isZero();
        }
    }

    @Test
    void restingConnectionsToAnInstanceThatLeftTheTableAreClosed() {
        CountDownLatch hungUp = new CountDownLatch(1);
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb");
                    client.readAll();
                    hungUp.countDown();
                })) {
            edge.route(web).get("/");
            edge.router.update(RouteTable.EMPTY);
            await().until(() -> hungUp.getCount() == 0);
        }
    }

    @Test
    void theInstanceWithTheFewestRequestsGetsTheNext() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        try (TestRouter edge = new TestRouter();
                FakeInstance busy = new FakeInstance("bsy", client -> {
                    client.readHead();
                    asked.countDown();
                    done.await();
                });
                FakeInstance free = FakeInstance.polite("fre");
                Conversation slow = edge.route(busy).connect()) {
            slow.get("shop.localhost", "/");
            asked.await();
            edge.route(busy, free);
            for (int i = 0; i < 6; i++) {
                assertThat(edge.get("/")).endsWith("fre");
            }
            done.countDown();
        }
    }

    @Test
    void instancesTakeTurns() {
        try (TestRouter edge = new TestRouter();
                FakeInstance one = FakeInstance.polite("one");
                FakeInstance two = FakeInstance.polite("two")) {
            edge.route(one, two);
            StringBuilder turns = new StringBuilder();
            for (int i = 0; i < 4; i++) {
                String answer = edge.get("/");
                turns.append(answer, answer.length() - 3, answer.length());
            }
            assertThat(turns.toString()).isIn("onetwoonetwo", "twoonetwoone");
        }
    }

    @Test
    void closeLetsTheRequestInFlightFinishAndTakesNoNewOnes() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch mayAnswer = new CountDownLatch(1);
        TestRouter edge = new TestRouter(TestRouter.closingFor(LONG));
        try (FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    asked.countDown();
                    mayAnswer.await();
                    client.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb");
                    client.readAll();
                });
                Conversation resting = edge.connect();
                Conversation client = edge.route(web).connect()) {
            client.get("shop.localhost", "/");
            asked.await();
            Thread close = Threads.start("close", edge::close);
            assertThat(resting.readAll()).isEmpty();
            mayAnswer.countDown();
            assertThat(client.readAll())
                    .startsWith("HTTP/1.1 200 OK")
                    .containsIgnoringCase("connection: close")
                    .endsWith("web");
            close.join();
        }
    }

    @Test
    void aHostThatMovesToAnotherAppMovesAtOnce() {
        try (TestRouter edge = new TestRouter();
                FakeInstance one = FakeInstance.polite("one");
                FakeInstance two = FakeInstance.polite("two");
                Conversation client = edge.route(one).connect()) {
            assertThat(client.get("shop.localhost", "/").readMessage()).endsWith("one");
            edge.router.update(
                    new RouteTable(Map.of("shop.localhost", new Route("store", List.of(two.upstream()), ""))));
            assertThat(client.get("shop.localhost", "/").readMessage()).endsWith("two");
        }
    }
}
