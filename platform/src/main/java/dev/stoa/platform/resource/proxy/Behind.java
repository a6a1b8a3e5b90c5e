package dev.stoa.platform.resource.proxy;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** The server behind a door. All methods may block, and none is called by an event loop. */
public interface Behind {
    /** Why a client at this address is not let in; empty: it is. */
    Optional<String> refusal(InetAddress client);

    /**
     * Starts the server unless it runs, and says where it listens.
     *
     * @throws dev.stoa.api.StoaException if it does not start
     */
    Place start();

    /** Where it listens, if it runs. */
    Optional<Place> running();

    /** How many sessions the clients share; empty: each has one of its own. */
    OptionalInt pooled();

    /** What the server keeps of the password of a login, as {@link Scram.Verifier} reads it; empty: there is no such login. */
    Optional<String> verifier(String user);

    /**
     * Where a server listens.
     *
     * @param port   on 127.0.0.1
     * @param socket of the file system, if there is one: half the way through the kernel
     */
    record Place(int port, Optional<Path> socket) {}
}
