package dev.stoa.cli;

import dev.stoa.api.Instance;
import dev.stoa.api.ProcessType;
import java.util.ArrayList;
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
        List<ProcessType> scaled = new ArrayList<>();
        List<Instance> instances = session.withApp((client, app) -> {
            scaled.addAll(client.list(Client.path("apps", app.value(), "processes"), ProcessType.class));
            return client.list(Client.path("apps", app.value(), "instances"), Instance.class);
        });
        scaled.removeIf(type -> type.max() <= type.min());
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
            scaled.forEach(type -> terminal.line("%s=%s".formatted(type.type(), type.shown())));
        });
        return 0;
    }
}
