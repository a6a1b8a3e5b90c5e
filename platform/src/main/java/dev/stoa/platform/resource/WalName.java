package dev.stoa.platform.resource;

import java.util.regex.Pattern;

/**
 * The name of a segment of the write-ahead log: 8 hexadecimal digits each of timeline, log and segment (PostgreSQL:
 * src/include/access/xlog_internal.h).
 */
record WalName(String text) implements Comparable<WalName> {
    private static final Pattern FORM = Pattern.compile("[0-9A-F]{24}");
    private static final Pattern OTHERS =
            Pattern.compile("[0-9A-F]{8}\\.history|[0-9A-F]{24}\\.partial|[0-9A-F]{24}\\.[0-9A-F]{8}\\.backup");

    private static final int TIMELINE_DIGITS = 8;
    private static final int HALF = 16;
    private static final int RADIX = 16;
    private static final long LOG_BYTES = 1L << 32;

    WalName {
        if (!isOne(text)) {
            throw new IllegalArgumentException(text);
        }
    }

    static boolean isOne(String text) {
        return FORM.matcher(text).matches();
    }

    /** Whether PostgreSQL archives files of such a name. */
    static boolean isArchived(String text) {
        return isOne(text) || OTHERS.matcher(text).matches();
    }

    /** The segment that the byte at this position is in, such as {@code 0/3000028}. */
    static WalName at(String timeline, String lsn, long segmentBytes) {
        return at(timeline, position(lsn), segmentBytes);
    }

    /** The segment that the last byte before this position is in. */
    static WalName before(String timeline, String lsn, long segmentBytes) {
        return at(timeline, position(lsn) - 1, segmentBytes);
    }

    private static long position(String lsn) {
        String[] halves = lsn.split("/", 2);
        return (Long.parseLong(halves[0], RADIX) << 32) + Long.parseLong(halves[1], RADIX);
    }

    static WalName at(String timeline, long position, long segmentBytes) {
        return new WalName("%s%08X%08X".formatted(timeline, position / LOG_BYTES, position % LOG_BYTES / segmentBytes));
    }

    /** The one after it on its timeline. */
    WalName next(long segmentBytes) {
        long log = Long.parseLong(text.substring(TIMELINE_DIGITS, HALF), RADIX);
        long segment = Long.parseLong(text.substring(HALF), RADIX) + 1;
        if (segment >= LOG_BYTES / segmentBytes) {
            segment = 0;
            log++;
        }
        return new WalName("%s%08X%08X".formatted(timeline(), log, segment));
    }

    String timeline() {
        return text.substring(0, TIMELINE_DIGITS);
    }

    @Override
    public int compareTo(WalName other) {
        return text.compareTo(other.text);
    }
}
