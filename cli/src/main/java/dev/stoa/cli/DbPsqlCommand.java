package dev.stoa.cli;

import dev.stoa.api.DatabaseRequests;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "psql",
        description =
                "Speak SQL to a database: with psql, if it is on this machine, else with a small prompt of Stoa's own.")
final class DbPsqlCommand implements Callable<Integer> {
    private final Session session;

    @Option(names = "--prompt", description = "Take Stoa's own prompt, also where psql is.")
    private boolean own;

    @Option(
            names = {"-c", "--command"},
            paramLabel = "SQL",
            description = "Run this, and end.")
    private Optional<String> sql = Optional.empty();

    @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
    private String name = "";

    @Parameters(index = "1..*", paramLabel = "ARG", description = "Passed on to psql, such as -c 'select 1'.")
    private List<String> arguments = List.of();

    DbPsqlCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Optional<Path> psql = own
                        || session.client().platform().pid().isEmpty()
                        || session.terminal().json()
                ? Optional.empty()
                : found();
        if (psql.isPresent()) {
            return psql(psql.get());
        }
        SqlPrompt prompt = new SqlPrompt(session, what -> DbCommand.path(session, name, what));
        Optional<String> once = sql.or(this::passed);
        return once.isPresent() ? prompt.once(once.get()) : prompt.converse(name);
    }

    /** What the prompt understands of psql's arguments. */
    private Optional<String> passed() {
        if (arguments.isEmpty()) {
            return Optional.empty();
        }
        if (arguments.size() == 2 && List.of("-c", "--command").contains(arguments.getFirst())) {
            return Optional.of(arguments.getLast());
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "there is no psql that could take \"%s\"".formatted(String.join(" ", arguments)),
                "apt-get install postgresql-client, or leave that out; -c SQL works without it");
    }

    private Optional<Path> found() {
        for (String folder : session.environment().variable("PATH").orElse("").split(File.pathSeparator, -1)) {
            if (isThere(folder)) {
                return Optional.of(Path.of(folder, "psql"));
            }
        }
        return Optional.empty();
    }

    private static boolean isThere(String folder) {
        try {
            return !folder.isEmpty() && Files.isExecutable(Path.of(folder, "psql"));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** The password goes by the environment: everybody may read a command line. */
    private int psql(Path program) {
        String url = session.client()
                .get(DbCommand.path(session, name, "url"), DatabaseRequests.Url.class)
                .url();
        URI uri = URI.create(url);
        String login = uri.getRawUserInfo();
        String bare = url.replace(login + "@", login.substring(0, login.indexOf(':')) + "@");
        List<String> command = new ArrayList<>(List.of(program.toString(), "--dbname=" + bare));
        sql.ifPresent(text -> command.addAll(List.of("-c", text)));
        command.addAll(arguments);
        try {
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            Map<String, String> environment = builder.environment();
            environment.put(
                    "PGPASSWORD",
                    java.net.URLDecoder.decode(
                            login.substring(login.indexOf(':') + 1).replace("+", "%2B"),
                            java.nio.charset.StandardCharsets.UTF_8));
            return builder.start().waitFor();
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.TOOL_MISSING,
                    "%s could not be started: %s".formatted(program, e.getMessage()),
                    "without it: stoa db psql --prompt " + name,
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }
}
