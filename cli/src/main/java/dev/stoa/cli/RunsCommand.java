package dev.stoa.cli;

import dev.stoa.api.DetachedRun;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "runs", description = "List an app's detached commands, newest first.")
final class RunsCommand implements Callable<Integer> {
    private final Session session;

    RunsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<DetachedRun> runs = session.withApp(
                (client, app) -> client.list(Client.path("apps", app.value(), "runs"), DetachedRun.class));
        terminal.show(runs, () -> {
            if (runs.isEmpty()) {
                terminal.line("No command was started with stoa run --detach.");
                return;
            }
            Table table = new Table("ID", "STATE", "RELEASE", "STARTED", "STATUS", "COMMAND");
            runs.forEach(run -> table.row(
                    run.id(),
                    run.state(),
                    run.release(),
                    Times.ago(run.startedAt(), session.now()),
                    run.status().map(String::valueOf).orElse("-"),
                    run.command()));
            table.print(terminal);
        });
        return 0;
    }

    @Command(name = "stop", description = "Stop a command that runs: SIGTERM, and SIGKILL after 10 seconds.")
    static final class Stop implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "ID", description = "As stoa run --detach and stoa runs print it.")
        private String id = "";

        Stop(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            return session.withApp((client, app) -> {
                client.delete(Client.path("apps", app.value(), "runs", id));
                session.terminal()
                        .show(Map.of("id", id), () -> session.terminal().line("%s has ended.".formatted(id)));
                return 0;
            });
        }
    }
}
