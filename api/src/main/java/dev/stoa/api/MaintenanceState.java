package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * Whether an app keeps the world out for now.
 *
 * @param since absent: it does not
 */
public record MaintenanceState(boolean on, Optional<Instant> since) {}
