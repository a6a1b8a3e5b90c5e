package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.api.TimeSpan;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How clients get to a database.
 *
 * @param sleep after how long without a connection its server stops; empty: never
 * @param pool  whether clients share sessions, each for a transaction
 */
record DatabaseAccess(Optional<Duration> sleep, boolean pool) {
    static final String SLEEP = "sleep";
    static final String POOL = "pool";
    static final List<String> KEYS = List.of(SLEEP, POOL);

    private static final String TRANSACTION = "transaction";
    private static final String SESSION = "session";

    private static final String SLEEP_DEFAULT = "15m";
    private static final String NEVER = "false";
    private static final Duration SLEEP_MIN = Duration.ofSeconds(1);
    private static final Duration SLEEP_MAX = Duration.ofDays(30);

    /** @throws StoaException BAD_REQUEST for a value that is none */
    static DatabaseAccess of(Map<String, String> settings) {
        return new DatabaseAccess(
                sleep(settings.getOrDefault(SLEEP, SLEEP_DEFAULT)), pool(settings.getOrDefault(POOL, SESSION)));
    }

    private static boolean pool(String given) {
        return switch (given) {
            case TRANSACTION -> true;
            case SESSION -> false;
            default ->
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is no way to share the sessions of a database".formatted(given),
                        "pool = \"transaction\" shares them; pool = \"session\" gives each client its own");
        };
    }

    private static Optional<Duration> sleep(String given) {
        if (given.equals(NEVER)) {
            return Optional.empty();
        }
        return Optional.of(TimeSpan.parse(given)
                .filter(time -> time.compareTo(SLEEP_MIN) >= 0 && time.compareTo(SLEEP_MAX) <= 0)
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is no time after which a database can go to sleep; it is from 1s to 30d"
                                .formatted(given),
                        "for example: sleep = \"15m\", or, for one that never sleeps: sleep = false")));
    }

    static Map<String, String> without(Map<String, String> settings) {
        Map<String, String> others = new HashMap<>(settings);
        KEYS.forEach(others::remove);
        return others;
    }
}
