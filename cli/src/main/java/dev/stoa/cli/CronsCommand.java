package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.Cron;
import dev.stoa.api.CronRun;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.LogLine;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "crons", description = "List the scheduled jobs of an app: when each runs next, and how it ended last.")
final class CronsCommand implements Callable<Integer> {
    private final Session session;

    private CronsCommand(Session session) {
        this.session = session;
    }

    /** With what can be done with one of them. */
    static CommandLine line(Session session) {
        return new CommandLine(new CronsCommand(session))
                .addSubcommand(new Run(session))
                .addSubcommand(new History(session))
                .addSubcommand(new Log(session))
                .addSubcommand(new Stop(session));
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<Cron> crons =
                session.withApp((client, app) -> client.list(Client.path("apps", app.value(), "crons"), Cron.class));
        terminal.show(crons, () -> {
            if (crons.isEmpty()) {
                terminal.line("No crons. In stoa.toml one looks like this, and the next deploy takes it:");
                terminal.line("  [crons.digest]   schedule = \"0 8 * * *\"   command = \"python digest.py\"");
                return;
            }
            Table table = new Table("NAME", "SCHEDULE", "TIMEZONE", "NEXT", "LAST", "COMMAND");
            crons.forEach(cron -> table.row(
                    cron.name(),
                    cron.schedule(),
                    cron.timezone(),
                    cron.next()
                            .map(next -> "%s (in %s)".formatted(next, Times.ago(session.now(), next)))
                            .orElse("not while scaled to zero"),
                    cron.last().map(this::last).orElse("-"),
                    cron.command()));
            table.print(terminal);
        });
        return 0;
    }

    private String last(CronRun run) {
        return run.state() + " " + Times.ago(run.scheduledAt(), session.now()) + " ago";
    }

    private static String runs(AppName app, String name) {
        return Client.path("apps", app.value(), "crons", name, "runs");
    }

    @Command(
            name = "run",
            description = "Run a job now, whatever its schedule. Its exit status becomes this command's own.")
    static final class Run implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Of the job.")
        private String name = "";

        /** Of the run, once it has started. */
        private volatile String id = "";

        Run(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            return session.withApp((client, app) -> {
                try (OnInterrupt _ = new OnInterrupt(() -> end(client, app));
                        Lines<RunEvent> events = client.postForLines(runs(app, name), Map.of(), RunEvent.class)) {
                    return follow(events, app);
                }
            });
        }

        private int follow(Lines<RunEvent> events, AppName app) {
            Terminal terminal = session.terminal();
            String release = "";
            for (Optional<RunEvent> next = events.next(); next.isPresent(); next = events.next()) {
                switch (next.get()) {
                    case RunEvent.Started started -> {
                        id = started.id();
                        release = started.release();
                    }
                    case RunEvent.Output output -> terminal.print(output.text());
                    case RunEvent.Errors errors -> terminal.print(errors.text());
                    case RunEvent.Bytes bytes ->
                        terminal.pass(Base64.getDecoder().decode(bytes.base64()), false);
                    case RunEvent.Exit exit -> {
                        terminal.show(Map.of("id", id, "release", release, "status", exit.status()), () -> {});
                        return exit.status();
                    }
                }
            }
            throw new StoaException(
                    ErrorCode.CONNECTION_LOST,
                    "the platform ended the stream before %s of %s ended".formatted(name, app),
                    "the run goes on; see: stoa crons history %s -a %s".formatted(name, app));
        }

        private void end(Client client, AppName app) {
            if (!id.isEmpty()) {
                client.delete(Client.path("apps", app.value(), "crons", name, "runs", id));
            }
        }
    }

    @Command(name = "history", description = "List the runs of a job, newest first, with those that did not happen.")
    static final class History implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Of the job.")
        private String name = "";

        @Option(names = "-n", paramLabel = "N", description = "The newest N entries (all, which are at most 100).")
        private Optional<Integer> entries = Optional.empty();

        History(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            List<CronRun> runs = session.withApp((client, app) ->
                    client.list(runs(app, name) + entries.map(n -> "?n=" + n).orElse(""), CronRun.class));
            terminal.show(runs, () -> {
                if (runs.isEmpty()) {
                    terminal.line("No runs yet. To run it now: stoa crons run " + name);
                    return;
                }
                Table table = new Table("RUN", "STATE", "DUE", "TOOK", "RELEASE", "");
                runs.forEach(run -> table.row(
                        run.id(),
                        run.count() > 1 ? "%s (%d)".formatted(run.state(), run.count()) : run.state(),
                        run.scheduledAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                        run.startedAt()
                                .map(start -> Times.ago(start, run.finishedAt().orElse(session.now())))
                                .orElse("-"),
                        run.release(),
                        run.reason().orElse("")));
                table.print(terminal);
            });
            return 0;
        }
    }

    @Command(name = "log", description = "Print what a run of a job said.")
    static final class Log implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "Of the job.")
        private String name = "";

        @Parameters(
                index = "1",
                arity = "0..1",
                paramLabel = "RUN",
                description = "As in the history; else the newest.")
        private Optional<String> run = Optional.empty();

        Log(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            return session.withApp((client, app) -> {
                Terminal terminal = session.terminal();
                String path = Client.path("apps", app.value(), "crons", name, "log")
                        + run.map(id -> "?run=" + Client.escape(id)).orElse("");
                List<LogLine> all = new ArrayList<>();
                try (Lines<LogLine> log = client.lines(path, LogLine.class)) {
                    for (Optional<LogLine> next = log.next(); next.isPresent(); next = log.next()) {
                        LogLine line = next.get();
                        if (terminal.json()) {
                            all.add(line);
                        } else {
                            terminal.line("%s %s: %s".formatted(Times.exact(line.time()), line.source(), line.text()));
                        }
                    }
                }
                terminal.show(all, () -> {});
                return 0;
            });
        }
    }

    @Command(name = "stop", description = "End a run of a job that goes on.")
    static final class Stop implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "Of the job.")
        private String name = "";

        @Parameters(index = "1", arity = "0..1", paramLabel = "RUN", description = "As in the history; else all.")
        private Optional<String> run = Optional.empty();

        Stop(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            return session.withApp((client, app) -> {
                List<String> ids = run.map(List::of)
                        .orElseGet(() -> client.list(runs(app, name), CronRun.class).stream()
                                .filter(entry -> entry.state().equals("running"))
                                .map(CronRun::id)
                                .toList());
                ids.forEach(id -> client.delete(Client.path("apps", app.value(), "crons", name, "runs", id)));
                session.terminal()
                        .show(
                                ids,
                                () -> session.terminal()
                                        .line(ids.isEmpty() ? "Nothing runs." : "Ending " + String.join(", ", ids)));
                return 0;
            });
        }
    }
}
