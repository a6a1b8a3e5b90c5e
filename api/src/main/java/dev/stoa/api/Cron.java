package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * A scheduled job of an app's active release.
 *
 * @param schedule       five fields as in crontab(5), or a word such as {@code @daily}
 * @param overlap        whether a run may start while the one before still runs
 * @param timeoutSeconds the longest that a run may take
 * @param next           when it is due next; absent while the app is scaled to zero
 * @param last           the newest entry of its history
 */
public record Cron(
        String name,
        String schedule,
        String timezone,
        String command,
        boolean overlap,
        long timeoutSeconds,
        Optional<Instant> next,
        Optional<CronRun> last) {}
