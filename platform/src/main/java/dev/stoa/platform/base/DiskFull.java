package dev.stoa.platform.base;

import org.jspecify.annotations.Nullable;

/** Recognises a full disk by what the system says about it, which is all that Java and PostgreSQL pass on. */
public final class DiskFull {
    private DiskFull() {}

    public static boolean in(@Nullable String message) {
        return message != null && (message.contains("No space left on device") || message.contains("quota exceeded"));
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
