package dev.stoa.api;

/**
 * An error as {@code application/problem+json} (RFC 9457).
 *
 * @param code   stable, such as {@code app_not_found}
 * @param status the HTTP status
 * @param detail what failed, on what, and why
 * @param hint   what to do next; may be empty
 */
public record Problem(String code, int status, String detail, String hint) {}
