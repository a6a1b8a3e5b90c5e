package dev.stoa.platform.control;

import dev.stoa.api.HookAnswer;
import dev.stoa.platform.http.Endpoint;
import java.util.List;

/** Where forges send their events. They have no token: each event is signed. */
public final class HookApi {
    private final Hooks hooks;

    public HookApi(Hooks hooks) {
        this.hooks = hooks;
    }

    /** Where the events for an app are sent, below the platform's URL. */
    static String path(String app) {
        return "/v1/hooks/" + app;
    }

    public List<Endpoint> endpoints() {
        return List.of(Endpoint.post(
                        path("{app}"),
                        "Takes the events of GitHub, GitLab, Gitea and Forgejo, signed with the app's secret; 202 if a deploy begins")
                .acceptsStream("application/json")
                .open()
                .returns(HookAnswer.class)
                .handler(request -> {
                    HookAnswer answer = hooks.receive(request.path("app"), request::header, request.bodyStream());
                    return new Endpoint.Reply(answer.result().equals("deploying") ? 202 : 200, answer);
                }));
    }
}
