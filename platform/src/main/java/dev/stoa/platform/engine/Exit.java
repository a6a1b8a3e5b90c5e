package dev.stoa.platform.engine;

import java.time.Instant;

/**
 * How an instance ended.
 *
 * @param status as a shell gives it: 128 + n for signal n
 * @param cause  EXITED for its own end, whatever the status
 */
public record Exit(int status, Cause cause, Instant at) {
    public enum Cause {
        EXITED,
        /** It used more memory than its limit. */
        OUT_OF_MEMORY,
        /** Its processes are gone and nobody recorded how, as after a restart of the machine. */
        LOST
    }

    /** For people: {@code exited with status 1}, {@code was ended by SIGKILL}, … */
    public String describe() {
        return switch (cause) {
            case OUT_OF_MEMORY -> "used more memory than its limit and was killed";
            case LOST -> "is gone, and nothing recorded how it ended";
            case EXITED ->
                status > 128 && status <= 128 + 64
                        ? "was ended by " + signal(status - 128)
                        : "exited with status " + status;
        };
    }

    private static String signal(int number) {
        return switch (number) {
            case 1 -> "SIGHUP";
            case 2 -> "SIGINT";
            case 3 -> "SIGQUIT";
            case 4 -> "SIGILL";
            case 6 -> "SIGABRT";
            case 7 -> "SIGBUS";
            case 8 -> "SIGFPE";
            case 9 -> "SIGKILL";
            case 11 -> "SIGSEGV";
            case 13 -> "SIGPIPE";
            case 15 -> "SIGTERM";
            default -> "signal " + number;
        };
    }
}
