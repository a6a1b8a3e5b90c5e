package dev.stoa.api;

import java.util.Objects;
import java.util.Optional;

/**
 * The one exception of Stoa: a code, a sentence that says what failed, on what and why, and a hint that says what to do
 * next.
 */
public final class StoaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;
    private final String hint;

    public StoaException(ErrorCode code, String message, String hint) {
        super(Objects.requireNonNull(message));
        this.code = Objects.requireNonNull(code);
        this.hint = Objects.requireNonNull(hint);
    }

    public StoaException(ErrorCode code, String message, String hint, Throwable cause) {
        this(code, message, hint);
        initCause(cause);
    }

    public ErrorCode code() {
        return code;
    }

    public String message() {
        return Objects.requireNonNull(getMessage());
    }

    /** What to do about it; empty where there is nothing to say. */
    public Optional<String> hint() {
        return hint.isEmpty() ? Optional.empty() : Optional.of(hint);
    }

    public Problem problem() {
        return new Problem(code.code(), code.status(), message(), hint);
    }
}
