package dev.stoa.cli;

import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command above all commands, with the options that every command takes. */
@Command(
        name = "stoa",
        description = "From a folder to a live URL, on a machine of your own.",
        sortOptions = false,
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "To begin: stoa deploy PATH", "Exit status: 0 done, 1 failed, 2 wrong usage."})
final class Stoa {
    @Option(
            names = {"-a", "--app"},
            paramLabel = "APP",
            scope = ScopeType.INHERIT,
            description = "The app; without this, the name in the folder's stoa.toml, or the folder's own.")
    private Optional<String> app = Optional.empty();

    /** Read before the command line is parsed, so that an error in it can be a document too. */
    @Option(
            names = "--json",
            scope = ScopeType.INHERIT,
            description = "Print one JSON document to stdout, and what is for people to stderr.")
    @SuppressWarnings("UnusedVariable")
    private boolean json;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Say what this command does.")
    @SuppressWarnings("UnusedVariable")
    private boolean help;

    /** Not inherited: of a database it is the version of PostgreSQL. */
    @Option(names = "--version", versionHelp = true, description = "Print the version of Stoa.")
    @SuppressWarnings("UnusedVariable")
    private boolean version;

    Optional<String> app() {
        return app;
    }

    /** From the jar; a class folder has none. */
    static String version() {
        return Optional.ofNullable(Stoa.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
