package dev.stoa.platform.engine;

/**
 * The most that an instance may use.
 *
 * @param memoryBytes resident memory; beyond it the instance is killed
 * @param cpus        cores, such as 0.5
 * @param processes   processes and threads
 * @param weight      its share of the CPU when that is scarce, from 1 to 10,000
 */
public record Limits(long memoryBytes, double cpus, int processes, int weight) {
    public static final int NORMAL_WEIGHT = 100;

    /** With the weight of everybody else. */
    public Limits(long memoryBytes, double cpus, int processes) {
        this(memoryBytes, cpus, processes, NORMAL_WEIGHT);
    }
}
