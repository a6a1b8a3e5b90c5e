package dev.stoa.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One app, as {@code stoa apps} lists it.
 *
 * @param state   {@code empty} (nothing deployed), {@code up}, {@code starting}, {@code crashed}, {@code stopped},
 *     {@code asleep} (the next request wakes it)
 * @param web     wanted web instances, such as {@code 3}, or {@code 3 (0..10)} where the requests decide; absent: none
 * @param release the version that serves, such as {@code v3}
 * @param maintenance since when the world gets its maintenance page; absent: it does not
 * @param diskBytes what its slugs, caches and logs take
 */
public record App(
        String name,
        String state,
        Optional<String> release,
        Optional<String> web,
        String url,
        List<String> domains,
        Instant createdAt,
        Optional<Instant> maintenance,
        long diskBytes) {
    public App {
        domains = List.copyOf(domains);
    }
}
