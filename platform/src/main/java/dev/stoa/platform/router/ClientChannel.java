package dev.stoa.platform.router;

/** A client's connection, as its lane sees it. */
interface ClientChannel {
    /** Where it stands in the list of its lane. */
    int slot();

    void slot(int slot);

    /** The router goes: tells every WebSocket of its exchanges, see {@link Exchange#goAway}. */
    default void goAway() {}

    /** The router takes no new connections any more: clients that can be told without losing a request are told. */
    default void lastRequests() {}

    /** The router closes: ends now if nothing is going on, else after what is. */
    void closing();

    /** Ends what takes too long. */
    void tick(long nowNanos);
}
