package dev.stoa.api;

import java.util.Optional;

/**
 * How the handing over of a platform to a new process goes.
 *
 * @param pid   of the new process; none before the first restart
 * @param state {@code none}, {@code switching} or {@code failed}; the new process itself says {@code none} again
 * @param why   it failed
 */
public record PlatformRestart(Optional<Long> pid, String state, String why) {
    public static final String NONE = "none";
    public static final String SWITCHING = "switching";
    public static final String FAILED = "failed";

    /**
     * Asks for a restart.
     *
     * @param folder of the package of Stoa that the new process is to come from; without it, the one of the old process
     */
    public record Request(Optional<String> folder) {}
}
