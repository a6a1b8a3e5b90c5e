package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/** What the command line finds around it: environment variables, the folder it was called in, the time. */
record Environment(Map<String, String> variables, Path folder, Clock clock) {
    Environment {
        variables = Map.copyOf(variables);
        folder = folder.toAbsolutePath().normalize();
    }

    static Environment ofProcess() {
        return new Environment(System.getenv(), Path.of(""), Clock.systemUTC());
    }

    /** A variable that is set and not empty. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(v -> !v.isEmpty());
    }

    /** The data directory: {@code STOA_HOME}, or {@code ~/.stoa}. */
    Path home() {
        return variable("STOA_HOME")
                .map(folder::resolve)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".stoa"))
                .normalize();
    }

    /** The script that started this program, and starts the platform. */
    String requiredLauncher() {
        return variable("STOA_LAUNCHER")
                .orElseThrow(() -> new StoaException(
                        ErrorCode.INTERNAL,
                        "cannot start the platform: STOA_LAUNCHER does not name the script that does",
                        "start the command line by its script, stoa"));
    }
}
