package dev.stoa.platform.control;

import dev.stoa.api.App;
import dev.stoa.api.Canary;
import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Instance;
import dev.stoa.api.LogLine;
import dev.stoa.api.ProcessType;
import dev.stoa.api.Release;
import dev.stoa.api.Requests.AddDomain;
import dev.stoa.api.Requests.ChangeConfig;
import dev.stoa.api.Requests.CreateApp;
import dev.stoa.api.Requests.Rollback;
import dev.stoa.api.Requests.Scale;
import dev.stoa.api.Status;
import dev.stoa.api.StoaException;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import dev.stoa.platform.observe.LogQuery;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The HTTP API: each endpoint with what it takes and gives, from which routing and OpenAPI are made. */
public final class Api {
    private static final int LOG_LINES = 100;
    private static final int LOG_LINES_MAX = 10_000;

    private final Apps apps;
    private final Supplier<Status> status;
    private final Runnable shutdown;

    /** @param shutdown ends the platform with all its apps; returns at once */
    public Api(Apps apps, Supplier<Status> status, Runnable shutdown) {
        this.apps = apps;
        this.status = status;
        this.shutdown = shutdown;
    }

    /** All endpoints, in the order in which the documentation shows them. */
    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/v1/status", "Tells what runs where")
                        .returns(Status.class)
                        .handler(request -> status.get()),
                Endpoint.post("/v1/shutdown", "Stops the platform and all its apps")
                        .status(202)
                        .handler(request -> shutdown.run()),
                Endpoint.get("/v1/apps", "Lists the apps")
                        .returns(Endpoint.listOf(App.class))
                        .handler(request -> apps.list()),
                Endpoint.post("/v1/apps", "Makes an app with nothing deployed to it")
                        .accepts(CreateApp.class)
                        .status(201)
                        .returns(App.class)
                        .handler(request ->
                                apps.create(request.body(CreateApp.class).name())),
                Endpoint.get("/v1/apps/{app}", "Shows an app")
                        .returns(App.class)
                        .handler(request -> apps.show(app(request))),
                Endpoint.delete("/v1/apps/{app}", "Destroys an app with everything that belongs to it")
                        .handler(request -> apps.destroy(app(request))),
                Endpoint.get("/v1/deploys", "Lists the deploys of all apps, those on their way first")
                        .returns(Endpoint.listOf(Deploy.class))
                        .handler(request -> apps.deploys()),
                Endpoint.post(
                                "/v1/apps/{app}/deploys",
                                "Deploys a source folder, packed as tar.gz; makes the app if need be")
                        .query(
                                "canary",
                                "a share of the requests, such as 10%: the release serves beside the active one")
                        .acceptsStream("application/gzip")
                        .status(202)
                        .returns(Deploy.class)
                        .handler(request -> request.query("canary")
                                .map(Canary::percentOf)
                                .map(percent -> apps.deployCanary(app(request), request.bodyStream(), percent))
                                .orElseGet(() -> apps.deploy(app(request), request.bodyStream()))),
                Endpoint.get("/v1/apps/{app}/deploys", "Lists the deploys of an app, newest first")
                        .returns(Endpoint.listOf(Deploy.class))
                        .handler(request -> apps.deploys(app(request))),
                Endpoint.get("/v1/apps/{app}/deploys/{id}", "Shows a deploy")
                        .returns(Deploy.class)
                        .handler(request -> apps.deploy(app(request), request.path("id"))),
                Endpoint.get(
                                "/v1/apps/{app}/deploys/{id}/events",
                                "Tells what a deploy says, from its start to its end")
                        .streams(DeployEvent.class)
                        .handler((request, sink) -> apps.followDeploy(app(request), request.path("id"), sink::accept)),
                Endpoint.post("/v1/apps/{app}/deploys/{id}/cancel", "Gives up a deploy that has not ended")
                        .returns(Deploy.class)
                        .handler(request -> apps.cancelDeploy(app(request), request.path("id"))),
                Endpoint.get("/v1/apps/{app}/releases", "Lists the releases of an app, newest first")
                        .returns(Endpoint.listOf(Release.class))
                        .handler(request -> apps.releases(app(request))),
                Endpoint.post(
                                "/v1/apps/{app}/rollback",
                                "Makes a new release of the build and config of an earlier one")
                        .accepts(Rollback.class)
                        .status(202)
                        .returns(Deploy.class)
                        .handler(request -> apps.rollback(
                                app(request), request.body(Rollback.class).version())),
                Endpoint.get("/v1/apps/{app}/config", "Shows the config vars of an app")
                        .returns(Endpoint.mapOf(String.class))
                        .handler(request -> apps.config(app(request))),
                Endpoint.patch("/v1/apps/{app}/config", "Sets and unsets config vars, and makes a release with them")
                        .accepts(ChangeConfig.class)
                        .status(202)
                        .returns(Deploy.class)
                        .handler(request -> apps.changeConfig(app(request), request.body(ChangeConfig.class))),
                Endpoint.get(
                                "/v1/apps/{app}/processes",
                                "Lists the process types of an app and how many instances each has")
                        .returns(Endpoint.listOf(ProcessType.class))
                        .handler(request -> apps.processes(app(request))),
                Endpoint.post("/v1/apps/{app}/scale", "Says how many instances of its process types an app is to have")
                        .accepts(Scale.class)
                        .returns(Endpoint.listOf(ProcessType.class))
                        .handler(request -> apps.scale(
                                app(request), request.body(Scale.class).processes())),
                Endpoint.post("/v1/apps/{app}/restart", "Replaces all instances, without an interruption")
                        .status(202)
                        .returns(Deploy.class)
                        .handler(request -> apps.restart(app(request))),
                Endpoint.get("/v1/apps/{app}/instances", "Lists the instances of an app")
                        .returns(Endpoint.listOf(Instance.class))
                        .handler(request -> apps.instances(app(request))),
                Endpoint.get("/v1/apps/{app}/logs", "Tells what an app and its instances said")
                        .query("n", "so many of the last lines; 100 unless told otherwise")
                        .query("since", "only lines since this instant, in ISO 8601")
                        .query("q", "only lines with this text; source:web for those of a process type")
                        .query("follow", "true: goes on with what comes")
                        .streams(LogLine.class)
                        .handler((request, sink) -> apps.logs(
                                app(request),
                                logQuery(request),
                                request.query("follow").filter("true"::equals).isPresent(),
                                sink::accept)),
                Endpoint.get("/v1/apps/{app}/domains", "Lists the domains of an app")
                        .returns(Endpoint.listOf(String.class))
                        .handler(request -> apps.show(app(request)).domains()),
                Endpoint.post("/v1/apps/{app}/domains", "Adds a domain")
                        .accepts(AddDomain.class)
                        .status(201)
                        .returns(Endpoint.listOf(String.class))
                        .handler(request -> apps.addDomain(
                                app(request), request.body(AddDomain.class).name())),
                Endpoint.delete("/v1/apps/{app}/domains/{name}", "Removes a domain")
                        .handler(request -> apps.removeDomain(app(request), request.path("name"))));
    }

    private static String app(ApiRequest request) {
        return request.path("app");
    }

    private static LogQuery logQuery(ApiRequest request) {
        Optional<Instant> since = request.query("since").map(Api::instant);
        int lines = request.query("n").map(Api::lines).orElse(since.isPresent() ? LOG_LINES_MAX : LOG_LINES);
        Optional<String> source = request.query("q").filter(q -> q.startsWith("source:"));
        return new LogQuery(
                lines,
                since,
                request.query("q").filter(q -> source.isEmpty()),
                source.map(q -> q.substring("source:".length())));
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "since=%s is not an instant in ISO 8601".formatted(text),
                    "for example: 2026-01-31T12:00:00Z",
                    e);
        }
    }

    private static int lines(String text) {
        try {
            int lines = Integer.parseInt(text);
            if (lines >= 0 && lines <= LOG_LINES_MAX) {
                return lines;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the numbers that are out of range.
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "n=%s is not a number from 0 to %d".formatted(text, LOG_LINES_MAX),
                "for example: stoa logs -n 500");
    }
}
