package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * One running copy of a process type, or the place of one that crashed and waits for its next start.
 *
 * @param name     process type and number, such as {@code web.1}
 * @param state    {@code starting}, {@code up}, {@code stopping}, {@code crashed}, or {@code asleep} for a process type that a
 *     request will wake
 * @param pid      of the app's own process, as the machine sees it
 * @param address  {@code host:port}, for a process type that listens
 * @param restarts crashes in a row, back to zero after 5 minutes up
 * @param detail   such as {@code exited with status 1, next start in 8 s}
 */
public record Instance(
        String id,
        String name,
        String process,
        String release,
        String state,
        Optional<Long> pid,
        Optional<String> address,
        int restarts,
        Optional<String> detail,
        Instant startedAt) {}
