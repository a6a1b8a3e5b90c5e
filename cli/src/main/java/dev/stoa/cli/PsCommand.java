package dev.stoa.cli;

import dev.stoa.api.Instance;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "ps", description = "List an app's running instances.")
final class PsCommand implements Callable<Integer> {
    private final Session session;

    PsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<Instance> instances = session.withApp(
                (client, app) -> client.list(Client.path("apps", app.value(), "instances"), Instance.class));
        terminal.show(instances, () -> {
            if (instances.isEmpty()) {
                terminal.line("No instances run.");
                return;
            }
            Table table = new Table("NAME", "STATE", "RELEASE", "PID", "ADDRESS", "SINCE", "RESTARTS", "");
            instances.forEach(i -> table.row(
                    i.name(),
                    i.state(),
                    i.release(),
                    i.pid().map(String::valueOf).orElse("-"),
                    i.address().orElse("-"),
                    Times.ago(i.startedAt(), session.now()),
                    String.valueOf(i.restarts()),
                    i.detail().orElse("")));
            table.print(terminal);
        });
        return 0;
    }
}
