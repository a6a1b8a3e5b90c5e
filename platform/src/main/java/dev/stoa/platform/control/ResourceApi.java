package dev.stoa.platform.control;

import dev.stoa.api.Resource;
import dev.stoa.api.ResourceRequests.Attach;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.ResourceRequests.Create;
import dev.stoa.api.ResourceRequests.Detach;
import dev.stoa.api.ResourceRequests.KeptResource;
import dev.stoa.api.ResourceRequests.ManagedVar;
import dev.stoa.api.ResourceRequests.Restore;
import dev.stoa.api.ResourceRequests.Url;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import java.util.List;
import java.util.Optional;

/** The endpoints that the resources of all kinds have in common. */
public final class ResourceApi {
    static final String APP = "app";
    static final String APP_MEANING = "the app by whose own name for it the resource is called";

    private final Resources resources;

    public ResourceApi(Resources resources) {
        this.resources = resources;
    }

    public List<Endpoint> endpoints() {
        String one = "/v1/resources/{kind}/{name}";
        return List.of(
                Endpoint.get("/v1/resources", "Lists what apps are given: databases and the like")
                        .returns(Endpoint.listOf(Resource.class))
                        .handler(request -> resources.list(Optional.empty())),
                Endpoint.get("/v1/kept-resources", "Lists what was destroyed and can still be had back")
                        .returns(Endpoint.listOf(KeptResource.class))
                        .handler(request -> resources.kept()),
                Endpoint.post("/v1/resources/{kind}/restore", "Makes a resource again that was destroyed")
                        .accepts(Restore.class)
                        .status(201)
                        .returns(Changed.class)
                        .handler(request -> resources.restore(request.path("kind"), request.body(Restore.class))),
                Endpoint.get("/v1/resources/{kind}", "Lists the resources of a kind")
                        .returns(Endpoint.listOf(Resource.class))
                        .handler(request -> resources.list(Optional.of(request.path("kind")))),
                Endpoint.post("/v1/resources/{kind}", "Makes a resource, and gives it to an app if one is named")
                        .accepts(Create.class)
                        .status(201)
                        .returns(Changed.class)
                        .handler(request -> resources.create(request.path("kind"), request.body(Create.class))),
                Endpoint.get(one, "Shows a resource")
                        .query(APP, APP_MEANING)
                        .returns(Resource.class)
                        .handler(request -> resources.show(request.path("kind"), name(request), request.query(APP))),
                Endpoint.delete(one, "Destroys a resource that no app has")
                        .query(APP, APP_MEANING)
                        .query("backups", "the databases whose backups in a bucket may go with it, with commas between")
                        .handler(request -> resources.destroy(
                                request.path("kind"),
                                name(request),
                                request.query(APP),
                                List.of(request.query("backups").orElse("").split(",", -1)))),
                Endpoint.post(one + "/attach", "Gives a resource to an app, which gets a release with its config vars")
                        .accepts(Attach.class)
                        .returns(Changed.class)
                        .handler(request -> {
                            Attach attach = request.body(Attach.class);
                            return resources.attach(request.path("kind"), name(request), attach.app(), attach.as());
                        }),
                Endpoint.post(one + "/detach", "Takes a resource from an app, which gets a release without it")
                        .accepts(Detach.class)
                        .returns(Changed.class)
                        .handler(request -> resources.detach(
                                request.path("kind"),
                                name(request),
                                request.body(Detach.class).app())),
                Endpoint.get(one + "/url", "Gives the URL of a resource, with its password, for the platform's machine")
                        .query(APP, APP_MEANING)
                        .returns(Url.class)
                        .handler(request ->
                                new Url(resources.url(request.path("kind"), name(request), request.query(APP)))),
                Endpoint.post(one + "/actions/{action}", "Does what only resources of a kind can do, such as flush")
                        .query(APP, APP_MEANING)
                        .returns(Resource.class)
                        .handler(request -> resources.act(
                                request.path("kind"), name(request), request.query(APP), request.path("action"))),
                Endpoint.get("/v1/apps/{app}/config/managed", "Lists the config vars that an app has from resources")
                        .returns(Endpoint.listOf(ManagedVar.class))
                        .handler(request -> resources.ofApps().managed(request.path("app"))));
    }

    private static String name(ApiRequest request) {
        return request.path("name");
    }
}
