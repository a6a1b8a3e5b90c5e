package dev.stoa.platform.control;

import java.util.Map;

/** How many instances a canary has. */
final class CanaryCounts {
    private static final int ALL_PERCENT = 100;

    private CanaryCounts() {}

    /**
     * The part of the web instances that its part of the requests asks for, at least one; nothing of the other process
     * types, since the work of a worker cannot be shared out in percents.
     *
     * @param counts  of the whole release, by process type
     * @param starting whether it has to show first that it comes up; if not, it has none where the app has none
     */
    static Map<String, Integer> of(Map<String, Integer> counts, int percent, boolean starting) {
        int web = counts.getOrDefault(LaunchOrder.WEB, 0);
        int part = Math.ceilDiv(web * percent, ALL_PERCENT);
        return Map.of(LaunchOrder.WEB, starting ? Math.max(1, part) : part);
    }
}
