package dev.stoa.platform.router;

import dev.stoa.api.EdgeManifest.Rate;
import dev.stoa.api.TimeSpan;
import java.net.InetAddress;
import java.time.Duration;

/**
 * Why a request gets no answer of the app's own, for people.
 *
 * @param why  a sentence without a capital letter and a full stop
 * @param hint what to do next; empty where there is nothing to do
 */
record Failure(RouterError error, String why, String hint) {
    static Failure badRequest(String why) {
        return new Failure(RouterError.BAD_REQUEST, "the request is refused, since " + why, "");
    }

    static Failure refused(RouterError error, String why) {
        return new Failure(error, "the request is refused, since " + why, "");
    }

    static Failure bodyTooLarge(long bytesMax) {
        return refused(RouterError.BODY_TOO_LARGE, "its body is larger than " + bytesMax + " bytes");
    }

    static Failure unauthorized(String app) {
        return refused(RouterError.UNAUTHORIZED, app + " asks everybody for a user and a password");
    }

    static Failure forbidden(InetAddress address) {
        return refused(RouterError.FORBIDDEN, "the app does not answer " + address.getHostAddress());
    }

    static Failure rateLimited(Rate rate) {
        return refused(
                RouterError.RATE_LIMITED,
                "it is one of more than %d in %s".formatted(rate.requests(), TimeSpan.spoken(rate.per())));
    }

    static Failure maintenance(String app) {
        return new Failure(RouterError.MAINTENANCE, app + " is being worked on", "");
    }

    static Failure noApp(String host) {
        return new Failure(
                RouterError.NO_APP,
                "no app answers for " + host,
                "`stoa apps` lists the apps, `stoa domains add " + host + " -a APP` gives this address to one");
    }

    static Failure notAllowed(String host) {
        return new Failure(
                RouterError.NO_APP,
                "no app answers for " + host + ", or none that lets this one call it",
                "the app that is called says in its stoa.toml who may:   [network]   allow = [\"…\"]");
    }

    static Failure noInstance(Route route) {
        return new Failure(
                RouterError.NO_INSTANCE,
                route.why().isEmpty() ? route.app() + " has no instance that takes requests" : route.why(),
                "see `stoa ps -a " + route.app() + "` and " + logs(route.app()));
    }

    static Failure queueFull(Route route) {
        return new Failure(
                RouterError.QUEUE_FULL,
                "%d requests wait for an instance of %s already"
                        .formatted(route.hold().requestsMax(), route.app()),
                "ask again in a few seconds; see `stoa ps -a " + route.app() + "`");
    }

    static Failure waitTimeout(Route route) {
        return new Failure(
                RouterError.WAIT_TIMEOUT,
                "no instance of %s was ready to take the request within %s s"
                        .formatted(route.app(), seconds(route.hold().longest())),
                "see `stoa ps -a " + route.app() + "` and " + logs(route.app()));
    }

    static Failure appBusy(String app) {
        return new Failure(
                RouterError.APP_BUSY,
                "every instance of " + app + " has as many requests as it may have at once",
                "try again in a moment; `stoa scale web=N -a " + app
                        + "` gives it more instances, [routing] requests in stoa.toml says how many each may have");
    }

    static Failure upstreamRefused(String app, int tried) {
        return new Failure(
                RouterError.UPSTREAM_REFUSED,
                tried == 1
                        ? "the only instance of " + app + " does not accept connections"
                        : "none of the " + tried + " instances of " + app + " accepts connections",
                "see " + logs(app));
    }

    static Failure upstreamClosed(String app, String instance) {
        return new Failure(
                RouterError.UPSTREAM_CLOSED,
                instance + " closed the connection before it answered",
                "see " + logs(app));
    }

    static Failure badResponse(String app, String instance) {
        return new Failure(
                RouterError.BAD_RESPONSE,
                instance + " sent something that is not an HTTP response",
                "see " + logs(app));
    }

    static Failure noTunnel(String app, String instance) {
        return new Failure(
                RouterError.BAD_RESPONSE,
                instance + " answered the request for a WebSocket as if it were any other",
                "see " + logs(app));
    }

    static Failure notHttp2(String app, String instance) {
        return new Failure(
                RouterError.BAD_RESPONSE,
                instance + " does not speak HTTP/2 without encryption, as the [routing] protocol of " + app + " says",
                "take `protocol = \"h2c\"` out of stoa.toml if the app speaks HTTP/1.1, and see " + logs(app));
    }

    static Failure noWebSocket(String app, String instance) {
        return new Failure(
                RouterError.BAD_RESPONSE,
                instance + " speaks HTTP/2, and its SETTINGS do not allow WebSockets",
                "the server of " + app + " has to set SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441); or take "
                        + "`protocol = \"h2c\"` out of stoa.toml if the app speaks HTTP/1.1");
    }

    static Failure upstreamTimeout(String app, String instance, Duration limit) {
        return new Failure(
                RouterError.UPSTREAM_TIMEOUT,
                "%s did not answer within %s s".formatted(instance, seconds(limit)),
                "see " + logs(app) + "; work that takes longer belongs into a worker process");
    }

    static Failure requestTimeout(Duration limit) {
        return new Failure(
                RouterError.REQUEST_TIMEOUT,
                "the rest of the request did not come within %s s".formatted(seconds(limit)),
                "");
    }

    private static String logs(String app) {
        return "`stoa logs -a " + app + "`";
    }

    private static String seconds(Duration limit) {
        return limit.toMillis() % 1000 == 0
                ? Long.toString(limit.toSeconds())
                : Double.toString(limit.toMillis() / 1000.0);
    }
}
