package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.StoaException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where the ways to the wire could differ: how they see a peer that leaves, and a port that is taken. */
class TransportTest {
    static Stream<Transport> transports() {
        return Stream.of(Transport.best(), Transport.nio());
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aRequestIsAnswered(Transport transport) {
        try (TestRouter edge = new TestRouter(TestRouter.CONFIG, transport);
                FakeInstance web = FakeInstance.polite("web")) {
            assertThat(edge.route(web).get("/")).contains("200 OK").endsWith("web");
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aClientThatLeavesIsNoticedWhileTheAppThinks(Transport transport) throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        try (TestRouter edge = new TestRouter(TestRouter.CONFIG, transport);
                FakeInstance web = new FakeInstance("web", client -> {
                    client.readHead();
                    asked.countDown();
                    client.readAll();
                });
                Conversation client = edge.route(web).connect()) {
            client.get("shop.localhost", "/");
            asked.await();
            client.leave();
            assertThat(edge.nextFinished().status()).isEqualTo(499);
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aRefusedConnectionMovesOn(Transport transport) {
        try (TestRouter edge = new TestRouter(TestRouter.CONFIG, transport);
                FakeInstance dead = FakeInstance.polite("one");
                FakeInstance web = FakeInstance.polite("two")) {
            dead.stop();
            edge.route(dead, web);
            assertThat(edge.get("/")).endsWith("two");
            assertThat(edge.get("/")).endsWith("two");
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aTakenPortIsNamed(Transport transport) {
        try (TestRouter edge = new TestRouter();
                Router second = new Router(
                        RouterConfig.onPort(edge.router.port()).withHost("127.0.0.1"), request -> {}, transport)) {
            assertThatThrownBy(second::start)
                    .isInstanceOf(StoaException.class)
                    .hasMessageContaining("port " + edge.router.port())
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void onLinuxTheBestIsEpoll() {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "epoll is Linux's");
        assertThat(Transport.best().name()).isEqualTo("epoll");
    }
}
