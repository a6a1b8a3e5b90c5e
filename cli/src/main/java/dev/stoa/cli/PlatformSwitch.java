package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.PlatformRestart;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Puts a new process into the platform's place, and waits until it is the platform. */
final class PlatformSwitch {
    /** As long as the platform itself waits for the new process, and some more to take everything back. */
    private static final Duration SWITCH_TIMEOUT = Duration.ofMinutes(4);

    private static final long LOOK_MILLIS = 50;

    private final Session session;

    /** The part of its status that platforms of every version have. */
    private record Seen(long pid, String version) {}

    PlatformSwitch(Session session) {
        this.session = session;
    }

    int run(Optional<Path> folder) {
        Terminal terminal = session.terminal();
        Client client = session.client();
        Seen before = client.get(Client.path("status"), Seen.class);
        terminal.note("Starting a new process for the platform (pid %d now)".formatted(before.pid()));
        PlatformRestart begun = client.post(
                Client.path("restart"),
                new PlatformRestart.Request(
                        folder.map(path -> path.toAbsolutePath().normalize().toString())),
                PlatformRestart.class);
        Seen now = awaitSwitch(client, begun.pid().orElseThrow());
        terminal.show(
                now,
                () -> terminal.line("The platform is process %d now, version %s; it was process %d, version %s."
                        .formatted(now.pid(), now.version(), before.pid(), before.version())));
        return 0;
    }

    private static Seen awaitSwitch(Client client, long pid) {
        long deadline = System.nanoTime() + SWITCH_TIMEOUT.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<Seen> status = tried(client, "status", Seen.class);
            if (status.filter(found -> found.pid() == pid).isPresent()) {
                return status.get();
            }
            Optional<PlatformRestart> restart = tried(client, "restart", PlatformRestart.class)
                    .filter(found -> found.pid().filter(of -> of == pid).isPresent());
            if (restart.filter(found -> found.state().equals(PlatformRestart.FAILED))
                    .isPresent()) {
                throw new StoaException(
                        ErrorCode.INTERNAL, restart.get().why(), "what it said stands in the platform's own log");
            }
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoaException(
                        ErrorCode.CANCELLED, "interrupted; the platform goes on with its restart", "", e);
            }
        }
        throw new StoaException(
                ErrorCode.INTERNAL,
                "process %d has not become the platform within %d s".formatted(pid, SWITCH_TIMEOUT.toSeconds()),
                "see: stoa status");
    }

    /** A connection of the old process's may break: the next one is the new one's. */
    private static <T> Optional<T> tried(Client client, String path, Class<T> type) {
        try {
            return Optional.of(client.get(Client.path(path), type));
        } catch (StoaException e) {
            if (e.code() == ErrorCode.CONNECTION_LOST || e.code() == ErrorCode.NO_PLATFORM) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
