package dev.stoa.cli;

import dev.stoa.api.LogLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "logs", description = "Print an app's log, oldest line first. With -f and --json, one document a line.")
final class LogsCommand implements Callable<Integer> {
    private static final List<Terminal.Colour> SOURCE_COLOURS = List.of(
            Terminal.Colour.CYAN,
            Terminal.Colour.GREEN,
            Terminal.Colour.YELLOW,
            Terminal.Colour.MAGENTA,
            Terminal.Colour.BLUE);

    private final Session session;

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with new lines as they come.")
    private boolean follow;

    @Option(names = "-n", paramLabel = "N", description = "The last N lines (100; all with --since).")
    private Optional<Integer> lines = Optional.empty();

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "From so long ago: 90s, 10m, 1h, 2d; or from a moment.")
    private Optional<String> since = Optional.empty();

    @Parameters(
            paramLabel = "QUERY",
            arity = "0..*",
            description = "Only lines with this text; source:web.1 or source:router says whose.")
    private List<String> query = List.of();

    LogsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        return session.withApp((client, app) -> {
            List<String> parts = new ArrayList<>();
            lines.ifPresent(n -> parts.add("n=" + n));
            since.ifPresent(text -> parts.add(
                    "since=" + Client.escape(Times.since(text, session.now()).toString())));
            if (!query.isEmpty()) {
                parts.add("q=" + Client.escape(String.join(" ", query)));
            }
            if (follow) {
                parts.add("follow=true");
            }
            String path = Client.path("apps", app.value(), "logs") + "?" + String.join("&", parts);
            try (Lines<LogLine> log = client.lines(path, LogLine.class)) {
                print(log);
            }
            return 0;
        });
    }

    private void print(Lines<LogLine> log) {
        Terminal terminal = session.terminal();
        List<LogLine> all = new ArrayList<>();
        for (Optional<LogLine> next = log.next(); next.isPresent(); next = log.next()) {
            LogLine line = next.get();
            if (!terminal.json()) {
                String source = terminal.paint(colour(line.source()), line.source() + ":");
                terminal.line("%s %s %s".formatted(Times.exact(line.time()), source, line.text()));
            } else if (follow) {
                terminal.show(line, () -> {});
            } else {
                all.add(line);
            }
        }
        if (!follow) {
            terminal.show(all, () -> {});
        }
    }

    private static Terminal.Colour colour(String source) {
        return SOURCE_COLOURS.get(Math.floorMod(source.hashCode(), SOURCE_COLOURS.size()));
    }
}
