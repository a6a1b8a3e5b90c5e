package dev.stoa.api;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The table {@code [routing]} of the manifest. */
final class RoutingTable {
    static final String EXAMPLE = "[routing]";

    static final int REQUESTS_MAX = 100_000;
    static final Duration SLOW_START_MAX = Duration.ofHours(1);

    private static final KeyExamples EXAMPLES = KeyExamples.of(
            "requests", "requests = 100",
            "slow_start", "slow_start = \"30s\"",
            "sticky", "sticky = true",
            "protocol", "protocol = \"h2c\"");

    private RoutingTable() {}

    static RoutingManifest read(TomlSection top) {
        return top.section("routing", EXAMPLE).map(RoutingTable::routing).orElse(RoutingManifest.DEFAULT);
    }

    private static RoutingManifest routing(TomlSection routing) {
        routing.allowOnly(EXAMPLES.byKey(), Map.of());
        return new RoutingManifest(
                routing.count("requests", REQUESTS_MAX, EXAMPLES.of("requests")),
                slowStart(routing),
                routing.flag("sticky", EXAMPLES.of("sticky")).orElse(false),
                protocol(routing));
    }

    private static AppProtocol protocol(TomlSection routing) {
        String key = "protocol";
        Optional<String> word = routing.text(key, EXAMPLES.of(key));
        return word.isEmpty()
                ? AppProtocol.HTTP_1_1
                : AppProtocol.of(word.get())
                        .orElseThrow(() -> routing.problem(
                                key,
                                "%s is \"http/1.1\" or \"h2c\"".formatted(routing.subject(key)),
                                EXAMPLES.of(key)));
    }

    private static Optional<Duration> slowStart(TomlSection routing) {
        String key = "slow_start";
        String example = EXAMPLES.of(key);
        Optional<Duration> span = routing.span(key, example);
        if (span.filter(time -> time.compareTo(SLOW_START_MAX) > 0).isPresent()) {
            throw routing.problem(
                    key,
                    "%s must be at most %s".formatted(routing.subject(key), TimeSpan.spoken(SLOW_START_MAX)),
                    example);
        }
        return span;
    }
}
