package dev.stoa.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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
        return ResourceCommand.with(line, session, KIND);
    }

    @Override
    public Integer call() {
        return new ResourceCommand.ListAll(session, KIND).call();
    }

    @Command(name = "create", description = "Make a database. With -a APP, give it to that app.")
    static final class CreateOne implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Such as main.")
        private String name = "";

        @Option(names = "--plan", paramLabel = "PLAN", description = "small (the default), medium, large or xlarge.")
        private Optional<String> plan = Optional.empty();

        @Option(names = "--version", paramLabel = "N", description = "Of PostgreSQL, such as 18; the newest unless told.")
        private Optional<String> version = Optional.empty();

        @Option(names = "--as", paramLabel = "NAME", description = "How the app is to call it; its own name unless told.")
        private Optional<String> as = Optional.empty();

        CreateOne(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Map<String, String> settings = new LinkedHashMap<>();
            plan.ifPresent(value -> settings.put("plan", value));
            version.ifPresent(value -> settings.put("version", value));
            return ResourceCommand.create(session, KIND, name, settings, as);
        }
    }
}
