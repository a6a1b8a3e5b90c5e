package dev.stoa.platform.router;

/**
 * Is told once of each request, when it is over. Called on an event loop: it must be cheap, and must never block.
 */
@FunctionalInterface
public interface RequestListener {
    void finished(FinishedRequest request);
}
