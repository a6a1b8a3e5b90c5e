package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.PlatformRestart;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.Optional;

/** How a platform leaves its place to a new process. */
interface Succession {
    /** For a platform that is part of another program. */
    Succession NONE = new Succession() {
        @Override
        public PlatformRestart begin(Optional<Path> folder) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "this platform cannot be restarted: it is part of another program", "");
        }

        @Override
        public PlatformRestart state() {
            return new PlatformRestart(Optional.empty(), PlatformRestart.NONE, "");
        }
    };

    /**
     * Starts the new process and, once it is ready to take over, begins to hand over to it.
     *
     * @param folder of the package that it comes from; without it, the one of this process
     * @throws StoaException if it does not start, with what it said; all is as before then
     */
    PlatformRestart begin(Optional<Path> folder);

    PlatformRestart state();
}
