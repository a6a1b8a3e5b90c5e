package dev.stoa.platform.router;

import java.util.Optional;

/** Knows which certificate belongs to which host. */
public interface IdentitySource {
    /** The host of clients that name none, and of those that name one that no app has but {@link #greets}. */
    String NO_HOST = "";

    /**
     * What to show for a host of the route table, or for {@link #NO_HOST}; empty turns the client away. It may block, and is
     * asked once for each host, until {@link Router#identityChanged}.
     */
    Optional<ServerIdentity> find(String host);

    /** Whether a client that names a host that no app has gets the answer that there is none, rather than none. Quick. */
    boolean greets(String host);
}
