package dev.stoa.platform.control;

import dev.stoa.api.MaintenanceState;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.http.Endpoint;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** The endpoints that keep the world out of an app, and let it in again. */
public final class EdgeApi {
    private final Stores stores;
    private final Reconciler reconciler;
    private final Announcer announcer;
    private final InstantSource clock;

    EdgeApi(Stores stores, Reconciler reconciler, Announcer announcer, InstantSource clock) {
        this.stores = stores;
        this.reconciler = reconciler;
        this.announcer = announcer;
        this.clock = clock;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/v1/apps/{app}/maintenance", "Says whether an app keeps the world out for now")
                        .returns(MaintenanceState.class)
                        .handler(request -> state(stores.apps().require(request.path("app")))),
                Endpoint.post("/v1/apps/{app}/maintenance", "Answers an app's requests with a maintenance page")
                        .returns(MaintenanceState.class)
                        .handler(request -> turn(request.path("app"), true)),
                Endpoint.delete("/v1/apps/{app}/maintenance", "Lets an app answer its requests again")
                        .handler(request -> turn(request.path("app"), false)));
    }

    /** The router knows when this returns. */
    private MaintenanceState turn(String name, boolean on) {
        AppRow app = stores.apps().require(name);
        boolean before = state(app).on();
        if (on) {
            stores.edges().beginMaintenance(app.id(), clock.instant());
        } else {
            stores.edges().endMaintenance(app.id());
        }
        reconciler.publish(app);
        if (before != on) {
            announcer.say(app, on ? "maintenance is on: visitors get 503" : "maintenance is off");
        }
        return state(app);
    }

    private MaintenanceState state(AppRow app) {
        Optional<Instant> since = stores.edges().maintenanceSince(app.id());
        return new MaintenanceState(since.isPresent(), since);
    }
}
