package dev.stoa.api;

import dev.stoa.api.Manifest.ProcessManifest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The tables {@code [processes.NAME]} of the manifest. */
final class ProcessTables {
    static final String EXAMPLE = "[processes.web]";

    /** As a Procfile has them: they become the names of instances, such as {@code web.1}. */
    static final Pattern TYPE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,39}");

    /** A line of that name in a Procfile is the release command, so a process type of that name would be one by mistake. */
    private static final String NOT_A_TYPE = "release";

    private static final Pattern PATH = Pattern.compile("/[!-~]*");

    private static final KeyExamples EXAMPLES = KeyExamples.of(
            "command",
            "command = \"gunicorn shop:app\"",
            InstancesValue.KEY,
            InstancesValue.EXAMPLE,
            "memory",
            "memory = \"512MB\"",
            "cpu",
            "cpu = 0.5",
            "health",
            "health = \"/up\"");

    private static final Map<String, String> LATER =
            Map.of("port", "the web process is the only one that listens: write it at the top of the file   port = 80");

    private ProcessTables() {}

    static Map<String, ProcessManifest> read(TomlSection top) {
        Map<String, ProcessManifest> processes = new LinkedHashMap<>();
        top.section("processes", EXAMPLE)
                .ifPresent(section -> section.sections(EXAMPLE + "   " + EXAMPLES.of("command"))
                        .forEach((type, process) -> {
                            checkType(section, type);
                            processes.put(type, process(type, process));
                        }));
        return processes;
    }

    private static void checkType(TomlSection processes, String type) {
        if (!TYPE.matcher(type).matches()) {
            throw processes.problem(
                    type,
                    "\"%s\" cannot be a process type: it has 1 to 40 letters, digits, - and _, and does not start with -"
                            .formatted(type),
                    EXAMPLE);
        }
        if (type.equals(NOT_A_TYPE)) {
            throw processes.problem(
                    type,
                    "\"%s\" cannot be a process type: it is the command that runs once for each release"
                            .formatted(type),
                    "[release]   " + ManifestFile.RELEASE.of("command"));
        }
    }

    private static ProcessManifest process(String type, TomlSection process) {
        process.allowOnly(EXAMPLES.byKey(), LATER);
        return new ProcessManifest(
                process.text("command", EXAMPLES.of("command")),
                InstancesValue.read(type, process),
                process.bytes("memory", EXAMPLES.of("memory")),
                cpu(process),
                health(process));
    }

    private static Optional<Double> cpu(TomlSection process) {
        String key = "cpu";
        String example = EXAMPLES.of(key);
        Optional<Double> cores = process.value(key).map(value -> switch (value) {
            case Long number -> number.doubleValue();
            case Double number -> number;
            default -> throw process.wrongType(key, "a number of cores", example);
        });
        if (cores.isPresent() && !(cores.get() > 0 && Double.isFinite(cores.get()))) {
            throw process.problem(key, "%s must be more than 0 cores".formatted(process.subject(key)), example);
        }
        return cores;
    }

    private static Optional<String> health(TomlSection process) {
        String key = "health";
        String example = EXAMPLES.of(key);
        Optional<String> path = process.text(key, example);
        if (path.isPresent() && !PATH.matcher(path.get()).matches()) {
            throw process.problem(
                    key,
                    "%s must be a path that starts with /, not \"%s\"".formatted(process.subject(key), path.get()),
                    example);
        }
        return path;
    }
}
