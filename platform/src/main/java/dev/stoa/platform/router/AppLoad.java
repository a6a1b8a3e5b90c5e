package dev.stoa.platform.router;

import java.time.Duration;

/**
 * What an app has to do at one moment.
 *
 * @param inFlight  requests, streams and WebSockets at the instances of the present route table
 * @param held      requests that wait for an instance
 * @param instances that take requests
 * @param idle      for how long nothing has been in flight; zero while there is something
 */
public record AppLoad(int inFlight, int held, int instances, Duration idle) {
    /** With what other routers have to do for the same instances. */
    public AppLoad and(int inFlightElsewhere, int heldElsewhere, Duration idleElsewhere) {
        return new AppLoad(
                inFlight + inFlightElsewhere,
                held + heldElsewhere,
                instances,
                idle.compareTo(idleElsewhere) < 0 ? idle : idleElsewhere);
    }
}
