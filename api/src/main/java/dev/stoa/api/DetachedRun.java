package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * A command that runs, or ran, by itself in a release of an app.
 *
 * @param state  {@code running}, {@code exited}, {@code stopped} or {@code lost}
 * @param status the exit status as a shell would give it; absent while it runs and for one that is lost
 * @param detail how it ended, for people
 * @param source of its output in the app's log, {@code run.ID}
 */
public record DetachedRun(
        String id,
        String release,
        String command,
        String source,
        String state,
        Optional<Integer> status,
        Optional<String> detail,
        Instant startedAt,
        Optional<Instant> exitedAt) {}
