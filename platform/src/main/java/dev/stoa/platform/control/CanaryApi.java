package dev.stoa.platform.control;

import dev.stoa.api.Canary;
import dev.stoa.api.Deploy;
import dev.stoa.api.Requests.ShareCanary;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import java.util.List;

/** The part of the HTTP API that is about a release beside the active one. */
public final class CanaryApi {
    private final Canaries canaries;

    CanaryApi(Canaries canaries) {
        this.canaries = canaries;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/v1/apps/{app}/canary", "Shows the canary of an app")
                        .returns(Canary.class)
                        .handler(request -> canaries.show(app(request))),
                Endpoint.patch("/v1/apps/{app}/canary", "Changes the share of the requests that the canary gets")
                        .accepts(ShareCanary.class)
                        .returns(Canary.class)
                        .handler(request -> canaries.share(
                                app(request), request.body(ShareCanary.class).percent())),
                Endpoint.delete("/v1/apps/{app}/canary", "Ends the canary")
                        .handler(request -> canaries.stop(app(request))),
                Endpoint.post("/v1/apps/{app}/promote", "Makes the canary the active release")
                        .status(202)
                        .returns(Deploy.class)
                        .handler(request -> canaries.promote(app(request))));
    }

    private static String app(ApiRequest request) {
        return request.path("app");
    }
}
