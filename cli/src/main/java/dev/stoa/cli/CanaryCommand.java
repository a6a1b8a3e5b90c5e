package dev.stoa.cli;

import dev.stoa.api.Canary;
import dev.stoa.api.Requests.ShareCanary;
import dev.stoa.api.StoaException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "canary",
        description = {
            "Show the release that gets a share of the requests, or change its share.",
            "stoa deploy --canary 10%% makes one, stoa promote gives it everything."
        })
final class CanaryCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "SHARE", arity = "0..1", description = "Of the requests from now on, such as 25%%.")
    private Optional<String> share = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    private CanaryCommand(Session session) {
        this.session = session;
    }

    /** With what can be done with it. */
    static CommandLine line(Session session) {
        return new CommandLine(new CanaryCommand(session)).addSubcommand(new Stop(session));
    }

    /** The share as a number; another text is a mistake in the use of the command. */
    static int percent(CommandSpec command, String text) {
        try {
            return Canary.percentOf(text);
        } catch (StoaException e) {
            throw new ParameterException(
                    command.commandLine(),
                    e.message() + e.hint().map(hint -> "; " + hint).orElse(""));
        }
    }

    @Override
    public Integer call() {
        Optional<Integer> percent = share.map(text -> percent(command, text));
        Canary canary = session.withApp((client, app) -> {
            String path = Client.path("apps", app.value(), "canary");
            return percent.isPresent()
                    ? client.patch(path, new ShareCanary(percent.get()), Canary.class)
                    : client.get(path, Canary.class);
        });
        Terminal terminal = session.terminal();
        terminal.show(
                canary,
                () -> terminal.line("%s gets %d%% of the requests%s; %d of its %d web instances %s up"
                        .formatted(
                                canary.release(),
                                canary.percent(),
                                canary.beside()
                                        .map(active -> ", " + active + " the rest")
                                        .orElse(""),
                                canary.up(),
                                canary.instances(),
                                canary.up() == 1 ? "is" : "are")));
        return 0;
    }

    @Command(name = "stop", description = "End the canary: the release that serves gets all requests again.")
    static final class Stop implements Callable<Integer> {
        private final Session session;

        Stop(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Canary ended = session.withApp((client, app) -> {
                String path = Client.path("apps", app.value(), "canary");
                Canary canary = client.get(path, Canary.class);
                client.delete(path);
                return canary;
            });
            Terminal terminal = session.terminal();
            terminal.show(
                    Map.of("release", ended.release(), "state", "withdrawn"),
                    () -> terminal.line(ended.release() + " is no longer a canary"
                            + ended.beside()
                                    .map(active -> "; " + active + " gets all requests")
                                    .orElse("")));
            return 0;
        }
    }
}
