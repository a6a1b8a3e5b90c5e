package dev.stoa.cli;

import dev.stoa.api.Status;
import java.util.TreeMap;

/** What runs where, in a few lines. */
final class StatusText {
    private StatusText() {}

    static void print(Terminal terminal, Status status) {
        terminal.line("Stoa %s, process %d".formatted(status.version(), status.pid()));
        fact(terminal, "api", status.api());
        fact(terminal, "router", status.router());
        fact(terminal, "https", status.https());
        fact(terminal, "", "its authority: %s (stoa certs trust)".formatted(status.authority()));
        status.acme().ifPresent(directory -> fact(terminal, "acme", directory));
        fact(terminal, "engine", "%s, isolation: %s".formatted(status.engine(), status.isolation()));
        fact(terminal, "database", status.database());
        fact(terminal, "data", status.home());
        fact(terminal, "apps", "%d, instances: %d".formatted(status.apps(), status.instances()));
        new TreeMap<>(status.resources()).forEach((kind, count) -> fact(terminal, kind + "s", Integer.toString(count)));
        for (String problem : status.problems()) {
            fact(terminal, "PROBLEM", problem);
        }
        for (String missing : status.missing()) {
            fact(terminal, "missing", missing);
        }
    }

    private static void fact(Terminal terminal, String name, String value) {
        terminal.line("  " + terminal.paint(Terminal.Colour.DIM, "%-9s".formatted(name)) + " " + value);
    }
}
