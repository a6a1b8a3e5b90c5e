package dev.stoa.platform.source;

/**
 * How much an archive may hold.
 *
 * @param entriesMax files, folders and links
 * @param bytesMax   of all files together, unpacked
 */
public record ArchiveLimits(int entriesMax, long bytesMax) {
    public static final ArchiveLimits DEFAULT = new ArchiveLimits(200_000, 4L << 30);

    public ArchiveLimits {
        if (entriesMax < 1 || bytesMax < 1) {
            throw new IllegalArgumentException("a limit must be positive: " + entriesMax + ", " + bytesMax);
        }
    }
}
