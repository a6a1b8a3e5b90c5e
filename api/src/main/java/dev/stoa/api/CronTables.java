package dev.stoa.api;

import dev.stoa.api.Manifest.CronManifest;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The tables {@code [crons.NAME]} of the manifest. */
final class CronTables {
    static final String EXAMPLE = "[crons.digest]";

    /** Each keeps a history of its own. */
    static final int CRONS_MAX = 100;

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    private static final KeyExamples EXAMPLES = KeyExamples.of(
            "schedule", "schedule = \"0 8 * * *\"",
            "command", "command = \"python digest.py\"",
            "timezone", "timezone = \"Europe/Berlin\"",
            "overlap", "overlap = true",
            "timeout", "timeout = \"30m\"");

    private CronTables() {}

    static Map<String, CronManifest> read(TomlSection top) {
        Map<String, CronManifest> crons = new LinkedHashMap<>();
        top.section("crons", EXAMPLE)
                .ifPresent(section -> section.sections(EXAMPLE + "   " + EXAMPLES.of("schedule"))
                        .forEach((name, cron) -> {
                            if (crons.size() == CRONS_MAX) {
                                throw section.problem(
                                        name,
                                        "[crons] has more than %d entries".formatted(CRONS_MAX),
                                        "let one command see to several things");
                            }
                            if (!NAME.matcher(name).matches()) {
                                throw section.problem(
                                        name,
                                        "\"%s\" cannot name a cron: it has 1 to 40 of a-z, 0-9 and hyphens, and starts with a letter"
                                                .formatted(name),
                                        EXAMPLE);
                            }
                            crons.put(name, cron(section, name, cron));
                        }));
        return crons;
    }

    private static CronManifest cron(TomlSection crons, String name, TomlSection cron) {
        cron.allowOnly(EXAMPLES.byKey(), Map.of());
        return new CronManifest(
                schedule(crons, name, cron),
                required(crons, name, cron, "command"),
                timezone(cron),
                overlap(cron),
                cron.timeout(EXAMPLES.of("timeout")));
    }

    private static String schedule(TomlSection crons, String name, TomlSection cron) {
        String key = "schedule";
        String text = required(crons, name, cron, key);
        try {
            var _ = CronSchedule.parse(text);
            return text;
        } catch (StoaException e) {
            throw cron.problem(key, "%s: %s".formatted(cron.subject(key), e.message()), EXAMPLES.of(key));
        }
    }

    private static String required(TomlSection crons, String name, TomlSection cron, String key) {
        return cron.text(key, EXAMPLES.of(key))
                .orElseThrow(
                        () -> crons.problem(name, "[crons.%s] has no \"%s\"".formatted(name, key), EXAMPLES.of(key)));
    }

    private static Optional<String> timezone(TomlSection cron) {
        String key = "timezone";
        Optional<String> zone = cron.text(key, EXAMPLES.of(key));
        try {
            zone.ifPresent(ZoneId::of);
            return zone;
        } catch (DateTimeException e) {
            throw cron.problem(
                    key,
                    "%s must be the name of a time zone, not \"%s\"".formatted(cron.subject(key), zone.orElse("")),
                    EXAMPLES.of(key));
        }
    }

    private static boolean overlap(TomlSection cron) {
        String key = "overlap";
        return cron.value(key)
                .map(value -> switch (value) {
                    case Boolean flag -> flag;
                    default -> throw cron.wrongType(key, "true or false", EXAMPLES.of(key));
                })
                .orElse(false);
    }
}
