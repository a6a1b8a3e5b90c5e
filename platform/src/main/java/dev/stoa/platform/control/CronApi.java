package dev.stoa.platform.control;

import dev.stoa.api.Cron;
import dev.stoa.api.CronRun;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.LogLine;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import java.util.List;

/** The endpoints of scheduled jobs. */
public final class CronApi {
    private final Crons crons;

    CronApi(Crons crons) {
        this.crons = crons;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/v1/apps/{app}/crons", "Lists the scheduled jobs of an app's active release")
                        .returns(Endpoint.listOf(Cron.class))
                        .handler(request -> crons.list(request.path("app"))),
                Endpoint.get("/v1/apps/{app}/crons/{name}/runs", "Lists the history of a scheduled job, newest first")
                        .query("n", "so many of the newest entries; all 100 unless told otherwise")
                        .returns(Endpoint.listOf(CronRun.class))
                        .handler(request -> crons.history(request.path("app"), request.path("name"), limit(request))),
                Endpoint.post("/v1/apps/{app}/crons/{name}/runs", "Runs a scheduled job now, and tells its output")
                        .streams(RunEvent.class)
                        .handler((request, sink) -> crons.run(request.path("app"), request.path("name"), sink::accept)),
                Endpoint.get(
                                "/v1/apps/{app}/crons/{name}/log",
                                "Tells what a run of a scheduled job said; of its newest if it is not told which")
                        .query("run", "the id of the run")
                        .streams(LogLine.class)
                        .handler((request, sink) -> crons.log(
                                request.path("app"), request.path("name"), request.query("run"), sink::accept)),
                Endpoint.delete("/v1/apps/{app}/crons/{name}/runs/{id}", "Ends a run of a scheduled job")
                        .handler(request -> crons.end(request.path("app"), request.path("name"), request.path("id"))));
    }

    private static int limit(ApiRequest request) {
        String text = request.query("n").orElse("" + CronStore.HISTORY_MAX);
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= CronStore.HISTORY_MAX) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the numbers that are out of range.
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "n=%s is not a number from 1 to %d".formatted(text, CronStore.HISTORY_MAX),
                "for example: stoa crons history NAME -n 10");
    }
}
