package dev.stoa.e2e;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/** What the clients of a kind have seen: answers, and everything else by its reason. */
final class Tally {
    private final String kind;
    private final Map<String, Integer> failures = new TreeMap<>();
    private long answers;
    private long farewells;

    Tally(String kind) {
        this.kind = kind;
    }

    synchronized void answered() {
        answers++;
    }

    /** A WebSocket was told that its other side goes away. */
    synchronized void toldToGo() {
        farewells++;
    }

    synchronized void failed(String reason) {
        if (failures.merge(reason, 1, Integer::sum) == 1) {
            System.err.println(Instant.now() + " " + kind + ": " + reason);
        }
    }

    synchronized long answers() {
        return answers;
    }

    synchronized long farewells() {
        return farewells;
    }

    synchronized Map<String, Integer> failures() {
        return new TreeMap<>(failures);
    }
}
