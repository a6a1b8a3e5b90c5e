package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "promote", description = "Make the canary the release that serves, once all of its instances are up.")
final class PromoteCommand implements Callable<Integer> {
    private final Session session;

    PromoteCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        return session.withApp((client, app) -> {
            Deploy deploy = client.post(Client.path("apps", app.value(), "promote"), Deploy.class);
            DeployEvent.End end = new DeployStream(client, terminal, deploy).follow(terminal::line);
            terminal.show(end.deploy(), () -> end.url().ifPresent(terminal::line));
            return 0;
        });
    }
}
