package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * One entry of the history of a scheduled job.
 *
 * @param state       {@code running}, {@code succeeded}, {@code failed}, {@code timed-out}, {@code skipped} (the run before
 *     still ran) or {@code missed} (the platform did not run)
 * @param release     such as {@code v3}
 * @param count       how many runs the entry stands for: 1, or more where several were missed
 * @param status      its exit status as a shell gives it: 128 + n for signal n
 * @param reason      why it did not succeed
 * @param scheduledAt when it was due, the last of them where several were missed; when it was asked for otherwise
 */
public record CronRun(
        String id,
        String cron,
        String state,
        String release,
        int count,
        Optional<Integer> status,
        Optional<String> reason,
        Instant scheduledAt,
        Optional<Instant> startedAt,
        Optional<Instant> finishedAt) {}
