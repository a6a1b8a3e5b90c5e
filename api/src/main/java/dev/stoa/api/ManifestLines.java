package dev.stoa.api;

import dev.stoa.api.Manifest.CronManifest;
import dev.stoa.api.Manifest.ProcessManifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A manifest line by line, with what holds where it says nothing; for {@code stoa manifest}. */
public final class ManifestLines {
    /** Stands for a file and a line where nobody has said anything. */
    public static final String DEFAULT = "default";

    /** What comes beyond the keys of stoa.toml has keys of these beginnings and names. */
    static final String REQUIRED = "required.";

    static final String GENERATED = "generated.";
    static final String POSTDEPLOY = "scripts.postdeploy";
    static final String PREDEPLOY_EACH = "scripts.dokku.predeploy";
    static final String POSTDEPLOY_EACH = "scripts.dokku.postdeploy";

    private static final int INSTANCES = 1;
    private static final long MEMORY_BYTES = 512L << 20;
    private static final Duration BUILD_TIMEOUT = Duration.ofMinutes(30);
    private static final Duration RELEASE_TIMEOUT = Duration.ofMinutes(30);
    private static final Duration CRON_TIMEOUT = Duration.ofHours(1);

    private final Map<String, String> origins;
    private final List<ManifestLine> lines = new ArrayList<>();

    private ManifestLines(Map<String, String> origins) {
        this.origins = origins;
    }

    /**
     * All lines, in the order of the file that they could be.
     *
     * @param origins by key; a value without one is said to come from stoa.toml
     */
    public static List<ManifestLine> of(Manifest manifest, AppSetup setup, Map<String, String> origins) {
        ManifestLines lines = new ManifestLines(origins);
        lines.top(manifest);
        lines.processes(manifest);
        lines.rest(manifest);
        lines.setup(setup);
        return List.copyOf(lines.lines);
    }

    private void top(Manifest manifest) {
        addIf("name", manifest.name().map(AppName::value));
        addIf("domains", list(manifest.domains()));
        addIf("port", manifest.port());
        addIf("build.buildpack", manifest.build().buildpack());
        addIf("build.buildpacks", list(manifest.build().buildpacks()));
        addIf("build.env", list(manifest.build().env()));
        addOr("build.timeout", manifest.build().timeout().map(TimeSpan::written), TimeSpan.written(BUILD_TIMEOUT));
    }

    private void processes(Manifest manifest) {
        manifest.processes().keySet().stream()
                .sorted(Comparator.comparing((String type) -> !type.equals("web"))
                        .thenComparing(Comparator.naturalOrder()))
                .forEach(type -> {
                    String key = "processes.%s.".formatted(type);
                    ProcessManifest process = manifest.process(type);
                    addIf(key + "command", process.command());
                    addOr(key + "instances", process.instances().map(ManifestLines::instances), INSTANCES);
                    addOr(
                            key + "memory",
                            process.memoryBytes().map(MemorySize::written),
                            MemorySize.written(MEMORY_BYTES));
                    addIf(key + "cpu", process.cpu());
                    addIf(key + "health", process.health());
                });
    }

    private void rest(Manifest manifest) {
        addIf("release.command", manifest.release().command());
        Optional<String> timeout = manifest.release().timeout().map(TimeSpan::written);
        if (manifest.release().command().isPresent()) {
            addOr("release.timeout", timeout, TimeSpan.written(RELEASE_TIMEOUT));
        } else {
            addIf("release.timeout", timeout);
        }
        addIf("network.allow", list(manifest.network().allow()));
        EdgeLines.of(manifest.edge()).forEach(this::add);
        routing(manifest.routing());
        new TreeMap<>(manifest.crons()).forEach(this::cron);
        manifest.resources().wishes().forEach(this::resource);
        new TreeMap<>(manifest.env()).forEach((name, value) -> add("env." + name, value));
    }

    private void routing(RoutingManifest routing) {
        addIf("routing.requests", routing.requests());
        addIf("routing.slow_start", routing.slowStart().map(TimeSpan::written));
        addIf("routing.sticky", routing.sticky() ? Optional.of(true) : Optional.empty());
        addIf(
                "routing.protocol",
                routing.protocol() == AppProtocol.HTTP_1_1
                        ? Optional.empty()
                        : Optional.of(routing.protocol().word()));
    }

    private void resource(ResourceManifest.Wish wish) {
        if (wish.settings().isEmpty()) {
            add(wish.key(), Map.of());
        }
        wish.sorted().forEach((name, value) -> add(wish.key() + "." + name, value));
    }

    private void cron(String name, CronManifest cron) {
        String key = "crons.%s.".formatted(name);
        add(key + "schedule", cron.schedule());
        add(key + "command", cron.command());
        addOr(key + "timezone", cron.timezone(), "UTC");
        addOr(key + "overlap", cron.overlap() ? Optional.of(true) : Optional.empty(), false);
        addOr(key + "timeout", cron.timeout().map(TimeSpan::written), TimeSpan.written(CRON_TIMEOUT));
    }

    private void setup(AppSetup setup) {
        new TreeMap<>(setup.required()).forEach((name, description) -> add(REQUIRED + name, description));
        new TreeSet<>(setup.generated()).forEach(name -> add(GENERATED + name, "secret"));
        addIf(POSTDEPLOY, setup.postdeploy());
        addIf(PREDEPLOY_EACH, setup.predeployEach());
        addIf(POSTDEPLOY_EACH, setup.postdeployEach());
    }

    /** A number, or a table of what was said. */
    private static Object instances(InstanceRange range) {
        if (!range.scales() && range.concurrency().isEmpty() && range.idle().isEmpty()) {
            return range.min();
        }
        Map<String, Object> table = new LinkedHashMap<>();
        table.put("min", range.min());
        table.put("max", range.max());
        range.concurrency().ifPresent(concurrency -> table.put("concurrency", concurrency));
        range.idle().ifPresent(idle -> table.put("idle", TimeSpan.written(idle)));
        return table;
    }

    private static Optional<List<String>> list(List<String> values) {
        return values.isEmpty() ? Optional.empty() : Optional.of(values);
    }

    private void addIf(String key, Optional<?> value) {
        value.ifPresent(there -> add(key, there));
    }

    private void addOr(String key, Optional<?> value, Object otherwise) {
        if (value.isPresent()) {
            add(key, value.get());
        } else {
            lines.add(new ManifestLine(key, otherwise, DEFAULT));
        }
    }

    private void add(String key, Object value) {
        lines.add(new ManifestLine(key, value, origins.getOrDefault(key, ManifestFile.NAME)));
    }

    /** The lines as a stoa.toml with a comment on each that says where it comes from. */
    public static String toml(List<ManifestLine> lines) {
        StringBuilder text = new StringBuilder();
        String table = "";
        for (ManifestLine line : lines) {
            int dot = line.key().lastIndexOf('.');
            String of = dot < 0 ? "" : line.key().substring(0, dot);
            boolean beyond = line.key().startsWith(REQUIRED)
                    || line.key().startsWith(GENERATED)
                    || line.key().startsWith("scripts.");
            if (!beyond && !of.equals(table)) {
                text.append(text.isEmpty() ? "" : "\n").append("[").append(of).append("]\n");
                table = of;
            }
            if (beyond && !table.equals(AppJson.NAME)) {
                text.append(text.isEmpty() ? "" : "\n").append("# beyond stoa.toml:\n");
                table = AppJson.NAME;
            }
            text.append(beyond ? "# " + line.key() : line.key().substring(dot + 1))
                    .append(" = ")
                    .append(literal(line.value()))
                    .append("  # ")
                    .append(line.source())
                    .append('\n');
        }
        return text.toString();
    }

    /** A value as it is written in stoa.toml. */
    public static String literal(Object value) {
        return switch (value) {
            case String text -> quoted(text);
            case List<?> list -> list.stream().map(ManifestLines::literal).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> table when table.isEmpty() -> "{}";
            case Map<?, ?> table ->
                table.entrySet().stream()
                        .map(entry -> entry.getKey() + " = " + literal(entry.getValue()))
                        .collect(Collectors.joining(", ", "{ ", " }"));
            default -> value.toString();
        };
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\t' -> quoted.append("\\t");
                case '\r' -> quoted.append("\\r");
                default -> {
                    if (Character.isISOControl(c)) {
                        quoted.append("\\u%04X".formatted(c));
                    } else {
                        quoted.appendCodePoint(c);
                    }
                }
            }
        });
        return quoted.append('"').toString();
    }
}
