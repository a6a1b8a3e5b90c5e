package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Status;
import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "down", description = "Stop the platform and all apps; their data stays.")
final class DownCommand implements Callable<Integer> {
    /** Instances have 30 s for their end, and the platform some more for its own. */
    private static final Duration END_TIMEOUT = Duration.ofSeconds(60);

    private static final long LOOK_MILLIS = 20;

    private final Session session;

    DownCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        Optional<PlatformAddress> running = PlatformAddress.running(session.environment());
        if (running.isEmpty()) {
            terminal.show(
                    Map.of("stopped", false),
                    () -> terminal.line("Nothing to stop: no platform runs here (looked at %s)."
                            .formatted(PlatformAddress.file(session.environment()))));
            return 0;
        }
        Client client = session.client();
        long pid = client.get(Client.path("status"), Status.class).pid();
        client.post(Client.path("shutdown"));
        awaitEnd(client, pid);
        terminal.show(Map.of("stopped", true, "pid", pid), () -> terminal.line("Stopped the platform and its apps."));
        return 0;
    }

    private void awaitEnd(Client client, long pid) {
        boolean local = client.platform().pid().isPresent();
        Path file = PlatformAddress.file(session.environment());
        long deadline = System.nanoTime() + END_TIMEOUT.toNanos();
        while (local ? PlatformAddress.alive(pid) && Files.exists(file) : answers(client)) {
            if (System.nanoTime() > deadline) {
                throw new StoaException(
                        ErrorCode.INTERNAL,
                        "the platform (process %d) has not ended within %d s".formatted(pid, END_TIMEOUT.toSeconds()),
                        "it may still be stopping apps; see: stoa status");
            }
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoaException(ErrorCode.CANCELLED, "interrupted; the platform goes on stopping", "", e);
            }
        }
    }

    private static boolean answers(Client client) {
        try {
            client.get(Client.path("status"), Status.class);
            return true;
        } catch (StoaException e) {
            return e.code() != ErrorCode.NO_PLATFORM && e.code() != ErrorCode.CONNECTION_LOST;
        }
    }
}
