package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.Requests.Rollback;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "rollback",
        description = "Make a new release of an earlier one's build and config; without a version, of the one before.")
final class RollbackCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "VERSION", arity = "0..1", description = "Such as v3; stoa releases lists them.")
    private Optional<String> version = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    RollbackCommand(Session session) {
        this.session = session;
    }

    private String named(String text) {
        if (!text.matches("v?[1-9]\\d{0,8}")) {
            throw new ParameterException(command.commandLine(), "\"%s\" is not a release, such as v3".formatted(text));
        }
        return text.startsWith("v") ? text : "v" + text;
    }

    @Override
    public Integer call() {
        Rollback request = new Rollback(version.map(this::named));
        Terminal terminal = session.terminal();
        return session.withApp((client, app) -> {
            Deploy deploy = client.post(Client.path("apps", app.value(), "rollback"), request, Deploy.class);
            DeployEvent.End end = new DeployStream(client, terminal, deploy).follow(terminal::line);
            terminal.show(end.deploy(), () -> {});
            return 0;
        });
    }
}
