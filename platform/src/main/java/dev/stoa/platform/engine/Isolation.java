package dev.stoa.platform.engine;

import java.util.List;

/**
 * How instances are kept apart on this machine.
 *
 * @param summary such as {@code bubblewrap, cgroup v1 (cpu, memory, pids)} or {@code none}
 * @param missing sentences for people: what is not kept apart, and what to install or change
 */
public record Isolation(String summary, List<String> missing) {
    public Isolation {
        missing = List.copyOf(missing);
    }
}
