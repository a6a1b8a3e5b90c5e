package dev.stoa.cli;

import dev.stoa.api.Deploy;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "restart", description = "Replace all instances by fresh ones, without a gap.")
final class RestartCommand implements Callable<Integer> {
    private final Session session;

    RestartCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        return new Change(session)
                .run(
                        "Restarting %s",
                        "Restarting %s",
                        (client, app) -> client.post(Client.path("apps", app.value(), "restart"), Deploy.class));
    }
}
