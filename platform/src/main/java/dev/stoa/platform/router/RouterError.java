package dev.stoa.platform.router;

import java.util.Locale;

/** Every way in which a request does not get an answer of the app's own. The code is stable: {@link #code()}. */
enum RouterError {
    BAD_REQUEST(400, "Bad request"),
    UNAUTHORIZED(401, "A password is needed"),
    FORBIDDEN(403, "Not from there"),
    NO_APP(404, "No app here"),
    REQUEST_TIMEOUT(408, "The request took too long"),
    BODY_TOO_LARGE(413, "Request too large"),
    TARGET_TOO_LONG(414, "Address too long"),
    BAD_EXPECTATION(417, "Unknown expectation"),
    RATE_LIMITED(429, "Too many requests"),
    HEADERS_TOO_LARGE(431, "Request headers too large"),
    /** Only in what the listener is told: the client left before the answer. */
    CLIENT_CLOSED(499, "The client left"),
    ROUTER_FAILED(500, "The router made a mistake"),
    UPSTREAM_REFUSED(502, "The app does not answer"),
    UPSTREAM_CLOSED(502, "The app hung up"),
    BAD_RESPONSE(502, "The app's answer makes no sense"),
    MAINTENANCE(503, "Back soon"),
    NO_INSTANCE(503, "The app is not running"),
    QUEUE_FULL(503, "Too many requests wait"),
    WAIT_TIMEOUT(503, "The app is not ready yet"),
    APP_BUSY(503, "The app is busy"),
    UPSTREAM_TIMEOUT(504, "The app took too long");

    private final int status;
    private final String title;

    RouterError(int status, String title) {
        this.status = status;
        this.title = title;
    }

    int status() {
        return status;
    }

    String title() {
        return title;
    }

    /** After how many seconds the client may try again; 0: that is not known. */
    int retryAfterSeconds() {
        return switch (this) {
            case APP_BUSY -> 1;
            case QUEUE_FULL, WAIT_TIMEOUT -> 5;
            default -> 0;
        };
    }

    /** The stable form on the wire, such as {@code no_app}. */
    String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
