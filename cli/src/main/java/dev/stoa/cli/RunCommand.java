package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.DetachedRun;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Requests.Run;
import dev.stoa.api.StoaException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "run",
        description = "Run a command in the app's slug and environment. Its exit status becomes this command's own.")
final class RunCommand implements Callable<Integer> {
    private final Session session;

    @Option(
            names = {"-d", "--detach"},
            description = "Start it, print its id, and leave it alone: its output goes to the app's log, as run.ID.")
    private boolean detach;

    @Mixin
    private RemoteOptions remote = new RemoteOptions();

    @Parameters(paramLabel = "CMD", arity = "1..*", description = "The command, best after --: stoa run -- ls -l")
    private List<String> command = List.of();

    RunCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Remote.Wish wish = remote.wish(session.terminal());
        if (detach && remote.tty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "a detached command has no terminal",
                    "leave out --tty, or --detach to stay with it");
        }
        return session.withApp((client, app) -> detach ? detached(client, app) : attached(client, app, wish));
    }

    private int attached(Client client, AppName app, Remote.Wish wish) {
        Run request = new Run(
                command, Optional.of(wish.input()), wish.size(session.terminal()), wish.type(session.environment()));
        return new Remote(session, client, app, wish).run(Client.path("apps", app.value(), "runs"), request);
    }

    private int detached(Client client, AppName app) {
        Run request = new Run(command, Optional.empty(), Optional.empty(), Optional.empty());
        DetachedRun run = client.post(Client.path("apps", app.value(), "runs", "detached"), request, DetachedRun.class);
        Terminal terminal = session.terminal();
        terminal.show(run, () -> {
            terminal.line(run.id());
            terminal.note("-----> Runs by itself; see: stoa logs -f -a %s, or stoa runs -a %s".formatted(app, app));
        });
        return 0;
    }
}
