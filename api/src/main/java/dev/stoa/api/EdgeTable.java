package dev.stoa.api;

import java.util.Map;

/** The table {@code [edge]} of the manifest. */
final class EdgeTable {
    static final String EXAMPLE = "[edge]";

    private static final KeyExamples EXAMPLES = KeyExamples.of();

    private EdgeTable() {}

    static EdgeManifest read(TomlSection top) {
        return top.section("edge", EXAMPLE).map(EdgeTable::edge).orElse(EdgeManifest.DEFAULT);
    }

    private static EdgeManifest edge(TomlSection edge) {
        edge.allowOnly(EXAMPLES.byKey(), Map.of());
        return new EdgeManifest();
    }
}
