package dev.stoa.platform.control;

import dev.stoa.api.CronSchedule;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Which scheduled jobs of an app have to do something now. Pure: starts nothing, reads no clock.
 *
 * @param steps one at most of each kind for each job; after them the job has been seen to until now
 * @param next  when the first job is due again
 */
record CronPlan(List<Step> steps, Optional<Instant> next) {
    /** More missed runs of one job are not counted. */
    static final int MISSED_MAX = 10_000;

    /** A clock that goes back by more than this was wrong before; by less, nothing runs a second time. */
    static final Duration SETBACK_MAX = Duration.ofHours(1);

    CronPlan {
        steps = List.copyOf(steps);
    }

    /**
     * A job as it is now.
     *
     * @param seen    what was due until then has been seen to
     * @param overlap whether a run may start while another one runs
     * @param running whether one does
     */
    record Job(String name, CronSchedule schedule, ZoneId zone, Instant seen, boolean overlap, boolean running) {}

    /** What to do about a job. */
    sealed interface Step {
        String job();

        /** Run it. */
        record Start(String job, Instant due) implements Step {}

        /** Write down that it does not run, as the run before still does. */
        record Skip(String job, Instant due) implements Step {}

        /** Write down that so many runs were missed. */
        record Miss(String job, int count, Instant first, Instant last) implements Step {}

        /** Nothing, for good: the user has stopped the app, or the clock has been set back. */
        record Pass(String job) implements Step {}
    }

    /**
     * @param onTimeFrom what was due before this moment is too late to run
     * @param paused     whether nothing is to run at all
     */
    static CronPlan of(List<Job> jobs, Instant now, Instant onTimeFrom, boolean paused) {
        List<Step> steps = new ArrayList<>();
        for (Job job : jobs) {
            if (job.seen().isAfter(now.plus(SETBACK_MAX))) {
                steps.add(new Step.Pass(job.name()));
            } else if (!next(job, job.seen()).isAfter(now)) {
                steps.addAll(paused ? List.of(new Step.Pass(job.name())) : due(job, now, onTimeFrom));
            }
        }
        Optional<Instant> next = jobs.stream()
                .map(job -> next(job, job.seen().isAfter(now.plus(SETBACK_MAX)) ? now : later(job.seen(), now)))
                .min(Comparator.naturalOrder());
        return new CronPlan(steps, next);
    }

    private static List<Step> due(Job job, Instant now, Instant onTimeFrom) {
        Optional<Instant> onTime = Optional.empty();
        // The moment before, as a schedule tells what comes after one.
        Instant from = later(job.seen(), onTimeFrom.minusNanos(1));
        for (Instant at = next(job, from); !at.isAfter(now); at = next(job, at)) {
            onTime = Optional.of(at);
        }
        Instant end = onTime.orElse(now.plusNanos(1));
        int missed = 0;
        Instant first = next(job, job.seen());
        Instant last = first;
        for (Instant at = first; at.isBefore(end) && missed < MISSED_MAX; at = next(job, at)) {
            missed++;
            last = at;
        }
        List<Step> steps = new ArrayList<>();
        if (missed > 0) {
            steps.add(new Step.Miss(job.name(), missed, first, last));
        }
        onTime.map(at -> job.running() && !job.overlap()
                        ? new Step.Skip(job.name(), at)
                        : new Step.Start(job.name(), at))
                .ifPresent(steps::add);
        return steps;
    }

    private static Instant next(Job job, Instant after) {
        return job.schedule().next(after, job.zone());
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }
}
