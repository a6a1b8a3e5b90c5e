package dev.stoa.api;

/**
 * A router in another process.
 *
 * @param connected whether it watches the route table now
 * @param current   whether the present table is in force there
 * @param leaving   requests that it has in flight to instances which get no more
 */
public record RouterInfo(String id, boolean connected, boolean current, int leaving) {}
