package dev.stoa.platform.router;

/** A client's connection, as its lane sees it. */
interface ClientChannel {
    /** Where it stands in the list of its lane. */
    int slot();

    void slot(int slot);

    /** The router goes: tells every WebSocket of its exchanges, see {@link Exchange#goAway}. */
    default void goAway() {}

    /** Another process takes the connections that come: asks the client for the last ones of this one, if there is a way to. */
    default void retiring() {}

    /** The router closes: ends now if nothing is going on, else after what is. */
    void closing();

    /** Ends what takes too long. */
    void tick(long nowNanos);
}
