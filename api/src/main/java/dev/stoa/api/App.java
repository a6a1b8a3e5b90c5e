package dev.stoa.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One app, as {@code stoa apps} lists it.
 *
 * @param state   {@code empty} (nothing deployed), {@code up}, {@code starting}, {@code crashed}, {@code stopped}
 * @param release the version that serves, such as {@code v3}
 * @param diskBytes what its slugs, caches and logs take
 */
public record App(
        String name,
        String state,
        Optional<String> release,
        String url,
        List<String> domains,
        Instant createdAt,
        long diskBytes) {
    public App {
        domains = List.copyOf(domains);
    }
}
