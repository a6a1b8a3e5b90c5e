package dev.stoa.platform.engine;

/**
 * The most that an instance may use.
 *
 * @param memoryBytes resident memory; beyond it the instance is killed
 * @param cpus        cores, such as 0.5
 * @param processes   processes and threads
 */
public record Limits(long memoryBytes, double cpus, int processes) {}
