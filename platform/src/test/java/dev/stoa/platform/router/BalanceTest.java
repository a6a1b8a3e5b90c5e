package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Which instance gets a request, by a clock and a chance that the test decides. */
class BalanceTest {
    private static final String HOST = "shop.localhost";
    private static final Duration SLOW_START = Duration.ofSeconds(20);
    private static final int MANY = 10_000;

    private final AtomicLong nanos = new AtomicLong(-5_000_000_000L);
    private final Backends backends = new Backends(nanos::get);
    private final Asker anybody = new Asker(Set.of(), "");

    private record Asker(Set<Backend> tried, String mark, RandomGenerator random) implements Claimant {
        Asker(Set<Backend> tried, String mark) {
            this(tried, mark, new SplittableRandom(7));
        }
    }

    private static Upstream upstream(int number) {
        return new Upstream("web." + number, new InetSocketAddress("127.0.0.1", 10_000 + number), "id" + number);
    }

    private static List<Upstream> upstreams(int from, int to) {
        List<Upstream> upstreams = new ArrayList<>();
        for (int number = from; number <= to; number++) {
            upstreams.add(upstream(number));
        }
        return upstreams;
    }

    private void route(BalancePolicy policy, List<Upstream> serving, Canary canary) {
        backends.update(new RouteTable(Map.of(HOST, new Route("shop", serving, "", EdgePolicy.NONE, policy, canary))));
    }

    private void route(BalancePolicy policy, int count) {
        route(policy, upstreams(1, count), Canary.NONE);
    }

    private Backend taken(Claimant by) {
        return ((Claim.Taken) backends.claim(HOST, by)).backend();
    }

    /** Asks again and again, each request ending before the next. */
    private Map<String, Integer> shares(Claimant by) {
        Map<String, Integer> shares = new HashMap<>();
        for (int i = 0; i < MANY; i++) {
            Backend backend = taken(by);
            shares.merge(backend.upstream().instance(), 1, Integer::sum);
            backend.release();
        }
        return shares;
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private Backend backend(String instance) {
        Set<Backend> tried = new HashSet<>();
        while (true) {
            Backend backend = taken(new Asker(tried, ""));
            backend.release();
            if (backend.upstream().instance().equals(instance)) {
                return backend;
            }
            tried.add(backend);
        }
    }

    private void failOften(Backend backend) {
        for (int i = 0; i < Standing.FAILURES_IN_A_ROW; i++) {
            backend.failed(nanos.get());
        }
    }

    @Test
    void equalsTakeTurnsAndWhoHasMoreWaits() {
        route(BalancePolicy.DEFAULT, 3);
        assertThat(shares(anybody).values())
                .allSatisfy(share -> assertThat(share).isBetween(3333, 3334));

        Backend busy = taken(anybody);
        for (int i = 0; i < 20; i++) {
            Backend free = taken(anybody);
            assertThat(free).isNotSameAs(busy);
            free.release();
        }
    }

    @Test
    void amongManyTheBetterOfTwoThatAreDrawnKeepsAllNearlyLevel() {
        route(BalancePolicy.DEFAULT, 50);
        Map<String, Integer> inFlight = new HashMap<>();
        for (int i = 0; i < 5000; i++) {
            inFlight.merge(taken(anybody).upstream().instance(), 1, Integer::sum);
        }
        assertThat(inFlight).hasSize(50);
        assertThat(inFlight.values()).allSatisfy(load -> assertThat(load).isBetween(90, 106));
    }

    @Test
    void noInstanceGetsMoreAtOnceThanItMayHave() {
        for (int count : new int[] {2, 20}) {
            route(new BalancePolicy(3, Duration.ZERO, false), count);
            List<Backend> all = new ArrayList<>();
            for (int i = 0; i < 3 * count; i++) {
                all.add(taken(anybody));
            }
            assertThat(all).allSatisfy(backend -> assertThat(backend.inFlight()).isEqualTo(3));
            assertThat(backends.claim(HOST, anybody)).isInstanceOf(Claim.Full.class);

            Backend first = all.removeFirst();
            first.release();
            assertThat(taken(anybody)).isSameAs(first);
            first.release();
            all.forEach(Backend::release);
        }
    }

    @Test
    void whoHasTriedAllGetsNone() {
        route(BalancePolicy.DEFAULT, 2);
        Set<Backend> tried = Set.of(backend("web.1"), backend("web.2"));
        assertThat(backends.claim(HOST, new Asker(tried, ""))).isInstanceOf(Claim.NoInstance.class);
    }

    @Test
    void anInstanceThatRefusesIsTheLastResortForFiveSeconds() {
        route(BalancePolicy.DEFAULT, 3);
        backend("web.1").refused(nanos.get());
        backend("web.3").refused(nanos.get());
        assertThat(shares(anybody)).containsOnlyKeys("web.2");
        Backend last = taken(new Asker(Set.of(backend("web.2")), ""));
        assertThat(last.upstream().instance()).isNotEqualTo("web.2");
        last.release();
        pass(Duration.ofSeconds(5));
        assertThat(shares(anybody)).hasSize(3);
    }

    @Test
    void anInstanceThatFailsFiveTimesInARowIsLeftAloneLongerEachTime() {
        route(BalancePolicy.DEFAULT, 3);
        Backend bad = backend("web.1");
        for (int seconds : new int[] {10, 20, 40, 80, 160, 300, 300}) {
            failOften(bad);
            pass(Duration.ofSeconds(seconds).minusMillis(1));
            assertThat(shares(anybody)).doesNotContainKey("web.1");
            pass(Duration.ofMillis(1));
            assertThat(shares(anybody)).containsKey("web.1");
        }
        pass(Duration.ofNanos(Standing.FORGIVEN_AFTER_NANOS).plusSeconds(1));
        failOften(bad);
        pass(Duration.ofSeconds(10));
        assertThat(shares(anybody)).containsKey("web.1");
    }

    @Test
    void anAnswerBetweenFailuresBeginsTheCountAnew() {
        route(BalancePolicy.DEFAULT, 2);
        Backend shaky = backend("web.1");
        for (int i = 0; i < 10 * Standing.FAILURES_IN_A_ROW; i++) {
            shaky.failed(nanos.get());
            if (i % 4 == 3) {
                shaky.answered();
            }
        }
        assertThat(shares(anybody)).containsKey("web.1");
    }

    @Test
    void neverMoreThanHalfAreEjected() {
        for (int count = 1; count <= 5; count++) {
            route(BalancePolicy.DEFAULT, upstreams(10 * count, 11 * count - 1), Canary.NONE);
            for (int i = 10 * count; i < 11 * count; i++) {
                failOften(backend("web." + i));
            }
            assertThat(shares(anybody)).hasSize(count - count / 2);
        }
    }

    @Test
    void whenOthersLeaveWhoIsEjectedMayHaveToComeBack() {
        route(BalancePolicy.DEFAULT, 4);
        failOften(backend("web.1"));
        failOften(backend("web.2"));
        assertThat(shares(anybody)).containsOnlyKeys("web.3", "web.4");
        route(BalancePolicy.DEFAULT, 3);
        assertThat(shares(anybody)).hasSize(2).containsKey("web.3");
    }

    @Test
    void aNewInstanceGetsMoreAndMoreUntilItHasItsFullShare() {
        BalancePolicy slow = new BalancePolicy(0, SLOW_START, false);
        route(slow, 1);
        pass(Duration.ofMinutes(1));
        route(slow, 2);

        int atOnce = shares(anybody).getOrDefault("web.2", 0);
        pass(SLOW_START.dividedBy(2));
        int halfWay = shares(anybody).getOrDefault("web.2", 0);
        pass(SLOW_START.dividedBy(2));
        int inTheEnd = shares(anybody).getOrDefault("web.2", 0);

        assertThat(atOnce).isBetween(350, 650);
        assertThat(halfWay).isBetween(2200, 2800);
        assertThat(inTheEnd).isEqualTo(MANY / 2);
    }

    @Test
    void instancesThatComeTogetherShareEvenlyFromTheStart() {
        BalancePolicy slow = new BalancePolicy(0, SLOW_START, false);
        route(slow, upstreams(1, 2), Canary.NONE);
        pass(Duration.ofMinutes(1));
        route(slow, upstreams(3, 4), Canary.NONE);
        assertThat(shares(anybody)).containsEntry("web.3", MANY / 2).containsEntry("web.4", MANY / 2);
    }

    @Test
    void aCanaryGetsItsShareHoweverManyInstancesThereAre() {
        route(BalancePolicy.DEFAULT, upstreams(1, 4), new Canary(upstreams(5, 5), 10));
        assertThat(shares(anybody).get("web.5")).isBetween(850, 1150);
        route(BalancePolicy.DEFAULT, upstreams(1, 1), new Canary(upstreams(5, 9), 10));
        assertThat(shares(anybody).get("web.1")).isBetween(8850, 9150);
    }

    @Test
    void whoeverHasNobodyIsStoodInForByTheOther() {
        route(BalancePolicy.DEFAULT, upstreams(1, 1), new Canary(List.of(), 50));
        assertThat(shares(anybody)).containsOnlyKeys("web.1");
        route(BalancePolicy.DEFAULT, List.of(), new Canary(upstreams(2, 2), 1));
        assertThat(shares(anybody)).containsOnlyKeys("web.2");
        route(BalancePolicy.DEFAULT, upstreams(1, 1), new Canary(upstreams(2, 2), 50));
        for (String dead : List.of("web.1", "web.2")) {
            Asker tried = new Asker(Set.of(backend(dead)), "");
            assertThat(shares(tried)).hasSize(1).doesNotContainKey(dead);
        }
    }

    @Test
    void aFullCanaryLeavesTheRestToTheOthersAndNeverTakesTheirs() {
        route(new BalancePolicy(2, Duration.ZERO, false), upstreams(1, 1), new Canary(upstreams(2, 2), 99));
        Set<String> got = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            got.add(taken(new Asker(Set.of(), "")).upstream().instance());
        }
        assertThat(got).contains("web.1", "web.2");
        assertThat(backends.claim(HOST, anybody)).isInstanceOf(Claim.Full.class);
    }

    @Test
    void aMarkLeadsToItsInstanceInEitherRelease() {
        route(new BalancePolicy(0, Duration.ZERO, true), upstreams(1, 3), new Canary(upstreams(4, 4), 1));
        for (int number = 1; number <= 4; number++) {
            String mark = Sticky.mark(upstream(number));
            for (int i = 0; i < 20; i++) {
                Claim.Taken claim = (Claim.Taken) backends.claim(HOST, new Asker(Set.of(), mark));
                assertThat(claim.backend().upstream()).isEqualTo(upstream(number));
                assertThat(claim.remember()).isFalse();
            }
        }
    }

    @Test
    void aMarkOfNobodyIsReplacedAndAFullInstanceIsComeBackTo() {
        route(new BalancePolicy(1, Duration.ZERO, true), upstreams(1, 2), Canary.NONE);
        Asker gone = new Asker(Set.of(), Sticky.mark(upstream(9)));
        Claim.Taken fresh = (Claim.Taken) backends.claim(HOST, gone);
        assertThat(fresh.remember()).isTrue();

        Asker own = new Asker(Set.of(), fresh.backend().mark());
        Claim.Taken elsewhere = (Claim.Taken) backends.claim(HOST, own);
        assertThat(elsewhere.backend()).isNotSameAs(fresh.backend());
        assertThat(elsewhere.remember()).isFalse();
        fresh.backend().release();
        assertThat(taken(own)).isSameAs(fresh.backend());
    }

    @Test
    void aMarkSaysNothingOfItsInstance() {
        assertThat(Sticky.cookie(Sticky.mark(upstream(1)), true))
                .matches("stoa_instance=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax; Secure")
                .doesNotContain("web", "127.0.0.1", "10001");
        assertThat(Sticky.mark(upstream(1))).isNotEqualTo(Sticky.mark(upstream(2)));
    }

    @Test
    void aFewRetriesAreAlwaysThereAndMoreForAnAppWithMoreRequests() {
        RetryBudget idle = new RetryBudget(0, 0);
        assertThat(granted(idle, 0, 0)).isEqualTo(10);
        assertThat(granted(idle, 0, TimeUnit.SECONDS.toNanos(1))).isEqualTo(10);
        assertThat(granted(idle, 1000, TimeUnit.SECONDS.toNanos(2))).isEqualTo(210);
        // Of an hour with 100 a second only the last ten seconds count.
        RetryBudget busy = new RetryBudget(Integer.MAX_VALUE, 0);
        assertThat(granted(busy, Integer.MAX_VALUE + 360_000, TimeUnit.HOURS.toNanos(1)))
                .isBetween(299, 301);
    }

    private static int granted(RetryBudget budget, int requests, long nowNanos) {
        int granted = 0;
        while (granted < MANY && budget.take(requests, nowNanos)) {
            granted++;
        }
        return granted;
    }
}
