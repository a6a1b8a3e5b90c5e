package dev.stoa.platform.router;

import java.time.Duration;

/**
 * How long the router waits. The times are those of Heroku's router, which app authors know.
 *
 * @param connect    for a connection to an instance
 * @param response   from the last byte of the request to the head of the answer
 * @param idle       without a byte in either direction, while a body, a stream or a WebSocket is open
 * @param clientIdle for a client's connection, until the head of its next request is complete
 * @param handshake  of TLS, from the connection on
 * @param closeGrace for the requests in flight when the router closes
 */
public record RouterTimes(
        Duration connect,
        Duration response,
        Duration idle,
        Duration clientIdle,
        Duration handshake,
        Duration closeGrace) {
    public static final RouterTimes DEFAULT = new RouterTimes(
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            Duration.ofSeconds(55),
            Duration.ofSeconds(75),
            Duration.ofSeconds(10),
            Duration.ofSeconds(5));

    public RouterTimes withHandshake(Duration handshake) {
        return new RouterTimes(connect, response, idle, clientIdle, handshake, closeGrace);
    }

    public RouterTimes withCloseGrace(Duration closeGrace) {
        return new RouterTimes(connect, response, idle, clientIdle, handshake, closeGrace);
    }
}
