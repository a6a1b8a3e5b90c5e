package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;

/** Moments as people write them. */
final class Moments {
    private Moments() {}

    /** With an offset or Z, or else in the time zone of this machine. */
    static Instant parse(String text) {
        return parse(text, ZoneId.systemDefault());
    }

    static Instant parse(String text, ZoneId zone) {
        String iso = text.strip().replaceFirst("^(\\S+) +(\\d)", "$1T$2").replaceFirst(" +(?=[+-]\\d\\d)", "");
        String whole = iso.replaceFirst("([+-]\\d\\d)$", "$1:00");
        try {
            return whole.matches(".*T.*([Zz]|[+-]\\d\\d:?\\d\\d)")
                    ? OffsetDateTime.parse(whole).toInstant()
                    : LocalDateTime.parse(whole).atZone(zone).toInstant();
        } catch (DateTimeException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" is no moment".formatted(text),
                    "for example: \"2026-11-20 14:03:11\", in the time zone %s, or 2026-11-20T14:03:11Z"
                            .formatted(zone),
                    e);
        }
    }
}
