package dev.stoa.api;

import java.util.Optional;

/** The bodies of the requests on volumes, and what some of them answer. */
public final class VolumeRequests {
    private VolumeRequests() {}

    /** @param stop whether the app's instances stop for it, and do not only stand still */
    public record Take(boolean stop) {}

    /**
     * @param snapshot its name; absent: what a volume had that was destroyed
     * @param as       the name of a new volume; absent: the same one
     */
    public record Restore(Optional<String> snapshot, Optional<String> as) {}

    /**
     * What became of a restore.
     *
     * @param before the snapshot of what the volume held before; absent: it is a new one
     */
    public record Restored(Resource volume, Optional<VolumeSnapshot> before) {}

    /** What is to be changed of a volume; absent: it stays. */
    public record Change(Optional<String> quota, Optional<Boolean> shared) {}
}
