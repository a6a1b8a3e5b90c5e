package dev.stoa.cli;

import dev.stoa.api.App;
import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Resource;
import dev.stoa.api.Resource.Attachment;
import dev.stoa.api.ResourceManifest;
import dev.stoa.api.StoaException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "destroy",
        description = {
            "Remove an app with all it has: releases, config, logs, domains.",
            "Its databases, buckets and other resources stay, with their data, until they are destroyed one by one."
        })
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
            List<Resource> stay = resources(client, app);
            if (!stay.isEmpty() && confirm.isEmpty()) {
                terminal.note("These stay, with their data: "
                        + stay.stream().map(DestroyCommand::named).collect(Collectors.joining(", ")));
            }
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
            terminal.show(new Destroyed(app.value(), stay.stream().map(Kept::of).toList()), () -> {
                terminal.line("Destroyed %s.".formatted(app));
                stay.forEach(resource -> terminal.line(words(resource, app)));
            });
            return 0;
        });
    }

    /** @param kept what the app had, and is there still */
    record Destroyed(String destroyed, List<Kept> kept) {}

    record Kept(String kind, String name) {
        static Kept of(Resource resource) {
            return new Kept(resource.kind(), resource.name());
        }
    }

    private static List<Resource> resources(Client client, AppName app) {
        return client.list(Client.path("resources"), Resource.class).stream()
                .filter(resource ->
                        resource.apps().stream().anyMatch(user -> user.app().equals(app.value())))
                .toList();
    }

    private static String named(Resource resource) {
        return "%s %s".formatted(resource.kind(), resource.name());
    }

    private static String words(Resource resource, AppName app) {
        String others = resource.apps().stream()
                .map(Attachment::app)
                .filter(user -> !user.equals(app.value()))
                .collect(Collectors.joining(", "));
        return others.isEmpty()
                ? "  The %s stays, with its data. To destroy it: stoa %s destroy %s"
                        .formatted(named(resource), ResourceManifest.groupOf(resource.kind()), resource.name())
                : "  The %s stays: %s has it, too".formatted(named(resource), others);
    }

    private static Optional<String> asked(Terminal terminal, String app) {
        return terminal.asks()
                ? terminal.ask(
                        "This destroys %s with its releases, config and logs. Its name, to go on: ".formatted(app))
                : Optional.empty();
    }
}
