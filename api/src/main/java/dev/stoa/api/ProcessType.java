package dev.stoa.api;

/**
 * A process type of an app and how many instances of it are wanted.
 *
 * @param instances wanted now; 0 of one that sleeps
 * @param min       the fewest that may be wanted
 * @param max       the most; the same as {@code min} for a fixed number
 * @param command   as the shell gets it
 */
public record ProcessType(String type, int instances, int min, int max, String command) {
    /** With a fixed number of instances. */
    public ProcessType(String type, int instances, String command) {
        this(type, instances, instances, instances, command);
    }

    /** Such as {@code 3}, or {@code 3 (0..10)} where the requests decide. */
    public String shown() {
        return max > min ? "%d (%d..%d)".formatted(instances, min, max) : String.valueOf(instances);
    }
}
