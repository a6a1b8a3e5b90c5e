package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.ManifestLine;
import dev.stoa.api.ManifestLines;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "manifest",
        description = {
            "Print what stoa.toml, app.json and the Procfile say together, as a stoa.toml, and where each line comes from.",
            "Needs no platform for a folder. With -a: what holds for the app, with what its build found out."
        })
final class ManifestCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "PATH", arity = "0..1", description = "The folder; the one you are in unless given.")
    private Optional<Path> path = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    ManifestCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        if (session.appNamed() && path.isPresent()) {
            throw new ParameterException(command.commandLine(), "give a PATH or -a APP, not both");
        }
        List<ManifestLine> lines = session.appNamed() ? ofApp() : ofFolder();
        Terminal terminal = session.terminal();
        terminal.show(lines, () -> ManifestLines.toml(lines).lines().forEach(terminal::line));
        return 0;
    }

    private List<ManifestLine> ofApp() {
        return session.withApp(
                (client, app) -> client.list(Client.path("apps", app.value(), "manifest"), ManifestLine.class));
    }

    private List<ManifestLine> ofFolder() {
        Path folder =
                session.environment().folder().resolve(path.orElse(Path.of(""))).normalize();
        if (!Files.isDirectory(folder)) {
            throw new StoaException(
                    ErrorCode.EMPTY_SOURCE,
                    "there is no folder %s".formatted(folder),
                    "name the folder that holds the app: stoa manifest PATH");
        }
        MergedManifest merged = MergedManifest.read(folder);
        merged.notes().forEach(session.terminal()::note);
        if (merged.manifest().processes().values().stream()
                .noneMatch(process -> process.command().isPresent())) {
            session.terminal()
                    .note(
                            "No file says how the app is started. What a build finds out: stoa manifest -a APP, once it is deployed");
        }
        return ManifestLines.of(merged.manifest(), merged.setup(), merged.origins());
    }
}
