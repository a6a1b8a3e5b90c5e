package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * One change of an app on its way: a deploy, a config change, a rollback, a restart or a promotion. Those of one app run one after
 * the other.
 *
 * @param kind    {@code deploy}, {@code config}, {@code rollback}, {@code restart} or {@code promote}
 * @param state   {@code queued}, {@code building}, {@code releasing}, {@code starting}, {@code done}, {@code failed} or
 *     {@code cancelled}
 * @param release the version that it made
 * @param problem why it failed
 */
public record Deploy(
        String id,
        String app,
        String kind,
        String state,
        String description,
        Optional<String> release,
        Optional<Problem> problem,
        Instant createdAt,
        Optional<Instant> finishedAt) {
    public boolean ended() {
        return switch (state) {
            case "done", "failed", "cancelled" -> true;
            default -> false;
        };
    }
}
