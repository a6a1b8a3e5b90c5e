package dev.stoa.platform.resource;

import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The way of clients past the door of a database: while its server runs, the kernel leads them there. There is none while the
 * door is shut, nor where clients share sessions, which is what the door is for.
 */
final class DatabaseWay {
    private static final System.Logger LOG = System.getLogger(DatabaseWay.class.getName());

    private final DatabaseReach reach;
    private OptionalInt door = OptionalInt.empty();
    private Optional<Postmaster> server = Optional.empty();
    private Set<Integer> tenants = Set.of();
    private boolean shared;

    DatabaseWay(DatabaseReach reach) {
        this.reach = reach;
    }

    /** What the server is told that is about to start. */
    Map<String, String> prepare(Path home) {
        return reach.prepare(home);
    }

    /** The port that the door is open at. */
    synchronized void doorAt(int port) {
        door = OptionalInt.of(port);
        update();
    }

    /** Whose instances may come. */
    synchronized void admit(Set<Integer> whose) {
        tenants = whose;
        update();
    }

    synchronized void share(boolean sessions) {
        shared = sessions;
        update();
    }

    /** The server takes connections. */
    synchronized void leadTo(Postmaster running) {
        if (reach.includes(running)) {
            server = Optional.of(running);
            update();
        }
    }

    /** The server takes no more, or is about to. */
    synchronized void close() {
        server = Optional.empty();
        update();
    }

    synchronized boolean isOpen() {
        return door.isPresent() && server.isPresent() && !shared;
    }

    /** Looks whether the server is there still: nobody else is told that it was killed. */
    synchronized void look(Path data) {
        if (server.filter(running -> !running.runsIn(data)).isPresent()) {
            close();
        }
    }

    void renew(Path home) {
        Optional<Postmaster> running;
        synchronized (this) {
            running = server;
        }
        running.ifPresent(present -> reach.renew(home, present));
    }

    private void update() {
        if (door.isEmpty()) {
            return;
        }
        reach.forwarding().ifPresent(forwarding -> {
            if (!isOpen()) {
                forwarding.end(door.getAsInt());
                return;
            }
            try {
                forwarding.forward(door.getAsInt(), server.orElseThrow().port(), tenants);
            } catch (UncheckedIOException e) {
                LOG.log(Level.WARNING, "clients of a database go by its door port=" + door.getAsInt(), e);
            }
        });
    }
}
