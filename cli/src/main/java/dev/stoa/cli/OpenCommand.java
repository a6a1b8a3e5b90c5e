package dev.stoa.cli;

import dev.stoa.api.App;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "open", description = "Open an app in the browser, or print its URL where there is none.")
final class OpenCommand implements Callable<Integer> {
    private final Session session;

    OpenCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        App app = session.withApp((client, name) -> client.get(Client.path("apps", name.value()), App.class));
        Terminal terminal = session.terminal();
        terminal.show(Map.of("url", app.url()), () -> {
            terminal.line(app.url());
            if (terminal.watched()) {
                browse(app.url());
            }
        });
        return 0;
    }

    private void browse(String url) {
        boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac");
        boolean screen = mac
                || session.environment().variable("DISPLAY").isPresent()
                || session.environment().variable("WAYLAND_DISPLAY").isPresent();
        if (!screen) {
            return;
        }
        try {
            new ProcessBuilder(List.of(mac ? "open" : "xdg-open", url))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            session.terminal().note("No browser could be opened: " + Reason.of(e));
        }
    }
}
