package dev.stoa.cli;

import dev.stoa.api.App;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "destroy", description = "Remove an app with all it has: releases, config, logs, domains.")
final class DestroyCommand implements Callable<Integer> {
    private final Session session;

    @Option(names = "--confirm", paramLabel = "NAME", description = "The app's name, instead of being asked for it.")
    private Optional<String> confirm = Optional.empty();

    DestroyCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        return session.withApp((client, app) -> {
            Terminal terminal = session.terminal();
            // Before asking: there may be no such app.
            client.get(Client.path("apps", app.value()), App.class);
            String said = confirm.or(() -> asked(terminal, app.value()))
                    .orElseThrow(() -> new StoaException(
                            ErrorCode.BAD_REQUEST,
                            "destroying %s cannot be undone, so its name is asked for".formatted(app),
                            "to go on: stoa destroy -a %s --confirm %s".formatted(app, app)));
            if (!said.strip().equals(app.value())) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not the name of the app, which is %s; nothing was destroyed"
                                .formatted(said.strip(), app),
                        "");
            }
            client.delete(Client.path("apps", app.value()));
            terminal.show(Map.of("destroyed", app.value()), () -> terminal.line("Destroyed %s.".formatted(app)));
            return 0;
        });
    }

    private static Optional<String> asked(Terminal terminal, String app) {
        return terminal.asks()
                ? terminal.ask(
                        "This destroys %s with its releases, config and logs. Its name, to go on: ".formatted(app))
                : Optional.empty();
    }
}
