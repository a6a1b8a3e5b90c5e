package dev.stoa.cli;

import dev.stoa.api.Status;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "status", description = "What runs where, and what keeps apps apart.")
final class StatusCommand implements Callable<Integer> {
    private final Session session;

    StatusCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Status status = session.client().get(Client.path("status"), Status.class);
        session.terminal().show(status, () -> StatusText.print(session.terminal(), status));
        return 0;
    }
}
