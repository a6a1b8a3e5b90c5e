package dev.stoa.api;

import dev.stoa.api.Manifest.BuildManifest;
import dev.stoa.api.Manifest.CronManifest;
import dev.stoa.api.Manifest.NetworkManifest;
import dev.stoa.api.Manifest.ProcessManifest;
import dev.stoa.api.Manifest.ReleaseManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;

/**
 * Reads {@code stoa.toml}. Every key is optional; a key that is not known is an error.
 *
 * <pre>{@code
 * name = "shop"
 * domains = ["shop.example.com"]
 * port = 80
 *
 * [build]
 * buildpack = "python"
 * env = ["NPM_TOKEN"]
 * timeout = "20m"
 *
 * [processes.web]
 * command = "gunicorn shop:app"
 * instances = 2
 * memory = "512MB"
 * cpu = 0.5
 * health = "/up"
 *
 * [release]
 * command = "python manage.py migrate"
 *
 * [network]
 * allow = ["frontend"]
 *
 * [crons.digest]
 * schedule = "0 8 * * *"
 * command = "python digest.py"
 *
 * [env]
 * LOG_LEVEL = "info"
 * }</pre>
 *
 * <p>What is wrong in it is a {@link StoaException} with {@link ErrorCode#BAD_MANIFEST} (or
 * {@link ErrorCode#BAD_APP_NAME}) that names the key, the line, and the right form.
 */
public final class ManifestFile {
    /** The file's name in a source folder. */
    public static final String NAME = "stoa.toml";

    /** A manifest is written by hand: more than this is another file that happens to have the name. */
    static final int FILE_BYTES_MAX = 256 * 1024;

    /** The most instances of one process type that a manifest can ask for. */
    static final int INSTANCES_MAX = 1000;

    /** Each keeps a history of its own. */
    static final int CRONS_MAX = 100;

    private static final int PORT_MAX = 65_535;

    /** Nobody nests this deep by hand, and a recursive parser stays far from the end of its stack. */
    static final int NESTING_MAX = 100;

    /** As a Procfile has them: they become the names of instances, such as {@code web.1}. */
    static final Pattern PROCESS_TYPE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,39}");

    private static final Pattern CRON_NAME = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    /** A line of that name in a Procfile is the release command, so a process type of that name would be one by mistake. */
    private static final String NOT_A_PROCESS_TYPE = "release";

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern DOMAIN =
            Pattern.compile("(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern PATH = Pattern.compile("/[!-~]*");

    private static final String PROCESS_EXAMPLE = "[processes.web]";
    private static final String CRON_EXAMPLE = "[crons.digest]";
    private static final String COMMAND_EXAMPLE = "command = \"gunicorn shop:app\"";

    private static final Map<String, String> TOP = examples(
            "name", "name = \"shop\"",
            "domains", "domains = [\"shop.example.com\"]",
            "port", "port = 80",
            "build", "[build]",
            "processes", PROCESS_EXAMPLE,
            "release", "[release]",
            "env", "[env]",
            "network", "[network]",
            "crons", CRON_EXAMPLE);
    private static final Map<String, String> BUILD = examples(
            "buildpack", "buildpack = \"python\"",
            "buildpacks", "buildpacks = [\"./my-buildpack\"]",
            "env", "env = [\"NPM_TOKEN\"]",
            "timeout", "timeout = \"20m\"");
    private static final Map<String, String> PROCESS = examples(
            "command", COMMAND_EXAMPLE,
            "instances", "instances = 2",
            "memory", "memory = \"512MB\"",
            "cpu", "cpu = 0.5",
            "health", "health = \"/up\"");
    private static final Map<String, String> RELEASE =
            examples("command", "command = \"python manage.py migrate\"", "timeout", "timeout = \"10m\"");
    private static final Map<String, String> NETWORK = examples("allow", "allow = [\"frontend\"]");
    private static final Map<String, String> CRON = examples(
            "schedule", "schedule = \"0 8 * * *\"",
            "command", "command = \"python digest.py\"",
            "timezone", "timezone = \"Europe/Berlin\"",
            "overlap", "overlap = true",
            "timeout", "timeout = \"30m\"");

    private static final Map<String, String> LATER = Map.of(
            "databases", "leave it out, and give the app its database by: stoa config set DATABASE_URL=postgresql://…",
            "buckets", "leave it out, and give the app its storage by: stoa config set S3_URL=…",
            "volumes", "leave it out: what an instance writes to its disk is gone with the instance",
            "functions", "leave it out, and run the code as a process type:   [processes.worker]");
    private static final Map<String, String> PROCESS_LATER =
            Map.of("port", "the web process is the only one that listens: write it at the top of the file   port = 80");

    private ManifestFile() {}

    /** Reads the file; one that is not there is {@link Manifest#EMPTY}. */
    public static Manifest read(Path file) {
        String fileName =
                Objects.requireNonNull(file.getFileName(), "a file has a name").toString();
        byte[] bytes;
        try {
            if (Files.isRegularFile(file) && Files.size(file) > FILE_BYTES_MAX) {
                throw new StoaException(
                        ErrorCode.BAD_MANIFEST,
                        "%s is too large to be a manifest: it has %d bytes, and may have %d"
                                .formatted(fileName, Files.size(file), FILE_BYTES_MAX),
                        "name another file that, or shorten it");
            }
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return Manifest.EMPTY;
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "%s cannot be read: %s".formatted(fileName, reason(e)),
                    "make it a plain file that you may read",
                    e);
        }
        try {
            return parse(
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString(),
                    fileName);
        } catch (CharacterCodingException e) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST, "%s is not UTF-8 text".formatted(fileName), "save it as UTF-8", e);
        }
    }

    /** @param fileName how errors name the text */
    public static Manifest parse(String text, String fileName) {
        String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
        TomlSection top = new TomlSection(fileName, "", toml(plain, fileName));
        top.allowOnly(TOP, LATER);
        return new Manifest(
                name(top),
                domains(top),
                port(top),
                top.section("build", "[build]").map(ManifestFile::build).orElse(BuildManifest.DEFAULT),
                processes(top),
                top.section("release", "[release]").map(ManifestFile::release).orElse(ReleaseManifest.NONE),
                env(top),
                top.section("network", "[network]").map(ManifestFile::network).orElse(NetworkManifest.CLOSED),
                crons(top));
    }

    private static TomlTable toml(String text, String fileName) {
        refuseDeepNesting(text, fileName);
        TomlParseResult result = Toml.parse(text);
        if (result.hasErrors()) {
            TomlParseError error = result.errors().getFirst();
            int line = error.position().line();
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "%s is not TOML at line %d, column %d: %s"
                            .formatted(fileName, line, error.position().column(), error.getMessage()),
                    text.lines()
                            .skip(line - 1L)
                            .findFirst()
                            .map(String::strip)
                            .filter(s -> !s.isEmpty())
                            .map(s -> "the line is:   " + s)
                            .orElse(""));
        }
        return result;
    }

    /** The parser is recursive, and its stack is not ours to size. */
    private static void refuseDeepNesting(String text, String fileName) {
        int depth = 0;
        int line = 1;
        for (int i = 0; i < text.length(); i++) {
            switch (text.charAt(i)) {
                case '[', '{' -> depth++;
                case ']', '}' -> depth = Math.max(0, depth - 1);
                case '\n' -> line++;
                default -> {}
            }
            if (depth > NESTING_MAX) {
                throw new StoaException(
                        ErrorCode.BAD_MANIFEST,
                        "%s has brackets more than %d deep, line %d".formatted(fileName, NESTING_MAX, line),
                        "close what was opened");
            }
        }
    }

    private static Optional<AppName> name(TomlSection top) {
        String example = example(TOP, "name");
        return top.text("name", example).map(text -> {
            try {
                return new AppName(text);
            } catch (StoaException e) {
                String hint =
                        AppName.nearest(text).map("name = \"%s\""::formatted).orElse(example);
                throw top.problem(e.code(), "name", e.message(), hint);
            }
        });
    }

    private static List<String> domains(TomlSection top) {
        List<String> domains = top.texts("domains", example(TOP, "domains"));
        for (String domain : domains) {
            if (!DOMAIN.matcher(domain).matches()) {
                throw top.problem(
                        "domains",
                        "\"%s\" of \"domains\" is not a host name in lower case".formatted(domain),
                        example(TOP, "domains"));
            }
        }
        return domains;
    }

    private static Optional<Integer> port(TomlSection top) {
        String key = "port";
        return top.value(key).map(value -> switch (value) {
            case Long number when number >= 1 && number <= PORT_MAX -> number.intValue();
            case Long number ->
                throw top.problem(
                        key,
                        "%s must be from 1 to %d, not %d".formatted(top.subject(key), PORT_MAX, number),
                        example(TOP, key));
            default -> throw top.wrongType(key, "a whole number", example(TOP, key));
        });
    }

    private static BuildManifest build(TomlSection build) {
        build.allowOnly(BUILD, Map.of());
        Optional<String> buildpack = build.text("buildpack", example(BUILD, "buildpack"));
        List<String> buildpacks = build.texts("buildpacks", example(BUILD, "buildpacks"));
        if (buildpack.isPresent() && !buildpacks.isEmpty()) {
            throw build.problem(
                    "buildpacks",
                    "%s and \"buildpack\" cannot both be there".formatted(build.subject("buildpacks")),
                    "keep \"buildpack\" for one of Stoa's own, or \"buildpacks\" for Cloud Native Buildpacks");
        }
        List<String> env = build.texts("env", example(BUILD, "env"));
        for (String name : env) {
            checkVariable(build, "env", name, example(BUILD, "env"));
        }
        return new BuildManifest(buildpack, buildpacks, env, timeout(build, example(BUILD, "timeout")));
    }

    private static ReleaseManifest release(TomlSection release) {
        release.allowOnly(RELEASE, Map.of());
        return new ReleaseManifest(
                release.text("command", example(RELEASE, "command")), timeout(release, example(RELEASE, "timeout")));
    }

    private static Optional<Duration> timeout(TomlSection section, String example) {
        String key = "timeout";
        return section.text(key, example)
                .map(text -> TimeSpan.parse(text)
                        .filter(Duration::isPositive)
                        .orElseThrow(() -> section.problem(
                                key,
                                "%s must be a time such as \"90s\", \"20m\" or \"2h\", not \"%s\""
                                        .formatted(section.subject(key), text),
                                example)));
    }

    private static NetworkManifest network(TomlSection network) {
        network.allowOnly(NETWORK, Map.of());
        List<String> allow = network.texts("allow", example(NETWORK, "allow"));
        for (String app : allow) {
            try {
                var _ = new AppName(app);
            } catch (StoaException e) {
                throw network.problem("allow", e.message(), example(NETWORK, "allow"));
            }
        }
        return new NetworkManifest(allow);
    }

    private static Map<String, CronManifest> crons(TomlSection top) {
        Map<String, CronManifest> crons = new LinkedHashMap<>();
        top.section("crons", CRON_EXAMPLE)
                .ifPresent(section -> section.sections(CRON_EXAMPLE + "   " + example(CRON, "schedule"))
                        .forEach((name, cron) -> {
                            if (crons.size() == CRONS_MAX) {
                                throw section.problem(
                                        name,
                                        "[crons] has more than %d entries".formatted(CRONS_MAX),
                                        "let one command see to several things");
                            }
                            if (!CRON_NAME.matcher(name).matches()) {
                                throw section.problem(
                                        name,
                                        "\"%s\" cannot name a cron: it has 1 to 40 of a-z, 0-9 and hyphens, and starts with a letter"
                                                .formatted(name),
                                        CRON_EXAMPLE);
                            }
                            crons.put(name, cron(section, name, cron));
                        }));
        return crons;
    }

    private static CronManifest cron(TomlSection crons, String name, TomlSection cron) {
        cron.allowOnly(CRON, Map.of());
        return new CronManifest(
                schedule(crons, name, cron),
                required(crons, name, cron, "command"),
                timezone(cron),
                overlap(cron),
                timeout(cron, example(CRON, "timeout")));
    }

    private static String schedule(TomlSection crons, String name, TomlSection cron) {
        String key = "schedule";
        String text = required(crons, name, cron, key);
        try {
            var _ = CronSchedule.parse(text);
            return text;
        } catch (StoaException e) {
            throw cron.problem(key, "%s: %s".formatted(cron.subject(key), e.message()), example(CRON, key));
        }
    }

    private static String required(TomlSection crons, String name, TomlSection cron, String key) {
        return cron.text(key, example(CRON, key))
                .orElseThrow(
                        () -> crons.problem(name, "[crons.%s] has no \"%s\"".formatted(name, key), example(CRON, key)));
    }

    private static Optional<String> timezone(TomlSection cron) {
        String key = "timezone";
        Optional<String> zone = cron.text(key, example(CRON, key));
        try {
            zone.ifPresent(ZoneId::of);
            return zone;
        } catch (DateTimeException e) {
            throw cron.problem(
                    key,
                    "%s must be the name of a time zone, not \"%s\"".formatted(cron.subject(key), zone.orElse("")),
                    example(CRON, key));
        }
    }

    private static boolean overlap(TomlSection cron) {
        String key = "overlap";
        return cron.value(key)
                .map(value -> switch (value) {
                    case Boolean flag -> flag;
                    default -> throw cron.wrongType(key, "true or false", example(CRON, key));
                })
                .orElse(false);
    }

    private static Map<String, ProcessManifest> processes(TomlSection top) {
        Map<String, ProcessManifest> processes = new LinkedHashMap<>();
        top.section("processes", PROCESS_EXAMPLE)
                .ifPresent(section -> section.sections(PROCESS_EXAMPLE + "   " + COMMAND_EXAMPLE)
                        .forEach((type, process) -> {
                            checkType(section, type);
                            processes.put(type, process(process));
                        }));
        return processes;
    }

    private static void checkType(TomlSection processes, String type) {
        if (!PROCESS_TYPE.matcher(type).matches()) {
            throw processes.problem(
                    type,
                    "\"%s\" cannot be a process type: it has 1 to 40 letters, digits, - and _, and does not start with -"
                            .formatted(type),
                    PROCESS_EXAMPLE);
        }
        if (type.equals(NOT_A_PROCESS_TYPE)) {
            throw processes.problem(
                    type,
                    "\"%s\" cannot be a process type: it is the command that runs once for each release"
                            .formatted(type),
                    "[release]   " + example(RELEASE, "command"));
        }
    }

    private static ProcessManifest process(TomlSection process) {
        process.allowOnly(PROCESS, PROCESS_LATER);
        return new ProcessManifest(
                process.text("command", example(PROCESS, "command")),
                instances(process),
                memoryBytes(process),
                cpu(process),
                health(process));
    }

    private static Optional<Integer> instances(TomlSection process) {
        String key = "instances";
        return process.value(key).map(value -> switch (value) {
            case Long number when number >= 0 && number <= INSTANCES_MAX -> number.intValue();
            case Long number ->
                throw process.problem(
                        key,
                        "%s must be from 0 to %d, not %d".formatted(process.subject(key), INSTANCES_MAX, number),
                        example(PROCESS, key));
            case TomlTable _ ->
                throw process.problem(
                        key,
                        "%s is a table, which asks for autoscaling, and that is not there yet"
                                .formatted(process.subject(key)),
                        "give a number:   " + example(PROCESS, key));
            default -> throw process.wrongType(key, "a whole number", example(PROCESS, key));
        });
    }

    private static Optional<Long> memoryBytes(TomlSection process) {
        String key = "memory";
        String example = example(PROCESS, key);
        Optional<Object> value = process.value(key);
        if (value.isPresent() && !(value.get() instanceof String)) {
            throw process.wrongType(key, "a string with a unit", example);
        }
        return process.text(key, example)
                .map(text -> MemorySize.parseBytes(text)
                        .orElseThrow(() -> process.problem(
                                key,
                                "%s must be an amount such as \"512MB\" or \"1GiB\", not \"%s\""
                                        .formatted(process.subject(key), text),
                                example)));
    }

    private static Optional<Double> cpu(TomlSection process) {
        String key = "cpu";
        String example = example(PROCESS, key);
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
        String example = example(PROCESS, key);
        Optional<String> path = process.text(key, example);
        if (path.isPresent() && !PATH.matcher(path.get()).matches()) {
            throw process.problem(
                    key,
                    "%s must be a path that starts with /, not \"%s\"".formatted(process.subject(key), path.get()),
                    example);
        }
        return path;
    }

    private static Map<String, String> env(TomlSection top) {
        Map<String, String> env = new LinkedHashMap<>();
        top.section("env", "[env]").ifPresent(section -> {
            for (String key : section.keys()) {
                checkVariable(section, key, key, "LOG_LEVEL = \"info\"");
                env.put(key, variable(section, key));
            }
        });
        return env;
    }

    private static void checkVariable(TomlSection section, String key, String name, String example) {
        if (!VARIABLE.matcher(name).matches()) {
            throw section.problem(
                    key,
                    "\"%s\" cannot be the name of a variable: it has letters, digits and _, and does not start with a digit"
                            .formatted(name),
                    example);
        }
    }

    private static String variable(TomlSection env, String key) {
        return switch (env.value(key).orElse("")) {
            case String text -> text;
            case Long number -> throw env.wrongType(key, "a string", quoted(key, number));
            case Double number -> throw env.wrongType(key, "a string", quoted(key, number));
            case Boolean flag -> throw env.wrongType(key, "a string", quoted(key, flag));
            default -> throw env.wrongType(key, "a string", "%s = \"…\"".formatted(key));
        };
    }

    private static String quoted(String key, Object value) {
        return "put it in quotes:   %s = \"%s\"".formatted(key, value);
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static String example(Map<String, String> examples, String key) {
        return Objects.requireNonNull(examples.get(key), key);
    }

    /** Keeps the order, in which hints list the keys. */
    private static Map<String, String> examples(String... keysAndExamples) {
        Map<String, String> examples = new LinkedHashMap<>();
        for (int i = 0; i < keysAndExamples.length; i += 2) {
            examples.put(keysAndExamples[i], keysAndExamples[i + 1]);
        }
        return examples;
    }
}
