package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.Requests.Rollback;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "rollback",
        description = "Make a new release of an earlier one's build and config; without a version, of the one before.")
final class RollbackCommand implements Callable<Integer> {
    private final Session session;
    private Optional<String> version = Optional.empty();

    RollbackCommand(Session session) {
        this.session = session;
    }

    @Parameters(paramLabel = "VERSION", arity = "0..1", description = "Such as v3; stoa releases lists them.")
    void version(String text) {
        if (!text.matches("v?[1-9]\\d{0,8}")) {
            throw new IllegalArgumentException("\"%s\" is not a release, such as v3".formatted(text));
        }
        version = Optional.of(text.startsWith("v") ? text : "v" + text);
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        return session.withApp((client, app) -> {
            Deploy deploy =
                    client.post(Client.path("apps", app.value(), "rollback"), new Rollback(version), Deploy.class);
            DeployEvent.End end = new DeployStream(client, terminal, deploy).follow(terminal::line);
            terminal.show(end.deploy(), () -> {});
            return 0;
        });
    }
}
