package dev.stoa.platform.router;

import java.net.InetAddress;
import java.time.Duration;

/**
 * What one request came to. Text that does not apply is empty.
 *
 * @param app      empty where no app answers for the host
 * @param host     as it was looked up: lower case, without a port
 * @param path     without the query, which may hold secrets
 * @param status   what the client got; 499 where it left before the answer
 * @param connect  how long it took to reach the instance; zero over a connection that was there
 * @param duration until the last byte of the answer was handed over; for a WebSocket, until it closed
 * @param bytesOut of the answer's body
 * @param instance that answered, or was tried last
 * @param secure   whether the client's side of it was encrypted
 * @param error    such as {@code upstream_refused}; empty where all went well
 * @param logged   whether the app wants a line for it in its log
 */
public record FinishedRequest(
        String app,
        String host,
        String method,
        String path,
        int status,
        Duration connect,
        Duration duration,
        long bytesOut,
        String instance,
        InetAddress client,
        boolean secure,
        String requestId,
        String error,
        boolean logged) {
    /** The same with no more than the beginning of its path. */
    public FinishedRequest cut(int pathCharsMax) {
        return path.length() <= pathCharsMax
                ? this
                : new FinishedRequest(
                        app,
                        host,
                        method,
                        path.substring(0, pathCharsMax) + "…",
                        status,
                        connect,
                        duration,
                        bytesOut,
                        instance,
                        client,
                        secure,
                        requestId,
                        error,
                        logged);
    }
}
