package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "restart",
        description = "Replace all instances by fresh ones, without a gap; or the platform itself: --platform.")
final class RestartCommand implements Callable<Integer> {
    private final Session session;

    @Option(
            names = "--platform",
            description = "Put a new process into the platform's place. Apps run on, and no request fails.")
    private boolean platform;

    @Option(
            names = "--package",
            paramLabel = "FOLDER",
            description = "With --platform: take the new process from this package of Stoa, to change the version.")
    private Optional<Path> folder = Optional.empty();

    RestartCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        if (platform) {
            return new PlatformSwitch(session).run(folder);
        }
        if (folder.isPresent()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "--package is of use with --platform only",
                    "stoa restart --platform --package " + folder.get());
        }
        return new Change(session)
                .run(
                        "Restarting %s",
                        "Restarting %s",
                        (client, app) -> client.post(Client.path("apps", app.value(), "restart"), Deploy.class));
    }
}
