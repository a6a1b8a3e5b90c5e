package dev.stoa.api;

import dev.stoa.api.Manifest.BuildManifest;
import dev.stoa.api.Manifest.NetworkManifest;
import dev.stoa.api.Manifest.ReleaseManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
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
 * [databases.main]
 * plan = "small"
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

    private static final int PORT_MAX = 65_535;

    /** Nobody nests this deep by hand, and a recursive parser stays far from the end of its stack. */
    static final int NESTING_MAX = 100;

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern DOMAIN =
            Pattern.compile("(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?");

    private static final KeyExamples TOP = KeyExamples.of(
            "name", "name = \"shop\"",
            "domains", "domains = [\"shop.example.com\"]",
            "port", "port = 80",
            "build", "[build]",
            "processes", ProcessTables.EXAMPLE,
            "release", "[release]",
            "env", "[env]",
            "network", "[network]",
            "crons", CronTables.EXAMPLE,
            "edge", EdgeTable.EXAMPLE,
            "routing", RoutingTable.EXAMPLE);
    private static final KeyExamples BUILD = KeyExamples.of(
            "buildpack", "buildpack = \"python\"",
            "buildpacks", "buildpacks = [\"./my-buildpack\"]",
            "env", "env = [\"NPM_TOKEN\"]",
            "timeout", "timeout = \"20m\"");
    static final KeyExamples RELEASE =
            KeyExamples.of("command", "command = \"python manage.py migrate\"", "timeout", "timeout = \"10m\"");
    private static final KeyExamples NETWORK = KeyExamples.of("allow", "allow = [\"frontend\"]");
    private static final Map<String, String> LATER =
            Map.of("functions", "leave it out, and run the code as a process type:   [processes.worker]");

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
        top.allowOnly(known(), LATER);
        return new Manifest(
                name(top),
                domains(top),
                port(top),
                top.section("build", "[build]").map(ManifestFile::build).orElse(BuildManifest.DEFAULT),
                ProcessTables.read(top),
                top.section("release", "[release]").map(ManifestFile::release).orElse(ReleaseManifest.NONE),
                env(top),
                top.section("network", "[network]").map(ManifestFile::network).orElse(NetworkManifest.CLOSED),
                CronTables.read(top),
                EdgeTable.read(top),
                RoutingTable.read(top),
                ResourceTables.read(top));
    }

    private static Map<String, String> known() {
        Map<String, String> known = new LinkedHashMap<>(TOP.byKey());
        known.putAll(ResourceTables.examples());
        return known;
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
        String example = TOP.of("name");
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
        List<String> domains = new ArrayList<>();
        for (String domain : top.texts("domains", TOP.of("domains"))) {
            String ascii = DomainName.ascii(domain);
            if (!DOMAIN.matcher(ascii).matches()) {
                throw top.problem(
                        "domains", "\"%s\" of \"domains\" is not a host name".formatted(domain), TOP.of("domains"));
            }
            domains.add(ascii);
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
                        TOP.of(key));
            default -> throw top.wrongType(key, "a whole number", TOP.of(key));
        });
    }

    private static BuildManifest build(TomlSection build) {
        build.allowOnly(BUILD.byKey(), Map.of());
        Optional<String> buildpack = build.text("buildpack", BUILD.of("buildpack"));
        List<String> buildpacks = build.texts("buildpacks", BUILD.of("buildpacks"));
        if (buildpack.isPresent() && !buildpacks.isEmpty()) {
            throw build.problem(
                    "buildpacks",
                    "%s and \"buildpack\" cannot both be there".formatted(build.subject("buildpacks")),
                    "keep \"buildpack\" for one of Stoa's own, or \"buildpacks\" for Cloud Native Buildpacks");
        }
        List<String> env = build.texts("env", BUILD.of("env"));
        for (String name : env) {
            checkVariable(build, "env", name, BUILD.of("env"));
        }
        return new BuildManifest(buildpack, buildpacks, env, build.timeout(BUILD.of("timeout")));
    }

    private static ReleaseManifest release(TomlSection release) {
        release.allowOnly(RELEASE.byKey(), Map.of());
        return new ReleaseManifest(
                release.text("command", RELEASE.of("command")), release.timeout(RELEASE.of("timeout")));
    }

    private static NetworkManifest network(TomlSection network) {
        network.allowOnly(NETWORK.byKey(), Map.of());
        List<String> allow = network.texts("allow", NETWORK.of("allow"));
        for (String app : allow) {
            try {
                var _ = new AppName(app);
            } catch (StoaException e) {
                throw network.problem("allow", e.message(), NETWORK.of("allow"));
            }
        }
        return new NetworkManifest(allow);
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
}
