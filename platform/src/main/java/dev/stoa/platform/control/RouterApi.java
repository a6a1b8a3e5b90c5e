package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.LogLine;
import dev.stoa.api.RequestLines;
import dev.stoa.api.RouteTableEvent;
import dev.stoa.api.RouterInfo;
import dev.stoa.api.RouterReport;
import dev.stoa.api.StoaException;
import dev.stoa.platform.http.Endpoint;
import dev.stoa.platform.observe.LogStore;
import java.util.List;
import java.util.regex.Pattern;

/** The endpoints for routers in other processes. */
public final class RouterApi {
    private static final Pattern ID = Pattern.compile("[a-zA-Z0-9._-]{1,64}");

    private final RouterFleet fleet;
    private final LogStore logs;

    public RouterApi(RouterFleet fleet, LogStore logs) {
        this.fleet = fleet;
        this.logs = logs;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/v1/routes", "Tells a router where requests go: the whole table, then each change of it")
                        .query("router", "its id, the same for as long as it is the same router")
                        .query("realms", "true: with the routes that only instances may use")
                        .streams(RouteTableEvent.class)
                        .handler((request, sink) -> fleet.watch(
                                id(request.query("router").orElse("")),
                                request.query("realms").filter("true"::equals).isPresent(),
                                sink::accept)),
                Endpoint.post(
                                "/v1/routers/{router}",
                                "Says which table is in force at a router, and what it has in flight")
                        .accepts(RouterReport.class)
                        .handler(request -> fleet.report(id(request.path("router")), request.body(RouterReport.class))),
                Endpoint.post(
                                "/v1/routers/{router}/requests",
                                "Adds the requests that came by a router to the logs of their apps")
                        .accepts(RequestLines.class)
                        .handler(request -> keep(request.body(RequestLines.class))),
                Endpoint.get("/v1/routers", "Lists the routers in other processes")
                        .returns(Endpoint.listOf(RouterInfo.class))
                        .handler(request -> fleet.list()));
    }

    private void keep(RequestLines lines) {
        lines.apps().forEach((app, ofApp) -> {
            List<LogLine> own = ofApp.stream()
                    .map(line -> new LogLine(line.time(), AccessLog.SOURCE, line.text()))
                    .toList();
            logs.appendIfThere(new AppName(app).value(), own);
        });
    }

    static String id(String text) {
        if (!ID.matcher(text).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" is not the id of a router".formatted(text),
                    "it has 1 to 64 letters, digits, dots, underscores and hyphens");
        }
        return text;
    }
}
