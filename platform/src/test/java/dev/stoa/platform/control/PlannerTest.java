package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.platform.control.Actual.Phase;
import dev.stoa.platform.control.Actual.Running;
import dev.stoa.platform.control.Wanted.Formation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Instant DEADLINE = NOW.plusSeconds(40);

    private final Planner planner = new Planner();
    private final List<Running> running = new ArrayList<>();
    private Optional<Formation> active = Optional.empty();
    private Optional<Formation> pending = Optional.empty();
    private Optional<Formation> canary = Optional.empty();
    private Set<String> alone = Set.of();
    private Set<String> held = Set.of();

    @Test
    void anAppWithNothingDeployedNeedsNothing() {
        assertThat(plan()).isEqualTo(new Plan(List.of(), Optional.empty()));
    }

    @Test
    void aFirstRolloutStartsAllProcessTypes() {
        pending = formation(1, Map.of("web", 2, "worker", 1));
        assertThat(plan())
                .isEqualTo(new Plan(
                        List.of(
                                new Plan.Start(slot(1, "web", 1), 0),
                                new Plan.Start(slot(1, "web", 2), 0),
                                new Plan.Start(slot(1, "worker", 1), 0)),
                        Optional.of(DEADLINE)));
    }

    @Test
    void aRolloutWaitsUntilEveryInstanceIsUp() {
        pending = formation(1, Map.of("web", 1, "worker", 1));
        has(slot(1, "web", 1), Phase.UP);
        has(slot(1, "worker", 1), Phase.STARTING);
        assertThat(plan()).isEqualTo(new Plan(List.of(), Optional.of(DEADLINE)));
    }

    @Test
    void aRolloutWithEveryInstanceUpBecomesActiveAndNothingIsStoppedInTheSameStep() {
        active = formation(1, Map.of("web", 1));
        pending = formation(2, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.UP);
        has(slot(2, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Activate(2));
    }

    @Test
    void theInstancesOfARolloutThatNoLongerServesAreStopped() {
        active = formation(2, Map.of("web", 1));
        Running old = has(slot(1, "web", 1), Phase.UP);
        has(slot(2, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Stop(old.id()));
    }

    @Test
    void anInstanceThatWasToldToGoIsNotToldAgain() {
        active = formation(2, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.STOPPING);
        has(slot(2, "web", 1), Phase.UP);
        assertThat(plan().steps()).isEmpty();
    }

    @Test
    void aRolloutFailsWhenOneOfItsInstancesExits() {
        active = formation(1, Map.of("web", 1));
        pending = formation(2, Map.of("web", 1, "worker", 1));
        has(slot(1, "web", 1), Phase.UP);
        has(slot(2, "web", 1), Phase.UP);
        Running worker = exited(slot(2, "worker", 1), 0, Duration.ofSeconds(2), Duration.ZERO);
        assertThat(plan().steps())
                .containsExactly(new Plan.Fail(
                        2,
                        Optional.of(worker.id()),
                        "worker.1 exited with status 1 2.0 s after its start, before the release was up"));
    }

    @Test
    void whatCouldNotBeStartedIsNotSaidToHaveRun() {
        pending = formation(1, Map.of("web", 1));
        Running web = add(new Running(
                "i0", slot(1, "web", 1), Phase.EXITED, 0, NOW, Optional.of(NOW), Planner.NOT_STARTED + "no room"));
        assertThat(plan().steps())
                .containsExactly(new Plan.Fail(1, Optional.of(web.id()), "web.1 could not be started: no room"));
    }

    @Test
    void aRolloutFailsAtItsDeadlineAndNamesTheInstanceThatIsNotUp() {
        pending = Optional.of(new Formation(1, Map.of("web", 2), NOW));
        has(slot(1, "web", 1), Phase.UP);
        Running slow = has(slot(1, "web", 2), Phase.STARTING);
        assertThat(plan().steps())
                .containsExactly(new Plan.Fail(1, Optional.of(slow.id()), "web.2 did not get healthy in time"));
    }

    @Test
    void aCrashedInstanceIsStartedAgainAtOnceThreeTimes() {
        for (int crashesBefore = 0; crashesBefore < 3; crashesBefore++) {
            running.clear();
            active = formation(1, Map.of("web", 1));
            exited(slot(1, "web", 1), crashesBefore, Duration.ofSeconds(1), Duration.ZERO);
            assertThat(plan().steps()).containsExactly(new Plan.Start(slot(1, "web", 1), crashesBefore + 1));
        }
    }

    @Test
    void theFourthCrashInARowWaitsASecondAndThePlanSaysWhenToLookAgain() {
        active = formation(1, Map.of("web", 1));
        exited(slot(1, "web", 1), 3, Duration.ofSeconds(1), Duration.ofMillis(200));
        assertThat(plan()).isEqualTo(new Plan(List.of(), Optional.of(NOW.plusMillis(800))));
    }

    @Test
    void theWaitEndsWithTheNextStart() {
        active = formation(1, Map.of("web", 1));
        exited(slot(1, "web", 1), 3, Duration.ofSeconds(1), Duration.ofSeconds(1));
        assertThat(plan().steps()).containsExactly(new Plan.Start(slot(1, "web", 1), 4));
    }

    @Test
    void fiveMinutesUpForgiveAllCrashes() {
        active = formation(1, Map.of("web", 1));
        exited(slot(1, "web", 1), 9, Duration.ofMinutes(5), Duration.ZERO);
        assertThat(plan().steps()).containsExactly(new Plan.Start(slot(1, "web", 1), 1));
    }

    @Test
    void theBackoffDoublesUpToFiveMinutes() {
        assertThat(CrashPolicy.backoff(3)).isEqualTo(Duration.ZERO);
        assertThat(CrashPolicy.backoff(4)).isEqualTo(Duration.ofSeconds(1));
        assertThat(CrashPolicy.backoff(5)).isEqualTo(Duration.ofSeconds(2));
        assertThat(CrashPolicy.backoff(12)).isEqualTo(Duration.ofSeconds(256));
        assertThat(CrashPolicy.backoff(13)).isEqualTo(Duration.ofMinutes(5));
        assertThat(CrashPolicy.backoff(Integer.MAX_VALUE)).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void aCrashIsForgottenOnceItsSlotIsFilledAgain() {
        active = formation(1, Map.of("web", 1));
        Running crashed = exited(slot(1, "web", 1), 0, Duration.ofSeconds(1), Duration.ofSeconds(1));
        has(slot(1, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Forget(crashed.id()));
    }

    @Test
    void scalingDownStopsTheHighestNumbers() {
        active = formation(1, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.UP);
        Running second = has(slot(1, "web", 2), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Stop(second.id()));
    }

    @Test
    void scalingUpWhileAnInstanceOfTheNumberIsOnItsWayOutStartsANewOne() {
        active = formation(1, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.STOPPING);
        assertThat(plan().steps()).containsExactly(new Plan.Start(slot(1, "web", 1), 0));
    }

    @Test
    void aFailedRolloutLosesItsInstancesAndTheActiveOneKeepsIts() {
        active = formation(1, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.UP);
        Running failed = has(slot(2, "web", 1), Phase.STARTING);
        assertThat(plan().steps()).containsExactly(new Plan.Stop(failed.id()));
    }

    @Test
    void aCanaryAndTheActiveOneAreBothKeptUp() {
        active = formation(1, Map.of("web", 2));
        canary = formation(2, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.UP);
        exited(slot(2, "web", 1), 0, Duration.ofSeconds(1), Duration.ZERO);
        assertThat(plan().steps())
                .containsExactly(new Plan.Start(slot(1, "web", 2), 0), new Plan.Start(slot(2, "web", 1), 1));
    }

    @Test
    void aCanaryStaysWhileTheActiveOneIsReplacedByAnother() {
        active = formation(1, Map.of("web", 1));
        canary = formation(2, Map.of("web", 1));
        pending = formation(3, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.UP);
        has(slot(2, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Start(slot(3, "web", 1), 0));
        has(slot(3, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Activate(3));
    }

    @Test
    void aPromotedCanaryKeepsItsInstancesAndGetsTheOnesThatItLacks() {
        active = formation(1, Map.of("web", 1));
        pending = formation(2, Map.of("web", 2, "worker", 1));
        has(slot(1, "web", 1), Phase.UP);
        has(slot(2, "web", 1), Phase.UP);
        assertThat(plan().steps())
                .containsExactly(new Plan.Start(slot(2, "web", 2), 0), new Plan.Start(slot(2, "worker", 1), 0));
    }

    @Test
    void theInstancesOfACanaryThatIsNoneAnyMoreAreStopped() {
        active = formation(1, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.UP);
        Running ended = has(slot(2, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Stop(ended.id()));
    }

    @Test
    void aCanaryHasItsPartOfTheWebInstancesAndNothingElse() {
        Map<String, Integer> all = Map.of("web", 10, "worker", 4);
        assertThat(CanaryCounts.of(all, 1, false)).isEqualTo(Map.of("web", 1));
        assertThat(CanaryCounts.of(all, 20, false)).isEqualTo(Map.of("web", 2));
        assertThat(CanaryCounts.of(all, 21, false)).isEqualTo(Map.of("web", 3));
        assertThat(CanaryCounts.of(Map.of("web", 0), 50, false)).isEqualTo(Map.of("web", 0));
        assertThat(CanaryCounts.of(Map.of("web", 0), 50, true)).isEqualTo(Map.of("web", 1));
    }

    @Test
    void anInstanceThatIsToBeAloneStopsBeforeTheNextStarts() {
        alone = Set.of("web");
        active = formation(1, Map.of("web", 1));
        pending = formation(2, Map.of("web", 1));
        Running old = has(slot(1, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Stop(old.id()));
        running.clear();
        has(slot(1, "web", 1), Phase.STOPPING);
        assertThat(plan().steps()).isEmpty();
        running.clear();
        assertThat(plan().steps()).containsExactly(new Plan.Start(slot(2, "web", 1), 0));
        has(slot(2, "web", 1), Phase.STARTING);
        assertThat(plan().steps()).isEmpty();
        running.clear();
        has(slot(2, "web", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Activate(2));
    }

    @Test
    void theOthersOfARolloutComeUpBeforeTheOneThatIsToBeAloneStops() {
        alone = Set.of("web");
        active = formation(1, Map.of("web", 1, "worker", 1));
        pending = formation(2, Map.of("web", 1, "worker", 1));
        Running web = has(slot(1, "web", 1), Phase.UP);
        has(slot(1, "worker", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Start(slot(2, "worker", 1), 0));
        has(slot(2, "worker", 1), Phase.UP);
        assertThat(plan().steps()).containsExactly(new Plan.Stop(web.id()));
    }

    @Test
    void whenARolloutFailsTheOneThatWasStoppedIsStartedAgainAfterTheFailedOneHasEnded() {
        alone = Set.of("web");
        active = formation(1, Map.of("web", 1));
        Running failed = has(slot(2, "web", 1), Phase.STARTING);
        assertThat(plan().steps()).containsExactly(new Plan.Stop(failed.id()));
        running.clear();
        has(slot(2, "web", 1), Phase.STOPPING);
        assertThat(plan().steps()).isEmpty();
        running.clear();
        assertThat(plan().steps()).containsExactly(new Plan.Start(slot(1, "web", 1), 0));
    }

    @Test
    void aCanaryHasNoInstanceThatIsToBeAlone() {
        alone = Set.of("web");
        active = formation(1, Map.of("web", 1));
        canary = formation(2, Map.of("web", 1));
        has(slot(1, "web", 1), Phase.UP);
        assertThat(plan().steps()).isEmpty();
    }

    @Test
    void whatIsHeldIsStoppedAndNeitherStartedNorCountedAsFailed() {
        held = Set.of("web");
        active = formation(1, Map.of("web", 1, "worker", 1));
        pending = Optional.of(new Formation(2, Map.of("web", 1), NOW));
        Running web = has(slot(1, "web", 1), Phase.UP);
        has(slot(1, "worker", 1), Phase.UP);
        assertThat(plan()).isEqualTo(new Plan(List.of(new Plan.Stop(web.id())), Optional.empty()));
    }

    private Plan plan() {
        return planner.plan(new Wanted(active, pending, canary, alone, held), new Actual(NOW, running));
    }

    private static Optional<Formation> formation(long rollout, Map<String, Integer> counts) {
        return Optional.of(new Formation(rollout, counts, DEADLINE));
    }

    private static Slot slot(long rollout, String process, int number) {
        return new Slot(rollout, process, number);
    }

    private Running has(Slot slot, Phase phase) {
        return add(new Running("i" + running.size(), slot, phase, 0, NOW.minusSeconds(10), Optional.empty(), ""));
    }

    private Running exited(Slot slot, int crashes, Duration uptime, Duration ago) {
        Instant at = NOW.minus(ago);
        return add(new Running(
                "i" + running.size(),
                slot,
                Phase.EXITED,
                crashes,
                at.minus(uptime),
                Optional.of(at),
                "exited with status 1"));
    }

    private Running add(Running instance) {
        running.add(instance);
        return instance;
    }
}
