package dev.stoa.platform.control;

import dev.stoa.api.BackupRequests.Backups;
import dev.stoa.api.BackupRequests.Fork;
import dev.stoa.api.BackupRequests.Place;
import dev.stoa.api.BackupRequests.Promote;
import dev.stoa.api.BackupRequests.RecoveryKey;
import dev.stoa.api.BackupRequests.Restore;
import dev.stoa.api.BackupRequests.RestoreFrom;
import dev.stoa.api.BackupRequests.Upgrade;
import dev.stoa.api.BackupRequests.Work;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import java.util.List;

/** The endpoints of the backups of databases, and of what is made of them. */
public final class BackupApi {
    private final BackupDesk desk;

    BackupApi(BackupDesk desk) {
        this.desk = desk;
    }

    public List<Endpoint> endpoints() {
        String one = "/v1/databases/{name}";
        return List.of(
                Endpoint.get(one + "/backups", "Lists the backups of a database")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .returns(Backups.class)
                        .handler(request -> desk.list(name(request), request.query(ResourceApi.APP))),
                Endpoint.get("/v1/destroyed-databases", "Lists the backups of databases that were destroyed")
                        .returns(Endpoint.listOf(Backups.class))
                        .handler(request -> desk.destroyed()),
                Endpoint.post(
                                one + "/backups",
                                "Backs up a database; the answer comes at the end, or tells where to ask for it")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .query("prove", "true: also waits for the proof")
                        .returns(Work.class)
                        .handler(request -> desk.backup(
                                name(request),
                                request.query(ResourceApi.APP),
                                request.query("prove").filter("true"::equals).isPresent())),
                Endpoint.get("/v1/works/{work}", "Waits for the end of a backup, a restore or a fork, but not for long")
                        .returns(Work.class)
                        .handler(request -> desk.await(request.path("work"))),
                Endpoint.get(
                                one + "/backup-key",
                                "Gives the key without which the backups of a database cannot be read")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .returns(RecoveryKey.class)
                        .handler(request -> desk.key(name(request), request.query(ResourceApi.APP))),
                Endpoint.post(one + "/backup-place", "Has a database backed up to another place")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Place.class)
                        .returns(Work.class)
                        .handler(request ->
                                desk.move(name(request), request.query(ResourceApi.APP), request.body(Place.class))),
                Endpoint.post(one + "/restore", "Restores a database to a moment, as a new one")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Restore.class)
                        .returns(Work.class)
                        .handler(request -> desk.restore(
                                name(request), request.query(ResourceApi.APP), request.body(Restore.class))),
                Endpoint.post("/v1/databases/restore", "Restores a database that this platform does not know")
                        .accepts(RestoreFrom.class)
                        .returns(Work.class)
                        .handler(request -> desk.restore(request.body(RestoreFrom.class))),
                Endpoint.post(one + "/fork", "Copies a database, as a new one")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Fork.class)
                        .returns(Work.class)
                        .handler(request -> desk.fork(
                                name(request),
                                request.query(ResourceApi.APP),
                                request.body(Fork.class).as())),
                Endpoint.post(one + "/upgrade", "Moves a database to a newer PostgreSQL")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Upgrade.class)
                        .returns(Work.class)
                        .handler(request -> desk.upgrade(
                                name(request),
                                request.query(ResourceApi.APP),
                                request.body(Upgrade.class).version())),
                Endpoint.post(one + "/promote", "Gives the apps of another database this one instead")
                        .accepts(Promote.class)
                        .returns(Changed.class)
                        .handler(request -> desk.promote(
                                name(request), request.body(Promote.class).over())));
    }

    private static String name(ApiRequest request) {
        return request.path("name");
    }
}
