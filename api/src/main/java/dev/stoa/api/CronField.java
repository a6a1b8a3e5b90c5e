package dev.stoa.api;

import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One field of a {@link CronSchedule}: a list of numbers, names, ranges and steps.
 *
 * @param starred whether it was written with {@code *} at its start
 */
record CronField(BitSet values, boolean starred) {
    /** From Sunday on, which is 0 and 7. */
    static final List<String> WEEKDAYS = List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    private static final int SUNDAY_AS_LAST = 7;
    private static final Pattern PART = Pattern.compile("(?:(\\*)|(\\w+)(?:-(\\w+))?)(?:/(\\d{1,9}))?");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
    private static final int NAME_CHARS = 3;

    /**
     * @param name  how errors name the field
     * @param names of its values from the first on, of which three letters count
     * @throws IllegalArgumentException if it is none; the message says why
     */
    static CronField parse(String name, String text, int min, int max, List<?> names) {
        BitSet values = new BitSet(max + 1);
        for (String part : text.split(",", -1)) {
            Matcher form = PART.matcher(part);
            if (!form.matches()) {
                throw new IllegalArgumentException(
                        "the %s \"%s\" is neither a number, a range such as %d-%d, nor a step such as */2"
                                .formatted(name, part, min + 1, min + 4));
            }
            boolean all = form.group(1) != null;
            int low = all ? min : value(name, form.group(2), min, max, names);
            int high = all || (form.group(3) == null && form.group(4) != null) ? max : low;
            if (form.group(3) != null) {
                high = value(name, form.group(3), min, max, names);
                // As in FRI-SUN, where Sunday ends the week.
                high = high == 0 && low > 0 && max == SUNDAY_AS_LAST ? SUNDAY_AS_LAST : high;
            }
            if (high < low) {
                throw new IllegalArgumentException(
                        "the range \"%s\" of the %s ends before it starts; a list of two ranges can say that"
                                .formatted(part, name));
            }
            fill(values, name, low, high, form.group(4) == null ? "1" : form.group(4));
        }
        if (max == SUNDAY_AS_LAST && values.get(SUNDAY_AS_LAST)) {
            values.clear(SUNDAY_AS_LAST);
            values.set(0);
        }
        return new CronField(values, text.startsWith("*"));
    }

    private static void fill(BitSet values, String name, int low, int high, String step) {
        int by = Integer.parseInt(step);
        if (by == 0) {
            throw new IllegalArgumentException("the step of the %s must be 1 or more".formatted(name));
        }
        for (long value = low; value <= high; value += by) {
            values.set((int) value);
        }
    }

    private static int value(String name, String text, int min, int max, List<?> names) {
        if (NUMBER.matcher(text).matches()) {
            int number = Integer.parseInt(text);
            if (number < min || number > max) {
                throw new IllegalArgumentException(
                        "the %s must be from %d to %d, not %d".formatted(name, min, max, number));
            }
            return number;
        }
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).toString().substring(0, NAME_CHARS).equals(text.toUpperCase(Locale.ROOT))) {
                return min + i;
            }
        }
        throw new IllegalArgumentException(
                names.isEmpty()
                        ? "the %s must be from %d to %d, not \"%s\"".formatted(name, min, max, text)
                        : "the %s must be from %d to %d or a name such as %s, not \"%s\""
                                .formatted(
                                        name, min, max, names.get(1).toString().substring(0, NAME_CHARS), text));
    }

    boolean has(int value) {
        return values.get(value);
    }

    /** The first value from this one on; -1 if there is none. */
    int from(int value) {
        return values.nextSetBit(value);
    }
}
