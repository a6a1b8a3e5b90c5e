package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronScheduleTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # every field
            * * * * *            | 2026-01-01T00:00:00Z | 2026-01-01T00:01:00Z
            * * * * *            | 2026-01-01T00:00:59.999Z | 2026-01-01T00:01:00Z
            * * * * *            | 2025-12-31T23:59:30Z | 2026-01-01T00:00:00Z
            0 8 * * *            | 2026-01-01T07:59:59Z | 2026-01-01T08:00:00Z
            0 8 * * *            | 2026-01-01T08:00:00Z | 2026-01-02T08:00:00Z
            59 23 31 12 *        | 2026-12-31T23:59:00Z | 2027-12-31T23:59:00Z
            # lists, ranges and steps
            */15 * * * *         | 2026-01-01T00:16:00Z | 2026-01-01T00:30:00Z
            */15 * * * *         | 2026-01-01T00:45:00Z | 2026-01-01T01:00:00Z
            */60 * * * *         | 2026-01-01T00:45:00Z | 2026-01-01T01:00:00Z
            10-50/20 * * * *     | 2026-01-01T00:30:00Z | 2026-01-01T00:50:00Z
            50/5 * * * *         | 2026-01-01T00:50:00Z | 2026-01-01T00:55:00Z
            5,10-12,40 3,22 * * *| 2026-01-01T03:12:00Z | 2026-01-01T03:40:00Z
            5,10-12,40 3,22 * * *| 2026-01-01T03:40:00Z | 2026-01-01T22:05:00Z
            0 9-17/4 * * *       | 2026-01-01T13:00:00Z | 2026-01-01T17:00:00Z
            # months and days of the week by name and number
            0 0 1 JAN,jul *      | 2026-01-01T00:00:00Z | 2026-07-01T00:00:00Z
            0 0 * * MON          | 2026-01-01T00:00:00Z | 2026-01-05T00:00:00Z
            0 0 * * 7            | 2026-01-01T00:00:00Z | 2026-01-04T00:00:00Z
            0 0 * * 0            | 2026-01-01T00:00:00Z | 2026-01-04T00:00:00Z
            0 0 * * 5-7          | 2026-01-03T00:00:00Z | 2026-01-04T00:00:00Z
            0 0 * * Fri-Sun      | 2026-01-04T00:00:00Z | 2026-01-09T00:00:00Z
            0 9 * * MON-FRI      | 2026-01-02T09:00:00Z | 2026-01-05T09:00:00Z
            # the 13th or a Friday, where both are restricted
            0 0 13 * FRI         | 2026-01-01T00:00:00Z | 2026-01-02T00:00:00Z
            0 0 13 * FRI         | 2026-01-09T00:00:00Z | 2026-01-13T00:00:00Z
            # every second day and a Monday, as one of them starts with a star
            0 0 */2 * MON        | 2026-01-05T00:00:00Z | 2026-01-19T00:00:00Z
            # dates that are rare
            0 0 31 * *           | 2026-01-31T00:00:00Z | 2026-03-31T00:00:00Z
            0 0 29 2 *           | 2026-01-01T00:00:00Z | 2028-02-29T00:00:00Z
            0 0 29 2 *           | 2096-03-01T00:00:00Z | 2104-02-29T00:00:00Z
            0 0 29 FEB */6       | 2026-01-01T00:00:00Z | 2032-02-29T00:00:00Z
            0 0 31 2 MON         | 2026-01-01T00:00:00Z | 2026-02-02T00:00:00Z
            # words
            @hourly              | 2026-01-01T00:30:00Z | 2026-01-01T01:00:00Z
            @daily               | 2026-01-01T00:30:00Z | 2026-01-02T00:00:00Z
            @midnight            | 2026-01-01T00:30:00Z | 2026-01-02T00:00:00Z
            @weekly              | 2026-01-01T00:30:00Z | 2026-01-04T00:00:00Z
            @monthly             | 2026-01-01T00:30:00Z | 2026-02-01T00:00:00Z
            @yearly              | 2026-01-01T00:30:00Z | 2027-01-01T00:00:00Z
            @Annually            | 2026-01-01T00:30:00Z | 2027-01-01T00:00:00Z
            """)
    void isNextDueAt(String schedule, Instant after, Instant due) {
        assertThat(CronSchedule.parse(schedule).next(after, ZoneOffset.UTC)).isEqualTo(due);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # an ordinary day, and the two sides of a change
            0 8 * * *     | Europe/Berlin    | 2026-01-01T12:00:00Z | 2026-01-02T07:00:00Z
            0 8 * * *     | Europe/Berlin    | 2026-03-28T12:00:00Z | 2026-03-29T06:00:00Z
            0 0 * * *     | Asia/Kathmandu   | 2026-01-01T12:00:00Z | 2026-01-01T18:15:00Z
            # 02:30 does not exist on 29 March: due once, when the gap ends
            30 2 * * *    | Europe/Berlin    | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z
            30 2 * * *    | Europe/Berlin    | 2026-03-29T01:00:00Z | 2026-03-30T00:30:00Z
            0,30 2 * * *  | Europe/Berlin    | 2026-03-29T01:00:00Z | 2026-03-30T00:00:00Z
            0 2,3 * * *   | Europe/Berlin    | 2026-03-29T01:00:00Z | 2026-03-30T00:00:00Z
            # every hour, by what the clock shows
            30 * * * *    | Europe/Berlin    | 2026-03-29T00:30:00Z | 2026-03-29T01:30:00Z
            # 02:30 comes twice on 25 October: due the first time only
            30 2 * * *    | Europe/Berlin    | 2026-10-24T12:00:00Z | 2026-10-25T00:30:00Z
            30 2 * * *    | Europe/Berlin    | 2026-10-25T00:30:00Z | 2026-10-26T01:30:00Z
            # every half hour, through both
            */30 * * * *  | Europe/Berlin    | 2026-10-25T00:30:00Z | 2026-10-25T01:00:00Z
            # where the change is at midnight: 6 September 2026 begins at 01:00 in Santiago
            0 0 * * *     | America/Santiago | 2026-09-05T12:00:00Z | 2026-09-06T04:00:00Z
            30 0 6 9 *    | America/Santiago | 2026-09-05T12:00:00Z | 2026-09-06T04:00:00Z
            # half an hour on Lord Howe
            15 2 * * *    | Australia/Lord_Howe | 2026-10-03T12:00:00Z | 2026-10-03T15:30:00Z
            # 30 December 2011 did not exist in Samoa
            0 12 30 12 *  | Pacific/Apia     | 2011-12-01T00:00:00Z | 2011-12-30T10:00:00Z
            """)
    void goesByTheClocksOfItsZone(String schedule, String zone, Instant after, Instant due) {
        assertThat(CronSchedule.parse(schedule).next(after, ZoneId.of(zone))).isEqualTo(due);
    }

    @Test
    void isDueOnceADayThroughAYearOfClockChanges() {
        CronSchedule schedule = CronSchedule.parse("15 2 * * *");
        ZoneId zone = ZoneId.of("Europe/Berlin");
        Instant moment = Instant.parse("2025-12-31T23:30:00Z");
        List<Integer> days = new ArrayList<>();
        for (int i = 0; i < 365; i++) {
            moment = schedule.next(moment, zone);
            days.add(LocalDateTime.ofInstant(moment, zone).getDayOfYear());
        }
        assertThat(days).isEqualTo(Stream.iterate(1, day -> day + 1).limit(365).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``              | it must have 5 fields, not 0
            * * * *         | it must have 5 fields, not 4
            0 0 0 1 1 *     | it must have 5 fields, not 6
            @reboot         | the words are @hourly, @daily
            @every 5m       | the words are @hourly, @daily
            60 * * * *      | the minute must be from 0 to 59, not 60
            * 24 * * *      | the hour must be from 0 to 23, not 24
            * * 0 * *       | the day of the month must be from 1 to 31, not 0
            * * * 13 *      | the month must be from 1 to 12, not 13
            * * * * 8       | the day of the week must be from 0 to 7, not 8
            x * * * *       | the minute must be from 0 to 59, not "x"
            * * * Foo *     | the month must be from 1 to 12 or a name such as FEB, not "Foo"
            * * * * Monday  | the day of the week must be from 0 to 7 or a name such as MON, not "Monday"
            -1 * * * *      | the minute "-1" is neither
            1- * * * *      | the minute "1-" is neither
            1,,2 * * * *    | the minute "" is neither
            */ * * * *      | the minute "*/" is neither
            */0 * * * *     | the step of the minute must be 1 or more
            ? * * * *       | the minute "?" is neither
            * * L * *       | the day of the month must be from 1 to 31, not "L"
            * 22-2 * * *    | the range "22-2" of the hour ends before it starts
            * * * * 99999999999999999999 | the day of the week must be from 0 to 7
            0 0 31 2 *      | no year has such a date
            0 0 30,31 feb * | no year has such a date
            0 0 31 4,6,9,11 * | no year has such a date
            """)
    void isRefusedWithTheReason(String schedule, String reason) {
        assertThatThrownBy(() -> CronSchedule.parse(schedule)).isInstanceOfSatisfying(StoaException.class, e -> {
            assertThat(e.message()).startsWith("\"" + schedule + "\" is not a schedule: " + reason);
            assertThat(e.hint().orElse("")).endsWith("such as \"0 8 * * *\"");
        });
    }
}
