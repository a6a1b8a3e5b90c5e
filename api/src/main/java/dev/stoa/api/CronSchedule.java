package dev.stoa.api;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneRules;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * When a scheduled job is due: the five fields of crontab(5), or a word such as {@code @daily}.
 *
 * <p>Where both the day of the month and the day of the week are restricted, a day that matches either counts, as in
 * crontab(5); a field that starts with {@code *} restricts nothing in this sense.
 *
 * <p>When clocks change, a schedule that names its hours is due once: a time that is skipped is due at the end of the gap, and
 * one that comes twice is due the first time. One whose hours start with {@code *} goes by what the clock shows.
 */
public final class CronSchedule {
    /** February 29 on a given day of the week comes at least this often, the year 2100 included. */
    private static final int SEARCH_YEARS_MAX = 41;

    private static final int QUOTE_CHARS_MAX = 60;
    private static final int FIELDS = 5;
    private static final String EXAMPLE = "\"0 8 * * *\"";

    private static final Map<String, String> WORDS = Map.of(
            "@hourly", "0 * * * *",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@weekly", "0 0 * * 0",
            "@monthly", "0 0 1 * *",
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *");

    private final String text;
    private final CronField minutes;
    private final CronField hours;
    private final CronField days;
    private final CronField months;
    private final CronField weekdays;

    private CronSchedule(String text, List<String> fields) {
        this.text = text;
        this.minutes = CronField.parse("minute", fields.get(0), 0, 59, List.of());
        this.hours = CronField.parse("hour", fields.get(1), 0, 23, List.of());
        this.days = CronField.parse("day of the month", fields.get(2), 1, 31, List.of());
        this.months = CronField.parse("month", fields.get(3), 1, 12, List.of(Month.values()));
        this.weekdays = CronField.parse("day of the week", fields.get(4), 0, 7, CronField.WEEKDAYS);
    }

    /** @throws StoaException if it is none, or never due; the message says why, the hint shows the right form */
    public static CronSchedule parse(String text) {
        try {
            CronSchedule schedule = new CronSchedule(text.strip(), fields(text.strip()));
            if (schedule.firstDay(LocalDate.of(2000, Month.JANUARY, 1)).isEmpty()) {
                throw new IllegalArgumentException("no year has such a date");
            }
            return schedule;
        } catch (IllegalArgumentException e) {
            String shown = text.length() <= QUOTE_CHARS_MAX ? text : text.substring(0, QUOTE_CHARS_MAX) + "…";
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "\"%s\" is not a schedule: %s".formatted(shown, e.getMessage()),
                    "it has minute, hour, day of the month, month and day of the week, such as " + EXAMPLE,
                    e);
        }
    }

    private static List<String> fields(String text) {
        if (text.startsWith("@")) {
            String word = text.toLowerCase(Locale.ROOT);
            return Optional.ofNullable(WORDS.get(word))
                    .map(fields -> List.of(fields.split(" ", -1)))
                    .orElseThrow(() -> new IllegalArgumentException(
                            "the words are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually"));
        }
        List<String> fields = List.of(text.split("\\s+", -1));
        if (fields.size() != FIELDS) {
            throw new IllegalArgumentException("it must have 5 fields, not " + (text.isEmpty() ? 0 : fields.size()));
        }
        return fields;
    }

    /** The first moment after the given one at which it is due, by the clocks of the zone. */
    public Instant next(Instant after, ZoneId zone) {
        LocalDateTime local = LocalDateTime.ofInstant(after, zone);
        // A time that a gap skipped may be due on the day after its own.
        LocalDate day = local.toLocalDate().minusDays(1);
        while (true) {
            day = firstDay(day)
                    .orElseThrow(() -> new IllegalStateException("a schedule that is never due was parsed: " + text));
            Optional<Instant> due = next(day, after, zone.getRules());
            if (due.isPresent()) {
                return due.get();
            }
            day = day.plusDays(1);
        }
    }

    /** The first day from this one on that it names. */
    private Optional<LocalDate> firstDay(LocalDate from) {
        LocalDate end = from.plusYears(SEARCH_YEARS_MAX);
        LocalDate day = from;
        while (day.isBefore(end)) {
            if (!months.has(day.getMonthValue())) {
                day = day.withDayOfMonth(1).plusMonths(1);
            } else if (names(day)) {
                return Optional.of(day);
            } else {
                day = day.plusDays(1);
            }
        }
        return Optional.empty();
    }

    private boolean names(LocalDate day) {
        boolean byDay = days.has(day.getDayOfMonth());
        boolean byWeekday = weekdays.has(day.getDayOfWeek().getValue() % DayOfWeek.values().length);
        return (days.starred() || weekdays.starred()) ? byDay && byWeekday : byDay || byWeekday;
    }

    private Optional<Instant> next(LocalDate day, Instant after, ZoneRules rules) {
        LocalDateTime start = day.atStartOfDay();
        ZoneOffset offset = rules.getOffset(start);
        if (rules.getValidOffsets(start).size() == 1
                && rules.getValidOffsets(start.plusDays(1)).equals(List.of(offset))
                && Optional.ofNullable(rules.nextTransition(start.toInstant(offset)))
                        .filter(change ->
                                change.getInstant().isBefore(start.plusDays(1).toInstant(offset)))
                        .isEmpty()) {
            return nextOnPlainDay(start, LocalDateTime.ofInstant(after, offset), offset);
        }
        Optional<Instant> first = Optional.empty();
        for (int hour = hours.from(0); hour >= 0; hour = hours.from(hour + 1)) {
            for (int minute = minutes.from(0); minute >= 0; minute = minutes.from(minute + 1)) {
                for (Instant due : moments(day.atTime(hour, minute), rules)) {
                    if (due.isAfter(after) && (first.isEmpty() || due.isBefore(first.get()))) {
                        first = Optional.of(due);
                    }
                }
            }
        }
        return first;
    }

    /** On a day on which the clocks do not change. */
    private Optional<Instant> nextOnPlainDay(LocalDateTime start, LocalDateTime after, ZoneOffset offset) {
        LocalTime from = LocalTime.MIN;
        if (!after.isBefore(start)) {
            LocalDateTime soonest = after.withSecond(0).withNano(0).plusMinutes(1);
            if (!soonest.toLocalDate().equals(start.toLocalDate())) {
                return Optional.empty();
            }
            from = soonest.toLocalTime();
        }
        int hour = hours.from(from.getHour());
        int minute = minutes.from(hour == from.getHour() ? from.getMinute() : 0);
        if (hour >= 0 && minute < 0) {
            hour = hours.from(hour + 1);
            minute = minutes.from(0);
        }
        return hour < 0
                ? Optional.empty()
                : Optional.of(start.withHour(hour).withMinute(minute).toInstant(offset));
    }

    private List<Instant> moments(LocalDateTime time, ZoneRules rules) {
        List<ZoneOffset> offsets = rules.getValidOffsets(time);
        if (offsets.isEmpty()) {
            return hours.starred()
                    ? List.of()
                    : List.of(rules.getTransition(time).getInstant());
        }
        return offsets.stream()
                .limit(hours.starred() ? offsets.size() : 1)
                .map(time::toInstant)
                .toList();
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }
}
