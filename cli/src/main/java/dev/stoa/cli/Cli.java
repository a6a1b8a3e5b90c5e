package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** All commands, and what their ends look like: exit status 0 done, 1 failed, 2 wrong usage. */
final class Cli {
    private final Terminal terminal;
    private final CommandLine commands;

    Cli(Environment environment, Terminal terminal) {
        this.terminal = terminal;
        Stoa stoa = new Stoa();
        Session session = new Session(environment, terminal, stoa);
        this.commands = new CommandLine(stoa)
                .addSubcommand(new UpCommand(session))
                .addSubcommand(new DownCommand(session))
                .addSubcommand(new StatusCommand(session))
                .addSubcommand(new DeployCommand(session))
                .addSubcommand(new CommandLine(new AppsCommand(session)).addSubcommand(new AppsCommand.Create(session)))
                .addSubcommand(new PsCommand(session))
                .addSubcommand(new ScaleCommand(session))
                .addSubcommand(new RestartCommand(session))
                .addSubcommand(new LogsCommand(session))
                .addSubcommand(new ReleasesCommand(session))
                .addSubcommand(new RollbackCommand(session))
                .addSubcommand(new CommandLine(new ConfigCommand(session))
                        .addSubcommand(new ConfigCommand.Set(session))
                        .addSubcommand(new ConfigCommand.Unset(session)))
                .addSubcommand(new CommandLine(new RunCommand(session)).setStopAtPositional(true))
                .addSubcommand(new CommandLine(new DomainsCommand(session))
                        .addSubcommand(new DomainsCommand.Add(session))
                        .addSubcommand(new DomainsCommand.Remove(session)))
                .addSubcommand(new OpenCommand(session))
                .addSubcommand(new DestroyCommand(session))
                .addSubcommand(
                        new CommandLine(new DeploysCommand(session)).addSubcommand(new DeploysCommand.Cancel(session)));
        commands.setExecutionExceptionHandler((e, command, parsed) -> failed(e))
                .setParameterExceptionHandler((e, args) -> wrongUsage(e))
                .setExecutionStrategy(this::execute);
        // setStopAtPositional above is for "run" alone; what is set here reaches every command.
    }

    int run(String... args) {
        terminal.json(Arrays.stream(args).takeWhile(a -> !a.equals("--")).anyMatch("--json"::equals));
        return commands.execute(args);
    }

    private int execute(CommandLine.ParseResult parsed) {
        List<CommandLine> line = parsed.asCommandLineList();
        CommandLine last = line.getLast();
        if (last.isUsageHelpRequested()) {
            terminal.line(last.getUsageMessage(Ansi.OFF).stripTrailing());
            return ExitCode.OK;
        }
        if (last.isVersionHelpRequested()) {
            terminal.show(Map.of("version", Stoa.version()), () -> terminal.line("stoa " + Stoa.version()));
            return ExitCode.OK;
        }
        if (line.size() == 1) {
            terminal.note(last.getUsageMessage(Ansi.OFF).stripTrailing());
            return ExitCode.USAGE;
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private int failed(Exception e) {
        if (e instanceof StoaException known) {
            terminal.error(known.problem());
        } else {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            terminal.note(trace.toString().stripTrailing());
            terminal.error(new Problem(
                    ErrorCode.INTERNAL.code(),
                    ErrorCode.INTERNAL.status(),
                    "the command line failed in a way that it should not: " + Reason.of(e),
                    "the lines above say where; please report them"));
        }
        return ExitCode.SOFTWARE;
    }

    private int wrongUsage(ParameterException e) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        String first = Reason.of(e);
        String detail = first.isEmpty() ? "wrong usage" : Character.toLowerCase(first.charAt(0)) + first.substring(1);
        String hint = "see: " + command.qualifiedName() + " --help";
        List<String> near = e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        if (!near.isEmpty()) {
            hint = "did you mean: " + String.join(", ", near) + "\n" + hint;
        }
        terminal.error(new Problem(ErrorCode.BAD_REQUEST.code(), ErrorCode.BAD_REQUEST.status(), detail, hint));
        return ExitCode.USAGE;
    }
}
