package dev.stoa.cli;

import dev.stoa.api.Requests.AddDomain;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "domains", description = "List the host names that lead to an app.")
final class DomainsCommand implements Callable<Integer> {
    private final Session session;

    DomainsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        List<String> domains = session.withApp(
                (client, app) -> client.list(Client.path("apps", app.value(), "domains"), String.class));
        show(session, domains);
        return 0;
    }

    private static void show(Session session, List<String> domains) {
        Terminal terminal = session.terminal();
        terminal.show(domains, () -> domains.forEach(terminal::line));
    }

    @Command(name = "add", description = "Lead a host name to an app.")
    static final class Add implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Such as shop.example.com.")
        private String name = "";

        Add(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            show(
                    session,
                    session.withApp((client, app) -> client.postForList(
                            Client.path("apps", app.value(), "domains"), new AddDomain(name), String.class)));
            return 0;
        }
    }

    @Command(name = "remove", description = "Lead a host name to an app no longer.")
    static final class Remove implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Such as shop.example.com.")
        private String name = "";

        Remove(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            show(session, session.withApp((client, app) -> {
                client.delete(Client.path("apps", app.value(), "domains", name));
                return client.list(Client.path("apps", app.value(), "domains"), String.class);
            }));
            return 0;
        }
    }
}
