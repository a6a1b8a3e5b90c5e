package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * An immutable (build, config, manifest) with a number.
 *
 * @param version such as {@code v3}
 * @param state   {@code pending}, {@code active}, {@code superseded} or {@code failed}
 * @param build   the build's id
 * @param reason  why it failed
 */
public record Release(
        String version, String state, String description, String build, Optional<String> reason, Instant createdAt) {}
