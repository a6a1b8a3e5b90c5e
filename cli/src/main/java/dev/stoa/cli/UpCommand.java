package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Status;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "up", description = "Start the platform, in the foreground unless --detach says otherwise.")
final class UpCommand implements Callable<Integer> {
    private static final long LOOK_MILLIS = 50;

    private final Session session;

    @Option(names = "--detach", description = "Start it in the background; its output goes to $STOA_HOME/platform.log.")
    private boolean detach;

    @Option(names = "--api-host", paramLabel = "ADDRESS", description = "The API's address (127.0.0.1).")
    private Optional<String> apiHost = Optional.empty();

    @Option(names = "--api-port", paramLabel = "PORT", description = "The API's port (7070).")
    private Optional<Integer> apiPort = Optional.empty();

    @Option(names = "--http-port", paramLabel = "PORT", description = "The router's HTTP port (8080).")
    private Optional<Integer> httpPort = Optional.empty();

    @Option(names = "--https-port", paramLabel = "PORT", description = "The router's HTTPS port (8443).")
    private Optional<Integer> httpsPort = Optional.empty();

    @Option(
            names = "--public-https-port",
            paramLabel = "PORT",
            description = "The port by which clients reach the one for HTTPS, where another one is forwarded to it.")
    private Optional<Integer> publicHttpsPort = Optional.empty();

    @Option(
            names = "--no-router",
            description = "The world comes by routers of their own (stoa router); the two ports above are theirs.")
    private boolean noRouter;

    @Option(names = "--domain", paramLabel = "DOMAIN", description = "Apps answer at APP.DOMAIN (localhost).")
    private Optional<String> domain = Optional.empty();

    @Option(
            names = "--database-url",
            paramLabel = "URL",
            description = "A PostgreSQL for the platform's own state, instead of the embedded one.")
    private Optional<String> databaseUrl = Optional.empty();

    @Option(
            names = "--proxy-protocol",
            paramLabel = "ADDRESSES",
            description = "Load balancers, such as 10.0.0.0/8, whose connections begin with the PROXY protocol.")
    private Optional<String> proxyProtocol = Optional.empty();

    @Option(
            names = "--acme-email",
            paramLabel = "EMAIL",
            description = {
                "Get certificates from Let's Encrypt, or from --acme-directory, which can write to this address.",
                "That means that you agree to its terms."
            })
    private Optional<String> acmeEmail = Optional.empty();

    @Option(names = "--acme-directory", paramLabel = "URL", description = "Get certificates from this ACME authority.")
    private Optional<String> acmeDirectory = Optional.empty();

    @Option(
            names = "--acme-ca",
            paramLabel = "FILE",
            description = "Certificates (PEM) by which to trust the ACME authority itself.")
    private Optional<String> acmeCa = Optional.empty();

    @Option(
            names = "--acme-eab",
            paramLabel = "ID:FILE",
            description = "Binds the ACME account to one at the authority; the file holds the key for that.")
    private Optional<String> acmeEab = Optional.empty();

    UpCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        return detach ? background() : foreground();
    }

    private int background() {
        Terminal terminal = session.terminal();
        Optional<PlatformAddress> running = PlatformAddress.running(session.environment());
        Status status = running.isPresent()
                ? session.client().get(Client.path("status"), Status.class)
                : new BackgroundStart(session.environment()).start(options());
        terminal.show(status, () -> {
            if (running.isPresent()) {
                terminal.line("The platform runs already.");
            }
            StatusText.print(terminal, status);
            terminal.line("");
            terminal.line("Next: stoa deploy PATH");
        });
        return 0;
    }

    /** Comes here only with options that the launcher leaves to the command line, such as --json. */
    private int foreground() {
        List<String> command = new ArrayList<>();
        if (session.terminal().json()) {
            // stdout is for the document alone; what the platform prints is for people.
            command.addAll(List.of("/bin/sh", "-c", "exec \"$@\" >&2", "sh"));
        }
        command.addAll(List.of(session.environment().requiredLauncher(), "up"));
        command.addAll(options());
        try {
            Process process = new ProcessBuilder(command).inheritIO().start();
            try (OnInterrupt _ = new OnInterrupt(() -> stop(process))) {
                return session.terminal().json() ? showWhenReady(process) : process.waitFor();
            }
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL, "cannot start the platform: " + Reason.of(e), "check STOA_LAUNCHER", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.CANCELLED, "interrupted", "", e);
        }
    }

    private static void stop(Process process) {
        process.destroy();
        process.onExit().join();
    }

    private int showWhenReady(Process process) throws InterruptedException {
        while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            Optional<Status> status = BackgroundStart.running(session.environment());
            if (status.isPresent() && status.get().pid() == process.pid()) {
                session.terminal().show(status.get(), () -> {});
                return process.waitFor();
            }
        }
        throw new StoaException(
                ErrorCode.INTERNAL,
                "the platform ended with status %d before it was ready".formatted(process.exitValue()),
                "what it said is above");
    }

    private List<String> options() {
        List<String> options = new ArrayList<>();
        add(options, "--api-host", apiHost);
        add(options, "--api-port", apiPort);
        add(options, "--http-port", httpPort);
        add(options, "--https-port", httpsPort);
        add(options, "--public-https-port", publicHttpsPort);
        if (noRouter) {
            options.add("--no-router");
        }
        add(options, "--domain", domain);
        add(options, "--database-url", databaseUrl);
        add(options, "--proxy-protocol", proxyProtocol);
        add(options, "--acme-email", acmeEmail);
        add(options, "--acme-directory", acmeDirectory);
        // The platform's working directory is another one.
        add(
                options,
                "--acme-ca",
                acmeCa.map(file -> session.environment().folder().resolve(file)));
        add(options, "--acme-eab", acmeEab.map(this::withWholePath));
        return options;
    }

    private String withWholePath(String binding) {
        int colon = binding.indexOf(':');
        return binding.substring(0, colon + 1) + session.environment().folder().resolve(binding.substring(colon + 1));
    }

    private static void add(List<String> options, String name, Optional<?> value) {
        value.ifPresent(v -> options.addAll(List.of(name, v.toString())));
    }
}
