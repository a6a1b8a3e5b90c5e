package dev.stoa.cli;

import dev.stoa.api.App;
import dev.stoa.api.AppName;
import dev.stoa.api.Requests.CreateApp;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "apps", description = "List the apps.")
final class AppsCommand implements Callable<Integer> {
    private final Session session;

    AppsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<App> apps = session.client().list(Client.path("apps"), App.class);
        terminal.show(apps, () -> {
            if (apps.isEmpty()) {
                terminal.line("No apps yet. To make one: stoa deploy PATH");
                return;
            }
            Table table = new Table("NAME", "STATE", "WEB", "RELEASE", "DISK", "URL");
            apps.forEach(app -> table.row(
                    app.name(),
                    app.state() + (app.maintenance().isPresent() ? ", maintenance" : ""),
                    app.web().orElse("-"),
                    app.release().orElse("-"),
                    megabytes(app.diskBytes()),
                    app.url()));
            table.print(terminal);
        });
        return 0;
    }

    private static String megabytes(long bytes) {
        return ((bytes + (1 << 20) - 1) >> 20) + " MB";
    }

    @Command(name = "create", description = "Make an app, to configure it before its first deploy.")
    static final class Create implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Letters a-z, digits and hyphens.")
        private String name = "";

        Create(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            CreateApp request = new CreateApp(new AppName(name).value());
            App app = session.client().post(Client.path("apps"), request, App.class);
            session.terminal()
                    .show(
                            app,
                            () -> session.terminal()
                                    .line("Created %s; it will answer at %s".formatted(app.name(), app.url())));
            return 0;
        }
    }
}
