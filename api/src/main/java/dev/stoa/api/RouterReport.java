package dev.stoa.api;

import java.util.Map;

/**
 * What a router in another process says of itself.
 *
 * @param epoch    of the table that is in force there
 * @param version  of that table
 * @param inFlight requests that it has in flight to addresses which are not in that table any more, by address; those
 *     with none are not named
 */
public record RouterReport(String epoch, long version, Map<String, Integer> inFlight) {
    public RouterReport {
        inFlight = Map.copyOf(inFlight);
    }
}
