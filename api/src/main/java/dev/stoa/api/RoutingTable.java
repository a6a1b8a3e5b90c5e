package dev.stoa.api;

import java.util.Map;

/** The table {@code [routing]} of the manifest. */
final class RoutingTable {
    static final String EXAMPLE = "[routing]";

    private static final KeyExamples EXAMPLES = KeyExamples.of();

    private RoutingTable() {}

    static RoutingManifest read(TomlSection top) {
        return top.section("routing", EXAMPLE).map(RoutingTable::routing).orElse(RoutingManifest.DEFAULT);
    }

    private static RoutingManifest routing(TomlSection routing) {
        routing.allowOnly(EXAMPLES.byKey(), Map.of());
        return new RoutingManifest();
    }
}
