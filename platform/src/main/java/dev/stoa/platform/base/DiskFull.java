package dev.stoa.platform.base;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import org.jspecify.annotations.Nullable;

/** Recognises a full disk by what the system says about it, which is all that Java and PostgreSQL pass on. */
public final class DiskFull {
    private DiskFull() {}

    public static boolean in(@Nullable String message) {
        return message != null && (message.contains("No space left on device") || message.contains("quota exceeded"));
    }

    /** For the user of the platform whose request it ended. */
    public static StoaException problem(Throwable cause) {
        return new StoaException(
                ErrorCode.DISK_FULL,
                "the disk of the data directory is full",
                "free some room, or destroy apps that are not needed, and deploy again",
                cause);
    }

    /** Whether it is behind an error, however deep. */
    public static boolean causes(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (in(cause.getMessage())) {
                return true;
            }
        }
        return false;
    }
}
