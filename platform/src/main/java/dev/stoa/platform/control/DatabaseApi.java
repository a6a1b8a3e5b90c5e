package dev.stoa.platform.control;

import dev.stoa.api.DatabaseInsight;
import dev.stoa.api.DatabaseRequests.Add;
import dev.stoa.api.DatabaseRequests.Sql;
import dev.stoa.api.DatabaseRequests.SqlAnswer;
import dev.stoa.api.DatabaseRequests.Url;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import dev.stoa.platform.resource.DatabaseUrl;
import dev.stoa.platform.resource.Databases;
import dev.stoa.platform.resource.InsightStore;
import dev.stoa.platform.resource.ResourceSpec;
import dev.stoa.platform.resource.SqlSessions;
import java.util.List;
import java.util.Map;

/** The endpoints of databases, beside those that all resources have. */
public final class DatabaseApi {
    private final Resources resources;
    private final Databases databases;
    private final Rotations rotations;
    private final SqlSessions sessions;

    DatabaseApi(Resources resources, Databases databases, Rotations rotations, SqlSessions sessions) {
        this.resources = resources;
        this.databases = databases;
        this.rotations = rotations;
        this.sessions = sessions;
    }

    public List<Endpoint> endpoints() {
        String one = "/v1/databases/{name}";
        return List.of(
                Endpoint.post("/v1/databases", "Adds a database that is somewhere else, by its URL")
                        .accepts(Add.class)
                        .status(201)
                        .returns(Changed.class)
                        .handler(request -> add(request.body(Add.class))),
                Endpoint.get(one + "/url", "Gives the URL of a database, with its password, for the platform's machine")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .returns(Url.class)
                        .handler(request ->
                                new Url(databases.address(spec(request)).text())),
                Endpoint.post(one + "/rotate", "Gives a database a new password, and its apps releases with it")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .returns(Changed.class)
                        .handler(request -> rotations.rotate(request.path("name"), request.query(ResourceApi.APP))),
                Endpoint.get(one + "/insight", "Tells the slow queries, locks, indexes and dead rows of a database")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .returns(DatabaseInsight.class)
                        .handler(request -> insight(spec(request))),
                Endpoint.post(one + "/sql", "Runs a statement in a database")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .accepts(Sql.class)
                        .returns(SqlAnswer.class)
                        .handler(request -> {
                            Sql sql = request.body(Sql.class);
                            return sessions.run(spec(request), sql.session(), sql.sql());
                        }),
                Endpoint.delete(one + "/sql/{session}", "Ends a session of statements")
                        .query(ResourceApi.APP, ResourceApi.APP_MEANING)
                        .handler(request -> sessions.close(spec(request), request.path("session"))));
    }

    private Changed add(Add add) {
        DatabaseUrl url = DatabaseUrl.parse(add.url());
        return resources.create(
                Databases.NAME,
                new dev.stoa.api.ResourceRequests.Create(add.name(), Databases.external(url), add.app(), add.as()),
                Map.of(Databases.URL, url.text()));
    }

    private DatabaseInsight insight(ResourceSpec spec) {
        try (InsightStore store = databases.insight(spec)) {
            return store.all();
        }
    }

    private ResourceSpec spec(ApiRequest request) {
        ResourceRow row = resources.require(Databases.NAME, request.path("name"), request.query(ResourceApi.APP));
        return Resources.ready(row).spec();
    }
}
