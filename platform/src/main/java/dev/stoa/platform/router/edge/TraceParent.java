package dev.stoa.platform.router.edge;

import java.util.HexFormat;

/**
 * The header {@code traceparent} of W3C Trace Context. One that is valid goes on untouched, since the router reports no span that
 * could stand between; one that is not counts as none.
 */
public final class TraceParent {
    private static final int VERSION_END = 2;
    private static final int TRACE_END = 35;
    private static final int PARENT_END = 52;
    private static final int LENGTH = 55;

    private TraceParent() {}

    /** Whether it names a trace, in the version that is known or in a later one. */
    public static boolean isValid(String value) {
        if (value.length() < LENGTH || !isHex(value, 0, VERSION_END) || value.startsWith("ff")) {
            return false;
        }
        boolean known = value.startsWith("00");
        boolean ends = value.length() == LENGTH || (!known && value.charAt(LENGTH) == '-');
        return ends
                && value.charAt(VERSION_END) == '-'
                && value.charAt(TRACE_END) == '-'
                && value.charAt(PARENT_END) == '-'
                && isHex(value, VERSION_END + 1, TRACE_END)
                && isHex(value, TRACE_END + 1, PARENT_END)
                && isHex(value, PARENT_END + 1, LENGTH)
                && !isZero(value, VERSION_END + 1, TRACE_END)
                && !isZero(value, TRACE_END + 1, PARENT_END);
    }

    /** A new one, said to be recorded: an app that takes the word of whoever asks would record nothing otherwise. */
    public static String create(long traceHigh, long traceLow, long parent) {
        HexFormat hex = HexFormat.of();
        // Neither may be zero; the odd bit costs nothing.
        return "00-" + hex.toHexDigits(traceHigh) + hex.toHexDigits(traceLow | 1) + "-" + hex.toHexDigits(parent | 1)
                + "-01";
    }

    private static boolean isHex(String value, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = value.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isZero(String value, int from, int to) {
        for (int i = from; i < to; i++) {
            if (value.charAt(i) != '0') {
                return false;
            }
        }
        return true;
    }
}
