package dev.stoa.cli;

import dev.stoa.api.Release;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "releases", description = "List an app's releases, newest first.")
final class ReleasesCommand implements Callable<Integer> {
    private final Session session;

    ReleasesCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<Release> releases = session.withApp(
                (client, app) -> client.list(Client.path("apps", app.value(), "releases"), Release.class));
        terminal.show(releases, () -> {
            if (releases.isEmpty()) {
                terminal.line("No releases yet. To make one: stoa deploy PATH");
                return;
            }
            Table table = new Table("VERSION", "STATE", "AGE", "WHAT", "");
            releases.forEach(r -> table.row(
                    r.version(),
                    r.state() + r.percent().map(percent -> " " + percent + "%").orElse(""),
                    Times.ago(r.createdAt(), session.now()),
                    r.description(),
                    r.reason().orElse("")));
            table.print(terminal);
        });
        return 0;
    }
}
