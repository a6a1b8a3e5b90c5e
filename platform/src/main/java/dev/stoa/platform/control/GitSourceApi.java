package dev.stoa.platform.control;

import dev.stoa.api.Deploy;
import dev.stoa.api.DeployKey;
import dev.stoa.api.GitConnection;
import dev.stoa.api.GitRequests.ConnectGit;
import dev.stoa.api.GitRequests.DeployGit;
import dev.stoa.api.GitSource;
import dev.stoa.api.GitUrl;
import dev.stoa.platform.http.ApiRequest;
import dev.stoa.platform.http.Endpoint;
import java.util.List;

/** The part of the API that is about repositories somewhere else. */
public final class GitSourceApi {
    private final GitConnections git;

    public GitSourceApi(GitConnections git) {
        this.git = git;
    }

    /** All endpoints, in the order in which the documentation shows them. */
    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(
                                "/v1/apps/{app}/git/deploys",
                                "Fetches a git repository and deploys it; makes the app if need be")
                        .accepts(DeployGit.class)
                        .status(202)
                        .returns(Deploy.class)
                        .handler(request -> {
                            DeployGit body = request.body(DeployGit.class);
                            return git.deploy(
                                    app(request), new GitSource(GitUrl.parse(body.url()), body.ref()), body.canary());
                        }),
                Endpoint.get("/v1/apps/{app}/git/connection", "Shows the repository whose pushes deploy an app")
                        .returns(GitConnection.class)
                        .handler(request -> git.show(app(request))),
                Endpoint.post(
                                "/v1/apps/{app}/git/connection",
                                "Deploys the pushes of a repository from now on; makes the app if need be")
                        .accepts(ConnectGit.class)
                        .returns(GitConnection.class)
                        .handler(request -> {
                            ConnectGit body = request.body(ConnectGit.class);
                            return git.connect(app(request), new GitSource(GitUrl.parse(body.url()), body.branch()));
                        }),
                Endpoint.delete("/v1/apps/{app}/git/connection", "Deploys the pushes of the repository no longer")
                        .handler(request -> git.disconnect(app(request))),
                Endpoint.get("/v1/apps/{app}/git/key", "Shows an app's deploy key, made at the first use")
                        .returns(DeployKey.class)
                        .handler(request -> git.key(app(request))),
                Endpoint.post("/v1/apps/{app}/git/key", "Makes a new deploy key in the place of the old")
                        .returns(DeployKey.class)
                        .handler(request -> git.rotateKey(app(request))));
    }

    private static String app(ApiRequest request) {
        return request.path("app");
    }
}
