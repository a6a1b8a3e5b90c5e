package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * An immutable (build, config, manifest) with a number.
 *
 * @param version such as {@code v3}
 * @param state   {@code pending}, {@code active}, {@code canary}, {@code superseded}, {@code withdrawn} (it was a canary
 *     and never more) or {@code failed}
 * @param build   the build's id
 * @param reason  why it failed, or was withdrawn
 * @param percent of the requests, for a canary
 */
public record Release(
        String version,
        String state,
        String description,
        String build,
        Optional<String> reason,
        Optional<Integer> percent,
        Instant createdAt) {}
