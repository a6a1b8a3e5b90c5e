package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Requests.Run;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "run",
        description = "Run a command in the app's slug and environment. Its exit status becomes this command's own.")
final class RunCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "CMD", arity = "1..*", description = "The command, best after --: stoa run -- ls -l")
    private List<String> command = List.of();

    /** Of the run, once it has started. */
    private volatile String id = "";

    RunCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        return session.withApp((client, app) -> {
            try (OnInterrupt _ = new OnInterrupt(() -> end(client, app, id));
                    Lines<RunEvent> events = client.postForLines(
                            Client.path("apps", app.value(), "runs"), new Run(command), RunEvent.class)) {
                return follow(events, app);
            }
        });
    }

    private int follow(Lines<RunEvent> events, AppName app) {
        Terminal terminal = session.terminal();
        String release = "";
        for (Optional<RunEvent> next = events.next(); next.isPresent(); next = events.next()) {
            switch (next.get()) {
                case RunEvent.Started started -> {
                    id = started.id();
                    release = started.release();
                }
                case RunEvent.Output output -> terminal.print(output.text());
                case RunEvent.Exit exit -> {
                    terminal.show(Map.of("id", id, "release", release, "status", exit.status()), () -> {});
                    return exit.status();
                }
            }
        }
        throw new StoaException(
                ErrorCode.CONNECTION_LOST,
                "the platform ended the stream before the command in %s ended".formatted(app),
                "the command ends with the connection; see: stoa logs -a " + app);
    }

    private static void end(Client client, AppName app, String id) {
        // Without an id it has not started, and the end of the connection is enough.
        if (!id.isEmpty()) {
            client.delete(Client.path("apps", app.value(), "runs", id));
        }
    }
}
