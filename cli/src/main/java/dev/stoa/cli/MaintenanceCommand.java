package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.MaintenanceState;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(name = "maintenance", description = "Say whether visitors of an app get its maintenance page.")
final class MaintenanceCommand implements Callable<Integer> {
    private final Session session;

    private MaintenanceCommand(Session session) {
        this.session = session;
    }

    static CommandLine line(Session session) {
        return new CommandLine(new MaintenanceCommand(session))
                .addSubcommand(new On(session))
                .addSubcommand(new Off(session));
    }

    @Override
    public Integer call() {
        return show(session, (client, app) -> client.get(path(app), MaintenanceState.class));
    }

    private static String path(AppName app) {
        return Client.path("apps", app.value(), "maintenance");
    }

    private static int show(Session session, BiFunction<Client, AppName, MaintenanceState> action) {
        Terminal terminal = session.terminal();
        MaintenanceState state = session.withApp(action);
        terminal.show(
                state,
                () -> terminal.line(state.since()
                        .map(since -> "maintenance is on since %s: visitors get 503".formatted(since))
                        .orElse("maintenance is off")));
        return 0;
    }

    @Command(name = "on", description = "Answer all requests with the maintenance page, until it is turned off.")
    static final class On implements Callable<Integer> {
        private final Session session;

        On(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            return show(session, (client, app) -> client.post(path(app), MaintenanceState.class));
        }
    }

    @Command(name = "off", description = "Let the app answer again.")
    static final class Off implements Callable<Integer> {
        private final Session session;

        Off(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            return show(session, (client, app) -> {
                client.delete(path(app));
                return client.get(path(app), MaintenanceState.class);
            });
        }
    }
}
