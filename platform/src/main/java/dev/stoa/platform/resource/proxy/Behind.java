package dev.stoa.platform.resource.proxy;

import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;

/** The server behind a door. All methods may block, and none is called by an event loop. */
public interface Behind {
    /** Why a client at this address is not let in; empty: it is. */
    Optional<String> refusal(InetAddress client);

    /**
     * Starts the server unless it runs, and returns its port on 127.0.0.1.
     *
     * @throws dev.stoa.api.StoaException if it does not start
     */
    int start();

    /** Its port, if it runs. */
    OptionalInt running();
}
