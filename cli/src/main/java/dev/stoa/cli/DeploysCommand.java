package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "deploys",
        description = "List deploys and other changes: of all apps, those under way first, or with -a of one.")
final class DeploysCommand implements Callable<Integer> {
    private final Session session;

    DeploysCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<Deploy> deploys = session.appNamed()
                ? session.withApp(
                        (client, app) -> client.list(Client.path("apps", app.value(), "deploys"), Deploy.class))
                : session.client().list(Client.path("deploys"), Deploy.class);
        terminal.show(deploys, () -> {
            if (deploys.isEmpty()) {
                terminal.line("No deploys yet.");
                return;
            }
            Table table = new Table("ID", "APP", "KIND", "STATE", "RELEASE", "AGE", "");
            deploys.forEach(d -> table.row(
                    d.id(),
                    d.app(),
                    d.kind(),
                    d.state(),
                    d.release().orElse("-"),
                    Times.ago(d.createdAt(), session.now()),
                    d.problem().map(Problem::detail).orElse(d.description())));
            table.print(terminal);
        });
        return 0;
    }

    @Command(name = "cancel", description = "Cancel a deploy that has not ended.")
    static final class Cancel implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "ID", description = "As stoa deploys prints it.")
        private String id = "";

        Cancel(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Client client = session.client();
            Deploy deploy = client.list(Client.path("deploys"), Deploy.class).stream()
                    .filter(d -> d.id().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new StoaException(
                            ErrorCode.NOT_FOUND, "there is no deploy %s".formatted(id), "stoa deploys lists them"));
            Deploy after = client.post(Client.path("apps", deploy.app(), "deploys", id, "cancel"), Deploy.class);
            session.terminal()
                    .show(
                            after,
                            () -> session.terminal()
                                    .line("The %s of %s is %s.".formatted(after.kind(), after.app(), after.state())));
            return 0;
        }
    }
}
