package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is sent again and what is not, who is left alone, who is full, and whose cookie leads where. */
class RetryTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";

    private final AtomicInteger hangUps = new AtomicInteger();

    /** Reads every request, and ends the connection instead of answering. */
    private FakeInstance rude(String name) {
        return new FakeInstance(name, client -> {
            if (!client.readHead().isEmpty()) {
                hangUps.incrementAndGet();
            }
        });
    }

    private static String request(String method, String more) {
        return method + " / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n" + more + "\r\n";
    }

    private static String ask(TestRouter edge, String request) {
        try (Conversation client = edge.connect()) {
            return client.write(request).readMessage();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "OPTIONS", "DELETE", "PUT"})
    void whatMayBeAskedTwiceIsAskedOfAnotherWhenAnInstanceHangsUp(String method) throws InterruptedException {
        try (TestRouter edge = new TestRouter();
                FakeInstance rude = rude("bad");
                FakeInstance good = FakeInstance.polite("two")) {
            edge.route(rude, good);
            for (int i = 0; i < 4; i++) {
                assertThat(ask(edge, request(method, ""))).contains("200 OK").endsWith("two");
                assertThat(edge.nextFinished().instance()).isEqualTo("two");
            }
            assertThat(hangUps).hasPositiveValue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 0\r\n\r\n",
                "PATCH / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 0\r\n\r\n",
                "PUT / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 3\r\n\r\nabc"
            })
    void whatMayNotBeAskedTwiceIsNot(String request) {
        try (TestRouter edge = new TestRouter();
                FakeInstance one = rude("bad");
                FakeInstance two = rude("bad")) {
            edge.route(one, two);
            assertThat(ask(edge, request)).contains("502 Bad Gateway").containsIgnoringCase("upstream_closed");
            assertThat(hangUps).hasValue(1);
        }
    }

    @Test
    void aRequestThatEndsInstancesEndsTwoAtMost() {
        try (TestRouter edge = new TestRouter();
                FakeInstance one = rude("bad");
                FakeInstance two = rude("bad");
                FakeInstance three = rude("bad")) {
            edge.route(one, two, three);
            assertThat(edge.get("/")).contains("502 Bad Gateway");
            assertThat(hangUps).hasValue(2);
        }
    }

    @Test
    void whatHasBegunToAnswerIsNotAskedAgain() {
        try (TestRouter edge = new TestRouter();
                FakeInstance half = new FakeInstance("bad", client -> {
                    client.readHead();
                    client.write("HTTP/1.1 200 OK\r\nContent-Le");
                });
                FakeInstance alsoHalf = new FakeInstance("bad", client -> {
                    client.readHead();
                    hangUps.incrementAndGet();
                    client.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
                })) {
            edge.route(half);
            assertThat(edge.get("/")).contains("502 Bad Gateway");
            edge.route(alsoHalf, alsoHalf);
            assertThat(ask(edge, request("HEAD", ""))).startsWith("HTTP/1.1 103");
            assertThat(hangUps).hasValue(1);
        }
    }

    @Test
    void whoIsRefusedIsAskedForAtOnceOverAConnectionToAnotherThatRests() {
        try (TestRouter edge = new TestRouter(TestRouter.oneLoop());
                FakeInstance one = FakeInstance.polite("one");
                FakeInstance two = FakeInstance.polite("two")) {
            edge.route(one, two);
            assertThat(edge.get("/").substring(0, 15) + edge.get("/").substring(0, 15))
                    .isEqualTo("HTTP/1.1 200 OKHTTP/1.1 200 OK");
            assertThat(two.connections()).isEqualTo(1);
            one.stop();
            for (int i = 0; i < 3; i++) {
                assertThat(edge.get("/")).endsWith("two");
            }
            assertThat(two.connections()).isEqualTo(1);
        }
    }

    @Test
    void anInstanceThatHangsUpAgainAndAgainIsLeftAlone() {
        try (TestRouter edge = new TestRouter();
                FakeInstance rude = rude("bad");
                FakeInstance good = FakeInstance.polite("two")) {
            edge.route(rude, good);
            List<String> failed = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String answer = ask(edge, request("POST", "Content-Length: 0\r\n"));
                if (!answer.contains("200 OK")) {
                    failed.add(answer);
                }
            }
            assertThat(failed).hasSize(Standing.FAILURES_IN_A_ROW);
        }
    }

    @Test
    void anAppsOwnErrorsAreAnswersLikeOthers() {
        try (TestRouter edge = new TestRouter();
                FakeInstance sorry = FakeInstance.saying("bad", "HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nbad");
                FakeInstance good = FakeInstance.polite("two")) {
            edge.route(sorry, good);
            int errors = 0;
            for (int i = 0; i < 40; i++) {
                errors += edge.get("/").contains("500 Oh") ? 1 : 0;
            }
            assertThat(errors).isEqualTo(20);
        }
    }

    @Test
    void whoComesWhenAllAreFullIsToldToComeAgain() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        try (TestRouter edge = new TestRouter();
                FakeInstance web = new FakeInstance("web", client -> {
                    while (!client.readHead().isEmpty()) {
                        asked.countDown();
                        answer.await();
                        client.write(OK + "web");
                    }
                });
                Conversation first = edge.route(new BalancePolicy(1, Duration.ZERO, false), web)
                        .connect()) {
            first.get("shop.localhost", "/");
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

            assertThat(edge.get("/"))
                    .startsWith("HTTP/1.1 503 ")
                    .containsIgnoringCase("retry-after: 1\r\n")
                    .containsIgnoringCase("stoa-error: app_busy")
                    .contains("every instance of shop has as many requests as it may have at once");
            answer.countDown();
            assertThat(first.readMessage()).endsWith("web");
            assertThat(edge.get("/")).endsWith("web");
        }
    }

    @Test
    void aClientWithTheCookieStaysWithItsInstanceUntilThatIsGone() {
        BalancePolicy sticky = new BalancePolicy(0, Duration.ZERO, true);
        try (TestRouter edge = new TestRouter();
                FakeInstance one = FakeInstance.polite("one");
                FakeInstance two = FakeInstance.polite("two");
                FakeInstance six = FakeInstance.polite("six")) {
            edge.route(sticky, one, two, six);
            String first = edge.get("/");
            String name = first.substring(first.length() - 3);
            String cookie = Conversation.header(first, "set-cookie");
            assertThat(cookie).matches("stoa_instance=\\w{32}; Path=/; HttpOnly; SameSite=Lax");
            String brought = "Cookie: a=b; " + cookie.substring(0, cookie.indexOf(';')) + "; stoa_instances=no\r\n";
            for (int i = 0; i < 10; i++) {
                assertThat(ask(edge, request("GET", brought))).endsWith(name).doesNotContainIgnoringCase("set-cookie");
            }

            FakeInstance[] others = List.of(one, two, six).stream()
                    .filter(instance -> !instance.upstream().instance().equals(name))
                    .toArray(FakeInstance[]::new);
            edge.route(sticky, others);
            assertThat(ask(edge, request("GET", brought)))
                    .contains("200 OK")
                    .containsIgnoringCase("set-cookie: stoa_instance=")
                    .doesNotContain(cookie);
        }
    }

    @Test
    void withoutThatChoiceThereIsNoCookie() {
        try (TestRouter edge = new TestRouter();
                FakeInstance one = FakeInstance.polite("one")) {
            assertThat(edge.route(one).get("/")).doesNotContainIgnoringCase("set-cookie");
        }
    }
}
