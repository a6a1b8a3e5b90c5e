package dev.stoa.platform.router;

/** What the route table says about a request. */
sealed interface Claim {
    /** No app answers for the host. */
    record NoApp() implements Claim {}

    /** The app has no instance, or none that has not been tried already. */
    record NoInstance(Route route) implements Claim {}

    /** Every instance that may be asked has as many requests as it may have at once. */
    record Full(Route route) implements Claim {}

    /**
     * The request counts as in flight to the backend until {@link Backend#release}.
     *
     * @param remember whether the client is to be told to stay with this backend
     */
    record Taken(Route route, Backend backend, boolean remember) implements Claim {}
}
