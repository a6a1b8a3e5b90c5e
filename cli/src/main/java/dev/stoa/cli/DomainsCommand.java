package dev.stoa.cli;

import dev.stoa.api.DomainName;
import dev.stoa.api.DomainState;
import dev.stoa.api.Requests.AddDomain;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "domains",
        description = "List the host names that lead to an app, where the DNS leads them, and their certificates.")
final class DomainsCommand implements Callable<Integer> {
    private final Session session;

    DomainsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        show(session, states(session));
        return 0;
    }

    private static List<DomainState> states(Session session) {
        return session.withApp(
                (client, app) -> client.list(Client.path("apps", app.value(), "domain-states"), DomainState.class));
    }

    private static void show(Session session, List<DomainState> domains) {
        Terminal terminal = session.terminal();
        terminal.show(domains, () -> {
            if (domains.isEmpty()) {
                terminal.line("No domains. To add one: stoa domains add shop.example.com");
                return;
            }
            Table table = new Table("DOMAIN", "DNS", "ADDRESS", "CERTIFICATE", "EXPIRES");
            domains.forEach(domain -> table.row(
                    domain.name(),
                    domain.dns(),
                    domain.addresses().isEmpty() ? "-" : String.join(", ", domain.addresses()),
                    domain.certificate().state(),
                    domain.certificate().expiresAt().map(CertsCommand::day).orElse("-")));
            table.print(terminal);
            domains.forEach(domain -> {
                if (!domain.dns().equals("ok")) {
                    advise(terminal, domain);
                }
            });
        });
    }

    /** What to do with the DNS. */
    private static void advise(Terminal terminal, DomainState domain) {
        terminal.line("%s: %s".formatted(domain.name(), domain.detail()));
        if (domain.records().isEmpty()) {
            terminal.line("  needs a DNS record: A or AAAA with this machine's public address");
            return;
        }
        terminal.line(
                "  needs %s:".formatted(domain.records().size() == 1 ? "this DNS record" : "one of these DNS records"));
        domain.records().forEach(record -> terminal.line("    %s.  %s".formatted(domain.name(), record)));
    }

    @Command(name = "add", description = "Lead a host name to an app, and say what its DNS and certificate need.")
    static final class Add implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Such as shop.example.com.")
        private String name = "";

        Add(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            session.withApp((client, app) ->
                    client.postForList(Client.path("apps", app.value(), "domains"), new AddDomain(name), String.class));
            List<DomainState> domains = states(session);
            show(session, domains);
            String added = DomainName.ascii(name);
            Terminal terminal = session.terminal();
            if (!terminal.json()) {
                domains.stream().filter(domain -> domain.name().equals(added)).forEach(domain -> say(terminal, domain));
            }
            return 0;
        }

        private static void say(Terminal terminal, DomainState domain) {
            if (domain.dns().equals("ok")) {
                terminal.line("%s: the DNS leads it here%s"
                        .formatted(domain.name(), domain.detail().isEmpty() ? "" : " (" + domain.detail() + ")"));
            }
            terminal.line("  certificate: %s%s"
                    .formatted(
                            domain.certificate().state(),
                            domain.certificate().detail().isEmpty()
                                    ? ""
                                    : "; " + domain.certificate().detail()));
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
            session.withApp((client, app) -> {
                client.delete(Client.path("apps", app.value(), "domains", name));
                return app;
            });
            show(session, states(session));
            return 0;
        }
    }
}
