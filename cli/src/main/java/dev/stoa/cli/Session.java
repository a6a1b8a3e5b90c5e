package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.ManifestFile;
import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** What one call of the program works with. */
final class Session implements AutoCloseable {
    private final Environment environment;
    private final Terminal terminal;
    private final Stoa options;
    private @Nullable Client client;

    Session(Environment environment, Terminal terminal, Stoa options) {
        this.environment = environment;
        this.terminal = terminal;
        this.options = options;
    }

    Environment environment() {
        return environment;
    }

    Terminal terminal() {
        return terminal;
    }

    Instant now() {
        return environment.clock().instant();
    }

    /** The platform, which has to run. */
    Client client() {
        Client present = client;
        if (present == null) {
            present = new Client(PlatformAddress.find(environment));
            client = present;
        }
        return present;
    }

    /** The platform, started in the background if none runs. */
    Client startedClient() {
        if (client == null && PlatformAddress.running(environment).isEmpty()) {
            terminal.note("-----> Starting Stoa in the background");
            new BackgroundStart(environment).start(java.util.List.of());
        }
        return client();
    }

    /** The app that {@code -a} or the folder's stoa.toml names; a folder's own name is no word on anything but an app. */
    Optional<String> namedApp() {
        if (!appNamed() && !Files.isRegularFile(environment.folder().resolve(ManifestFile.NAME))) {
            return Optional.empty();
        }
        AppChoice choice = app(environment.folder());
        return choice.origin() == AppChoice.Origin.FOLDER
                ? Optional.empty()
                : Optional.of(choice.app().value());
    }

    boolean appNamed() {
        return options.app().isPresent();
    }

    AppChoice app(Path folder) {
        return AppChoice.of(options.app(), folder);
    }

    /** The app that a command is about, and the path of something of it in the API. */
    <T> T withApp(BiFunction<Client, AppName, T> action) {
        AppChoice choice = app(environment.folder());
        try {
            return action.apply(client(), choice.app());
        } catch (StoaException e) {
            if (e.code() == ErrorCode.APP_NOT_FOUND && choice.origin() == AppChoice.Origin.FOLDER) {
                throw new StoaException(
                        e.code(),
                        e.message(),
                        "that is this folder's name; say which app you mean: -a APP (stoa apps lists them)",
                        e);
            }
            throw e;
        }
    }

    @Override
    public void close() {
        Client present = client;
        if (present != null) {
            present.close();
        }
    }
}
