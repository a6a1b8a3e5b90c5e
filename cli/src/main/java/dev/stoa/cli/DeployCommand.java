package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitRequests.DeployGit;
import dev.stoa.api.GitSource;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "deploy",
        description = {
            "Send a folder to the platform, which builds and runs it. The last line is the URL.",
            "Leaves out .git and what .gitignore and .stoaignore (or .slugignore) name. Starts the platform if none runs.",
            "With --git, the platform fetches a repository instead; the app has its name unless -a says otherwise.",
            "With --canary, the release gets a share of the requests beside the one that serves; see stoa canary."
        })
final class DeployCommand implements Callable<Integer> {
    private static final double KIBIBYTE = 1024;

    private final Session session;

    @Parameters(paramLabel = "PATH", arity = "0..1", description = "The folder; the one you are in unless given.")
    private Optional<Path> path = Optional.empty();

    @Option(
            names = "--git",
            paramLabel = "URL[#REF]",
            description =
                    "Deploy a branch, tag or commit of this repository, such as https://github.com/you/shop.git#main.")
    private Optional<String> git = Optional.empty();

    @Option(
            names = "--canary",
            paramLabel = "SHARE",
            description = "Give it only this share of the requests, such as 10%%.")
    private Optional<String> canary = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    DeployCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Optional<Integer> percent = canary.map(text -> CanaryCommand.percent(command, text));
        if (git.isPresent()) {
            if (path.isPresent()) {
                throw new ParameterException(command.commandLine(), "a folder and --git: deploy the one or the other");
            }
            return follow(fetched(GitSource.parse(git.get()), percent));
        }
        Terminal terminal = session.terminal();
        Path folder =
                session.environment().folder().resolve(path.orElse(Path.of(""))).normalize();
        SourceFolder source = SourceFolder.read(folder);
        AppName app = session.app(folder).app();
        Client client = session.startedClient();
        source.skipped().forEach(p -> terminal.note("       Left out " + p + ": neither a file, a folder nor a link"));
        terminal.line(step("-----> Sending %s: %d %s, %s"
                .formatted(app, source.files(), source.files() == 1 ? "file" : "files", size(source.bytes()))));
        return follow(upload(client, app, source, percent));
    }

    private Deploy fetched(GitSource source, Optional<Integer> percent) {
        AppName app = session.appNamed()
                ? session.app(session.environment().folder()).app()
                : AppName.nearest(source.url().name())
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.BAD_APP_NAME,
                                "the URL %s does not say what app this is".formatted(source.url()),
                                "name the app: -a my-app"));
        return session.startedClient()
                .post(
                        Client.path("apps", app.value(), "git", "deploys"),
                        new DeployGit(source.url().complete(), source.ref(), percent),
                        Deploy.class);
    }

    private int follow(Deploy deploy) {
        Terminal terminal = session.terminal();
        DeployEvent.End end =
                new DeployStream(session.client(), terminal, deploy).follow(line -> terminal.line(step(line)));
        ObjectNode document = Json.MAPPER.valueToTree(end.deploy());
        end.url().ifPresent(url -> document.put("url", url));
        terminal.show(document, () -> end.url().ifPresent(terminal::line));
        return 0;
    }

    private String step(String line) {
        return line.startsWith("----->") ? session.terminal().paint(Terminal.Colour.BOLD, line) : line;
    }

    /** Packs in one thread and sends in another, so that nothing is stored on the way and nothing waits. */
    private Deploy upload(Client client, AppName app, SourceFolder source, Optional<Integer> percent) {
        String path = Client.path("apps", app.value(), "deploys")
                + percent.map(share -> "?canary=" + share).orElse("");
        Pipe pipe = new Pipe();
        Threads.start("pack", () -> pack(source, pipe));
        try (OnInterrupt _ = new OnInterrupt(this::uploadInterrupted)) {
            return client.upload(path, "application/gzip", pipe::source, Deploy.class);
        } catch (StoaException e) {
            throw pipe.failure().orElse(e.code() == ErrorCode.CONNECTION_LOST ? notSent(app, e) : e);
        }
    }

    static void pack(SourceFolder source, Pipe pipe) {
        try {
            SourceArchive.write(source, pipe.sink());
            pipe.end();
        } catch (StoaException e) {
            pipe.fail(e);
        } catch (IOException | RuntimeException e) {
            pipe.fail(new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot pack %s: %s".formatted(source.folder(), Reason.of(e)),
                    "nothing was deployed",
                    e));
        }
    }

    private static StoaException notSent(AppName app, StoaException e) {
        return new StoaException(
                e.code(),
                e.message() + ", while " + app + " was being sent",
                "nothing was deployed unless stoa deploys -a %s lists it; to try again: stoa deploy".formatted(app),
                e);
    }

    private void uploadInterrupted() {
        session.terminal()
                .error(new StoaException(
                                ErrorCode.CANCELLED,
                                "interrupted while sending",
                                "nothing was deployed; what ran before still runs")
                        .problem());
    }

    private static String size(long bytes) {
        double size = bytes;
        for (String unit : new String[] {"bytes", "KB", "MB"}) {
            if (size < KIBIBYTE) {
                return unit.equals("bytes") ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", size, unit);
            }
            size /= KIBIBYTE;
        }
        return String.format(Locale.ROOT, "%.1f GB", size);
    }
}
