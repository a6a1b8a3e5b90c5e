package dev.stoa.platform.control;

import dev.stoa.api.DetachedRun;
import dev.stoa.api.Requests.Exec;
import dev.stoa.api.Requests.Run;
import dev.stoa.api.RunEvent;
import dev.stoa.api.TerminalSize;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import java.util.List;

/** The part of the HTTP API that runs commands. */
public final class RunsApi {
    private final Runs runs;

    public RunsApi(Runs runs) {
        this.runs = runs;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post("/v1/apps/{app}/runs", "Runs a command in the slug and environment of the active release")
                        .accepts(Run.class)
                        .streams(RunEvent.class)
                        .handler((request, sink) -> runs.run(app(request), request.body(Run.class), sink::accept)),
                Endpoint.post("/v1/apps/{app}/exec", "Runs a command in a running instance")
                        .accepts(Exec.class)
                        .streams(RunEvent.class)
                        .handler((request, sink) -> runs.exec(app(request), request.body(Exec.class), sink::accept)),
                Endpoint.post(
                                "/v1/apps/{app}/runs/{id}/input",
                                "Hands bytes to such a command, in the order of the requests")
                        .query("end", "true: these are the last")
                        .acceptsStream("application/octet-stream")
                        .handler(request -> runs.input(
                                app(request),
                                request.path("id"),
                                request.bodyStream(),
                                request.query("end").filter("true"::equals).isPresent())),
                Endpoint.post("/v1/apps/{app}/runs/{id}/size", "Tells the terminal of such a command its new size")
                        .accepts(TerminalSize.class)
                        .handler(request ->
                                runs.resize(app(request), request.path("id"), request.body(TerminalSize.class))),
                Endpoint.delete("/v1/apps/{app}/runs/{id}", "Ends such a command, or a detached one")
                        .handler(request -> runs.end(app(request), request.path("id"))),
                Endpoint.post(
                                "/v1/apps/{app}/runs/detached",
                                "Starts a command that goes on by itself and writes to the app's log")
                        .accepts(Run.class)
                        .status(201)
                        .returns(DetachedRun.class)
                        .handler(request -> runs.detach(
                                app(request), request.body(Run.class).command())),
                Endpoint.get("/v1/apps/{app}/runs", "Lists the detached commands of an app, newest first")
                        .returns(Endpoint.listOf(DetachedRun.class))
                        .handler(request -> runs.list(app(request))));
    }

    private static String app(ApiRequest request) {
        return request.path("app");
    }
}
