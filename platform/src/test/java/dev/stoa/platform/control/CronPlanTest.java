package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.CronSchedule;
import dev.stoa.platform.control.CronPlan.Job;
import dev.stoa.platform.control.CronPlan.Step;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CronPlanTest {
    private static final Instant TEN = at("10:00:00");

    private static Instant at(String time) {
        return Instant.parse("2026-01-01T" + time + "Z");
    }

    private static Job job(String schedule, Instant seen) {
        return new Job("digest", CronSchedule.parse(schedule), ZoneOffset.UTC, seen, false, false);
    }

    private static CronPlan plan(Job job, Instant now, Instant onTimeFrom) {
        return CronPlan.of(List.of(job), now, onTimeFrom, false);
    }

    @Test
    void nothingIsDoneBeforeAJobIsDue() {
        CronPlan plan = plan(job("30 10 * * *", TEN), at("10:29:59"), TEN);

        assertThat(plan).isEqualTo(new CronPlan(List.of(), Optional.of(at("10:30:00"))));
    }

    @Test
    void aJobThatIsDueStartsAndItsNextTimeIsTheOneAfter() {
        CronPlan plan = plan(job("*/15 * * * *", TEN), at("10:15:00"), TEN);

        assertThat(plan)
                .isEqualTo(
                        new CronPlan(List.of(new Step.Start("digest", at("10:15:00"))), Optional.of(at("10:30:00"))));
    }

    @Test
    void whatHasBeenSeenToDoesNotStartAgain() {
        assertThat(plan(job("*/15 * * * *", at("10:15:00")), at("10:15:00"), TEN)
                        .steps())
                .isEmpty();
    }

    @Test
    void aJobIsSkippedWhileItsRunBeforeGoesOnUnlessItMayOverlap() {
        CronSchedule schedule = CronSchedule.parse("*/15 * * * *");
        Job runs = new Job("digest", schedule, ZoneOffset.UTC, TEN, false, true);
        Job overlaps = new Job("digest", schedule, ZoneOffset.UTC, TEN, true, true);

        assertThat(plan(runs, at("10:15:01"), TEN).steps()).containsExactly(new Step.Skip("digest", at("10:15:00")));
        assertThat(plan(overlaps, at("10:15:01"), TEN).steps())
                .containsExactly(new Step.Start("digest", at("10:15:00")));
    }

    @Test
    void whatWasDueBeforeThePlatformStartedIsMissedHoweverShortlyBefore() {
        assertThat(plan(job("*/15 * * * *", TEN), at("10:45:02"), at("10:45:01"))
                        .steps())
                .containsExactly(new Step.Miss("digest", 3, at("10:15:00"), at("10:45:00")));
    }

    @Test
    void whatIsDueNowRunsThoughOthersWereMissedBefore() {
        assertThat(plan(job("*/15 * * * *", TEN), at("10:45:10"), at("10:44:10"))
                        .steps())
                .containsExactly(
                        new Step.Miss("digest", 2, at("10:15:00"), at("10:30:00")),
                        new Step.Start("digest", at("10:45:00")));
    }

    @Test
    void aRunThatIsDueAtTheVeryStartIsNotMissed() {
        assertThat(plan(job("*/15 * * * *", TEN), at("10:15:00"), at("10:15:00"))
                        .steps())
                .containsExactly(new Step.Start("digest", at("10:15:00")));
    }

    @Test
    void manyMissedRunsAreCountedUpToABound() {
        Instant now = TEN.plus(Duration.ofDays(365));

        CronPlan plan = plan(job("* * * * *", TEN), now, now);

        assertThat(plan.steps())
                .startsWith(new Step.Miss(
                        "digest",
                        CronPlan.MISSED_MAX,
                        at("10:01:00"),
                        TEN.plus(Duration.ofMinutes(CronPlan.MISSED_MAX))));
    }

    @Test
    void aPausedAppHasNoRunsAndNothingIsMissed() {
        CronPlan plan = CronPlan.of(List.of(job("*/15 * * * *", TEN)), at("10:45:00"), TEN, true);

        assertThat(plan.steps()).containsExactly(new Step.Pass("digest"));
    }

    @Test
    void aClockSetBackByALittleRunsNothingTwiceAndByALotStopsNothing() {
        assertThat(plan(job("* * * * *", TEN), at("09:59:30"), at("09:00:00")))
                .isEqualTo(new CronPlan(List.of(), Optional.of(at("10:01:00"))));
        assertThat(plan(job("* * * * *", TEN.plus(Duration.ofDays(900))), TEN, TEN))
                .isEqualTo(new CronPlan(List.of(new Step.Pass("digest")), Optional.of(at("10:01:00"))));
    }

    @Test
    void theNextLookIsWhenTheFirstOfAllJobsIsDue() {
        Job daily = new Job("daily", CronSchedule.parse("@daily"), ZoneId.of("Europe/Berlin"), TEN, false, false);

        CronPlan plan = CronPlan.of(List.of(daily, job("@weekly", TEN)), TEN, TEN, false);

        assertThat(plan.next()).contains(at("23:00:00"));
    }
}
