package dev.stoa.cli;

import dev.stoa.api.DatabaseRequests;
import dev.stoa.api.ResourceRequests.Changed;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "db", description = "List the databases. PostgreSQL, each a cluster of its own.")
final class DbCommand implements Callable<Integer> {
    static final ResourceCommand.Kind KIND =
            new ResourceCommand.Kind("database", "db", List.of("plan", "version", "size"));

    private final Session session;

    private DbCommand(Session session) {
        this.session = session;
    }

    /** With what can be done with one of them. */
    static CommandLine line(Session session) {
        CommandLine line = new CommandLine(new DbCommand(session)).addSubcommand(new CreateOne(session));
        line.addSubcommand(new Add(session))
                .addSubcommand(new ResourceCommand.PrintUrl(session, KIND))
                .addSubcommand(new CommandLine(new DbPsqlCommand(session)).setStopAtPositional(true))
                .addSubcommand(new Rotate(session))
                .addSubcommand(new DbInsightCommand(session));
        return ResourceCommand.with(DbBackupCommands.with(line, session), session, KIND);
    }

    /** Of something of a database in the API. */
    static String path(Session session, String name, String what) {
        return Client.path("databases", name) + "/" + what + ResourceCommand.asking(session);
    }

    @Override
    public Integer call() {
        return new ResourceCommand.ListAll(session, KIND).call();
    }

    @Command(name = "create", description = "Make a database. With -a APP, give it to that app.")
    static final class CreateOne extends NewResource {
        @Option(names = "--plan", paramLabel = "PLAN", description = "small (the default), medium, large or xlarge.")
        private Optional<String> plan = Optional.empty();

        @Option(
                names = "--version",
                paramLabel = "N",
                description = "Of PostgreSQL, such as 18; the newest unless told.")
        private Optional<String> version = Optional.empty();

        @Option(
                names = "--sleep",
                paramLabel = "TIME",
                description =
                        "After how long without a connection its server stops, such as 1h, or false; 15m unless told.")
        private Optional<String> sleep = Optional.empty();

        @Option(
                names = "--pool",
                paramLabel = "HOW",
                description = "transaction: clients share sessions, each for a transaction; session unless told.")
        private Optional<String> pool = Optional.empty();

        CreateOne(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Map<String, String> settings = new LinkedHashMap<>();
            plan.ifPresent(value -> settings.put("plan", value));
            version.ifPresent(value -> settings.put("version", value));
            sleep.ifPresent(value -> settings.put("sleep", value));
            pool.ifPresent(value -> settings.put("pool", value));
            return create(KIND, settings);
        }
    }

    @Command(name = "add", description = "Add a database that is somewhere else, by its URL.")
    static final class Add extends NewResource {
        @Option(
                names = "--url",
                paramLabel = "URL",
                required = true,
                description = "Such as postgresql://user:password@host/name; - reads it from standard input.")
        private String url = "";

        Add(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Optional<String> app = app();
            String given = url.equals("-")
                    ? session.terminal().input().stream().findFirst().orElse("")
                    : url;
            Changed added = session.client()
                    .post(Client.path("databases"), new DatabaseRequests.Add(name(), given, app, as()), Changed.class);
            return ResourceCommand.report(session, added, "Added the database %s.".formatted(name()));
        }
    }

    @Command(
            name = "rotate",
            description = "Give a database a new password, and its apps releases with it. The one before works until"
                    + " no instance is left that has it.")
    static final class Rotate extends NamedResource {

        Rotate(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Changed changed = session.client().post(path(session, name(), "rotate"), Changed.class);
            return ResourceCommand.report(
                    session,
                    changed,
                    "The database %s has a new password."
                            .formatted(changed.resource().name()));
        }
    }
}
