package dev.stoa.platform.control;

import dev.stoa.api.Resource;
import dev.stoa.api.VolumeRequests.Change;
import dev.stoa.api.VolumeRequests.Restore;
import dev.stoa.api.VolumeRequests.Restored;
import dev.stoa.api.VolumeRequests.Take;
import dev.stoa.api.VolumeSnapshot;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import java.util.List;

/** The endpoints of volumes, beside those that all resources have. */
public final class VolumeApi {
    private final VolumeDesk desk;

    VolumeApi(VolumeDesk desk) {
        this.desk = desk;
    }

    public List<Endpoint> endpoints() {
        String one = "/v1/volumes/{name}";
        return List.of(
                Endpoint.patch(one, "Gives a volume another quota, or one writer or several")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Change.class)
                        .returns(Resource.class)
                        .handler(request ->
                                desk.change(name(request), request.query(ResourceApi.APP), request.body(Change.class))),
                Endpoint.get(one + "/snapshots", "Lists the snapshots of a volume, newest first")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .returns(Endpoint.listOf(VolumeSnapshot.class))
                        .handler(request -> desk.snapshots(name(request), request.query(ResourceApi.APP))),
                Endpoint.post(one + "/snapshots", "Keeps what a volume holds now")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Take.class)
                        .status(201)
                        .returns(VolumeSnapshot.class)
                        .handler(request -> desk.snapshot(
                                name(request),
                                request.query(ResourceApi.APP),
                                request.body(Take.class).stop())),
                Endpoint.delete(one + "/snapshots/{snapshot}", "Deletes a snapshot of a volume")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .handler(request ->
                                desk.forget(name(request), request.query(ResourceApi.APP), request.path("snapshot"))),
                Endpoint.post(one + "/restore", "Puts a snapshot back, in place or as a new volume")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Restore.class)
                        .returns(Restored.class)
                        .handler(request -> desk.restore(
                                name(request), request.query(ResourceApi.APP), request.body(Restore.class))));
    }

    private static String name(ApiRequest request) {
        return request.path("name");
    }
}
