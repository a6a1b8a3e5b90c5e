package dev.stoa.api;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The key {@code instances} of {@code [processes.NAME]}: a number, or for the web process a table. */
final class InstancesValue {
    static final String KEY = "instances";
    static final String EXAMPLE = "instances = 2";

    private static final String TABLE = "instances = { min = 0, max = 10, concurrency = 50, idle = \"15m\" }";
    private static final String WEB = "web";
    private static final KeyExamples EXAMPLES = KeyExamples.of(
            "min", "instances = { min = 0, max = 10 }",
            "max", "instances = { min = 0, max = 10 }",
            "concurrency", "instances = { min = 1, max = 10, concurrency = 50 }",
            "idle", "instances = { min = 0, idle = \"15m\" }");

    private InstancesValue() {}

    static Optional<InstanceRange> read(String type, TomlSection process) {
        return process.value(KEY).map(value -> switch (value) {
            case Long number
            when number >= 0 && number <= InstanceRange.INSTANCES_MAX -> InstanceRange.fixed(number.intValue());
            case Long number ->
                throw process.problem(
                        KEY,
                        "%s must be from 0 to %d, not %d"
                                .formatted(process.subject(KEY), InstanceRange.INSTANCES_MAX, number),
                        EXAMPLE);
            case org.tomlj.TomlTable _
            when type.equals(WEB) -> range(process.section(KEY, TABLE).orElseThrow());
            case org.tomlj.TomlTable _ ->
                throw process.problem(
                        KEY,
                        "%s is a table, and only web gets requests that could scale it".formatted(process.subject(KEY)),
                        "give a number:   " + EXAMPLE);
            default -> throw process.wrongType(KEY, "a whole number or a table", EXAMPLE + "   or   " + TABLE);
        });
    }

    private static InstanceRange range(TomlSection table) {
        table.allowOnly(EXAMPLES.byKey(), Map.of());
        int min = number(table, "min", 0, InstanceRange.INSTANCES_MAX).orElse(1);
        Optional<Integer> max = number(table, "max", 1, InstanceRange.INSTANCES_MAX);
        if (max.isPresent() && max.get() < min) {
            throw table.problem(
                    max.isPresent() ? "max" : "min",
                    "%s is %d, less than \"min\", which is %d".formatted(table.subject("max"), max.get(), min),
                    EXAMPLES.of("max"));
        }
        return new InstanceRange(
                min,
                max.orElse(Math.max(1, min)),
                number(table, "concurrency", 1, InstanceRange.CONCURRENCY_MAX),
                idle(table));
    }

    private static Optional<Integer> number(TomlSection table, String key, int least, int most) {
        return table.value(key).map(value -> {
            if (!(value instanceof Long number)) {
                throw table.wrongType(key, "a whole number", EXAMPLES.of(key));
            }
            if (number < least || number > most) {
                throw table.problem(
                        key,
                        "%s must be from %d to %d, not %d".formatted(table.subject(key), least, most, number),
                        EXAMPLES.of(key));
            }
            return number.intValue();
        });
    }

    private static Optional<Duration> idle(TomlSection table) {
        String key = "idle";
        String example = EXAMPLES.of(key);
        if (table.value(key).filter(value -> !(value instanceof String)).isPresent()) {
            throw table.wrongType(key, "a time such as \"90s\", \"15m\" or \"2h\"", example);
        }
        return table.text(key, example)
                .map(text -> TimeSpan.parse(text)
                        .filter(Duration::isPositive)
                        .orElseThrow(() -> table.problem(
                                key,
                                "%s must be a time such as \"90s\", \"15m\" or \"2h\", not \"%s\""
                                        .formatted(table.subject(key), text),
                                example)));
    }
}
