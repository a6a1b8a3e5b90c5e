package dev.stoa.api;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A release that gets a share of an app's requests.
 *
 * @param release   such as {@code v5}
 * @param beside    the active release, which gets the rest
 * @param percent   of the requests
 * @param instances that it has, with those that wait for their next start
 * @param up        of them
 */
public record Canary(String release, Optional<String> beside, int percent, int instances, int up) {
    private static final int PERCENT_MIN = 1;
    private static final int PERCENT_MAX = 99;

    private static final Pattern SHARE = Pattern.compile("(\\d{1,3})\\s*%?");

    /**
     * Reads a share such as {@code 10%}.
     *
     * @throws StoaException BAD_REQUEST
     */
    public static int percentOf(String text) {
        Matcher share = SHARE.matcher(text.strip());
        if (!share.matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" is not a share of the requests: it is a whole number of percent, from %d%% to %d%%"
                            .formatted(text, PERCENT_MIN, PERCENT_MAX),
                    "for example: 10%");
        }
        int percent = Integer.parseInt(share.group(1));
        checkPercent(percent);
        return percent;
    }

    /** @throws StoaException BAD_REQUEST for one that is none, or is all */
    public static void checkPercent(int percent) {
        if (percent < PERCENT_MIN || percent > PERCENT_MAX) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "a canary gets from %d%% to %d%% of the requests, not %d%%"
                            .formatted(PERCENT_MIN, PERCENT_MAX, percent),
                    "to give it all of them: stoa promote; to end it: stoa canary stop");
        }
    }
}
