package dev.stoa.api;

import java.util.Locale;

/** Every way in which a request to the platform fails. The code is stable: scripts may match on {@link #code()}. */
public enum ErrorCode {
    BAD_REQUEST(Fault.USER, 400),
    BAD_MANIFEST(Fault.USER, 400),
    BAD_PROCFILE(Fault.USER, 400),
    BAD_ARCHIVE(Fault.USER, 400),
    BAD_APP_NAME(Fault.USER, 400),
    UNAUTHORIZED(Fault.USER, 401),
    NOT_FOUND(Fault.USER, 404),
    APP_NOT_FOUND(Fault.USER, 404),
    RELEASE_NOT_FOUND(Fault.USER, 404),
    METHOD_NOT_ALLOWED(Fault.USER, 405),
    BAD_RESOURCE_NAME(Fault.USER, 400),
    RESOURCE_NOT_FOUND(Fault.USER, 404),
    RESOURCE_EXISTS(Fault.USER, 409),
    RESOURCE_IN_USE(Fault.USER, 409),
    RESOURCE_NOT_READY(Fault.USER, 409),
    BACKUP_DAMAGED(Fault.PLATFORM, 422),
    BACKUP_FAILED(Fault.PLATFORM, 500),
    UPGRADE_FAILED(Fault.USER, 422),
    APP_EXISTS(Fault.USER, 409),
    DOMAIN_TAKEN(Fault.USER, 409),
    NOTHING_DEPLOYED(Fault.USER, 409),
    INSTANCE_NOT_RUNNING(Fault.USER, 409),
    TOO_LARGE(Fault.USER, 413),
    EMPTY_SOURCE(Fault.USER, 422),
    NOT_RECOGNISED(Fault.USER, 422),
    TOOL_MISSING(Fault.USER, 422),
    BUILD_FAILED(Fault.USER, 422),
    CONFIG_MISSING(Fault.USER, 422),
    RELEASE_COMMAND_FAILED(Fault.USER, 422),
    NOT_HEALTHY(Fault.USER, 422),
    CANCELLED(Fault.USER, 409),
    PORT_UNAVAILABLE(Fault.USER, 409),
    NOT_CONNECTED(Fault.USER, 409),
    NO_CANARY(Fault.USER, 409),
    OTHER_REPOSITORY(Fault.USER, 409),
    GIT_FETCH_FAILED(Fault.USER, 422),
    GIT_ACCESS_DENIED(Fault.USER, 422),
    GIT_REF_NOT_FOUND(Fault.USER, 422),
    GIT_HOST_KEY_CHANGED(Fault.USER, 422),
    BAD_CERTIFICATE(Fault.USER, 422),
    CERTIFICATE_NOT_ISSUED(Fault.USER, 422),
    SHUTTING_DOWN(Fault.PLATFORM, 503),
    /** No platform answers where the command line looks. */
    NO_PLATFORM(Fault.USER, 503),
    /** The connection to the platform broke; what was under way may go on. */
    CONNECTION_LOST(Fault.PLATFORM, 503),
    INTERRUPTED(Fault.PLATFORM, 500),
    INTERNAL(Fault.PLATFORM, 500),
    DISK_FULL(Fault.RESOURCES, 507),
    TOO_BUSY(Fault.RESOURCES, 503);

    /** Who has to act: the user, whoever runs the platform, or whoever gives it more room. */
    public enum Fault {
        USER,
        PLATFORM,
        RESOURCES
    }

    private final Fault fault;
    private final int status;

    ErrorCode(Fault fault, int status) {
        this.fault = fault;
        this.status = status;
    }

    public Fault fault() {
        return fault;
    }

    /** The HTTP status that carries this code. */
    public int status() {
        return status;
    }

    /** The stable form on the wire, such as {@code app_not_found}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
