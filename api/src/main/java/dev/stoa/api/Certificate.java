package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * What the router shows to clients that ask for a host by HTTPS.
 *
 * @param source    {@code own} (added by somebody), {@code acme} (given by an authority that was asked), {@code local} (the
 *     platform's own authority)
 * @param issuer    who signed it; empty where there is none yet
 * @param state     {@code valid}, {@code expiring} (soon, and nothing renews it), {@code expired}, {@code pending} (ordered at
 *     the first request by HTTPS), {@code ordering}, {@code failed} (to be tried again), {@code local}
 * @param detail    a sentence on the state, for people; may be empty
 */
public record Certificate(
        String host, String source, String issuer, Optional<Instant> expiresAt, String state, String detail) {}
