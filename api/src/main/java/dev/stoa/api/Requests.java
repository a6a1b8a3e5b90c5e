package dev.stoa.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The bodies of the requests that have one. */
public final class Requests {
    private Requests() {}

    public record CreateApp(String name) {}

    /** Config vars to set and to unset, together one change. */
    public record ChangeConfig(Map<String, String> set, List<String> unset) {
        public ChangeConfig {
            set = Map.copyOf(set);
            unset = List.copyOf(unset);
        }
    }

    /** Wanted instances by process type. */
    public record Scale(Map<String, Integer> processes) {
        public Scale {
            processes = Map.copyOf(processes);
        }
    }

    /** The release to go back to, such as {@code v3}; absent: the one that served before the present one. */
    public record Rollback(Optional<String> version) {}

    public record Run(List<String> command) {
        public Run {
            command = List.copyOf(command);
        }
    }

    public record AddDomain(String name) {}
}
