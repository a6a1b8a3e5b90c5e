package dev.stoa.api;

import java.util.Map;

/**
 * What a router in another process says of itself.
 *
 * @param epoch    of the table that is in force there
 * @param version  of that table
 * @param inFlight requests that it has in flight to addresses which are not in that table any more, by address; those
 *     with none are not named
 * @param loads    by app, of those whose instances come and go with their requests: what there is to do there; those that
 *     nobody has asked for in the last seconds are not named
 */
public record RouterReport(String epoch, long version, Map<String, Integer> inFlight, Map<String, Load> loads) {
    public RouterReport {
        inFlight = Map.copyOf(inFlight);
        loads = Map.copyOf(loads);
    }

    /**
     * @param inFlight requests, streams and WebSockets at instances
     * @param held     requests that wait for an instance
     */
    public record Load(int inFlight, int held) {}
}
