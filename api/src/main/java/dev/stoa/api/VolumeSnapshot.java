package dev.stoa.api;

import java.time.Instant;

/**
 * What a volume held at one moment.
 *
 * @param name      of its time, such as {@code 20261121-140311}
 * @param how       for people: what it is worth, such as {@code frozen for 12 ms}
 * @param sizeBytes of its files
 */
public record VolumeSnapshot(String name, Instant takenAt, String how, long sizeBytes) {
    public VolumeSnapshot called(String other) {
        return new VolumeSnapshot(other, takenAt, how, sizeBytes);
    }
}
