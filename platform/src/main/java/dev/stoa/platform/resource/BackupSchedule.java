package dev.stoa.platform.resource;

import dev.stoa.api.CronSchedule;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.api.TimeSpan;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** When a database is backed up, and how far back it can be restored. */
record BackupSchedule(CronSchedule schedule, Duration keep) {
    static final String SCHEDULE = "backup.schedule";
    static final String KEEP = "backup.keep";
    static final List<String> KEYS = List.of(SCHEDULE, KEEP);

    private static final String SCHEDULE_DEFAULT = "0 3 * * *";
    private static final String KEEP_DEFAULT = "7d";
    private static final Duration KEEP_MIN = Duration.ofHours(1);

    /** @throws StoaException BAD_REQUEST for a schedule or a time that is none */
    static BackupSchedule of(Map<String, String> settings) {
        String keep = settings.getOrDefault(KEEP, KEEP_DEFAULT);
        Duration span = TimeSpan.parse(keep)
                .filter(given -> given.compareTo(KEEP_MIN) >= 0)
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is no time for which backups can be kept; the least is 1h".formatted(keep),
                        "for example: keep = \"7d\""));
        return new BackupSchedule(CronSchedule.parse(settings.getOrDefault(SCHEDULE, SCHEDULE_DEFAULT)), span);
    }

    static Map<String, String> without(Map<String, String> settings) {
        Map<String, String> others = new HashMap<>(settings);
        KEYS.forEach(others::remove);
        return others;
    }
}
