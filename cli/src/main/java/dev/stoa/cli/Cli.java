package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** All commands, and what their ends look like: exit status 0 done, 1 failed, 2 wrong usage. */
final class Cli {
    private final Terminal terminal;
    private final Stoa stoa = new Stoa();
    private final Session session;
    private final Map<String, Supplier<CommandLine>> commands;

    Cli(Environment environment, Terminal terminal) {
        this.terminal = terminal;
        this.session = new Session(environment, terminal, stoa);
        this.commands = commands(session);
    }

    /** In the order in which the help shows them. */
    private static Map<String, Supplier<CommandLine>> commands(Session session) {
        Map<String, Supplier<CommandLine>> all = new LinkedHashMap<>();
        all.put("up", () -> new CommandLine(new UpCommand(session)));
        all.put("down", () -> new CommandLine(new DownCommand(session)));
        all.put("status", () -> new CommandLine(new StatusCommand(session)));
        all.put("deploy", () -> new CommandLine(new DeployCommand(session)));
        all.put("plan", () -> new CommandLine(new PlanCommand(session)));
        all.put(
                "git",
                () -> new CommandLine(new GitSourceCommand(session))
                        .addSubcommand(new GitSourceCommand.Connect(session))
                        .addSubcommand(new GitSourceCommand.Disconnect(session))
                        .addSubcommand(new GitSourceCommand.Key(session))
                        .addSubcommand(new GitCommand.Remote(session))
                        .addSubcommand(new GitCommand.Credential(session)));
        all.put("apps", () -> new CommandLine(new AppsCommand(session)).addSubcommand(new AppsCommand.Create(session)));
        all.put("ps", () -> new CommandLine(new PsCommand(session)));
        all.put("scale", () -> new CommandLine(new ScaleCommand(session)));
        all.put("restart", () -> new CommandLine(new RestartCommand(session)));
        all.put("router", () -> new CommandLine(new RouterCommand()));
        all.put("logs", () -> new CommandLine(new LogsCommand(session)));
        all.put("releases", () -> new CommandLine(new ReleasesCommand(session)));
        all.put("rollback", () -> new CommandLine(new RollbackCommand(session)));
        all.put("canary", () -> CanaryCommand.line(session));
        all.put("promote", () -> new CommandLine(new PromoteCommand(session)));
        all.put(
                "config",
                () -> new CommandLine(new ConfigCommand(session))
                        .addSubcommand(new ConfigCommand.Set(session))
                        .addSubcommand(new ConfigCommand.Unset(session)));
        all.put("crons", () -> CronsCommand.line(session));
        all.put("resources", () -> new CommandLine(new ResourcesCommand(session)));
        all.put("db", () -> DbCommand.line(session));
        all.put("bucket", () -> BucketCommand.line(session));
        all.put("volume", () -> VolumeCommand.line(session));
        all.put("cache", () -> CacheCommand.line(session));
        all.put("manifest", () -> new CommandLine(new ManifestCommand(session)));
        all.put("run", () -> new CommandLine(new RunCommand(session)).setStopAtPositional(true));
        all.put("runs", () -> new CommandLine(new RunsCommand(session)).addSubcommand(new RunsCommand.Stop(session)));
        all.put("exec", () -> new CommandLine(new ExecCommand(session)).setStopAtPositional(true));
        all.put(
                "domains",
                () -> new CommandLine(new DomainsCommand(session))
                        .addSubcommand(new DomainsCommand.Add(session))
                        .addSubcommand(new DomainsCommand.Remove(session)));
        all.put("certs", () -> CertsCommand.line(session));
        all.put("maintenance", () -> MaintenanceCommand.line(session));
        all.put("open", () -> new CommandLine(new OpenCommand(session)));
        all.put("destroy", () -> new CommandLine(new DestroyCommand(session)));
        all.put(
                "deploys",
                () -> new CommandLine(new DeploysCommand(session)).addSubcommand(new DeploysCommand.Cancel(session)));
        return all;
    }

    int run(String... args) {
        terminal.json(Arrays.stream(args).takeWhile(a -> !a.equals("--")).anyMatch("--json"::equals));
        CommandLine line = new CommandLine(stoa);
        // To look at all commands takes longer than most of them run, so where the first word says which, it is one.
        Supplier<CommandLine> named = args.length == 0 ? null : commands.get(args[0]);
        if (named == null) {
            commands.values().forEach(command -> line.addSubcommand(command.get()));
        } else {
            line.addSubcommand(named.get());
        }
        line.setExecutionExceptionHandler((e, command, parsed) -> failed(e))
                .setParameterExceptionHandler((e, words) -> wrongUsage(e))
                .setExecutionStrategy(this::execute);
        try (session) {
            return line.execute(args);
        }
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
