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

    /**
     * Wanted instances by process type: a number such as {@code 3}, a range such as {@code 0..10}, or {@link #AUTO} for what
     * the manifest says.
     */
    public record Scale(Map<String, String> processes) {
        public static final String AUTO = "auto";

        public Scale {
            processes = Map.copyOf(processes);
        }
    }

    /** The release to go back to, such as {@code v3}; absent: the one that served before the present one. */
    public record Rollback(Optional<String> version) {}

    /**
     * @param command      a single word is a line for the shell; of several, each is an argument
     * @param input        whether input will come by {@code POST /v1/apps/APP/runs/ID/input}; absent: there is none
     * @param terminal     the size of the terminal that it gets; absent: pipes
     * @param terminalType what that terminal understands, such as {@code xterm-256color}
     */
    public record Run(
            List<String> command,
            Optional<Boolean> input,
            Optional<TerminalSize> terminal,
            Optional<String> terminalType) {
        public Run {
            command = List.copyOf(command);
        }
    }

    /**
     * @param instance such as {@code web.1}; absent: the first web instance
     * @param command  as in {@link Run}; empty: a shell
     */
    public record Exec(
            Optional<String> instance,
            List<String> command,
            Optional<Boolean> input,
            Optional<TerminalSize> terminal,
            Optional<String> terminalType) {
        public Exec {
            command = List.copyOf(command);
        }
    }

    /** @param percent of the requests, from 1 to 99 */
    public record ShareCanary(int percent) {}

    public record AddDomain(String name) {}

    /**
     * @param chain certificates in PEM form, the host's own first
     * @param key   in PEM form
     */
    public record AddCertificate(String host, String chain, String key) {
        /** Says nothing of the key. */
        @Override
        public String toString() {
            return "AddCertificate[" + host + "]";
        }
    }
}
