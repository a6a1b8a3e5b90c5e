package dev.stoa.cli;

import dev.stoa.api.Requests.Exec;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "exec",
        description = "Run a command, or a shell, in a running instance. Its exit status becomes this command's own.")
final class ExecCommand implements Callable<Integer> {
    private final Session session;

    @Option(
            names = {"-i", "--instance"},
            paramLabel = "NAME",
            description = "Which, as stoa ps names it; without this, the first web instance.")
    private Optional<String> instance = Optional.empty();

    @Mixin
    private RemoteOptions remote = new RemoteOptions();

    @Parameters(
            paramLabel = "CMD",
            arity = "0..*",
            description = "The command, best after --: stoa exec -- ps ax; without one, a shell.")
    private List<String> command = List.of();

    ExecCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Remote.Wish wish = remote.wish(session.terminal());
        return session.withApp((client, app) -> {
            Exec request = new Exec(
                    instance,
                    command,
                    Optional.of(wish.input()),
                    wish.size(session.terminal()),
                    wish.type(session.environment()));
            return new Remote(session, client, app, wish).run(Client.path("apps", app.value(), "exec"), request);
        });
    }
}
